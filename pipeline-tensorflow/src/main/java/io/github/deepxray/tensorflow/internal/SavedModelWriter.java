package io.github.deepxray.tensorflow.internal;

import com.google.protobuf.CodedOutputStream;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.format.ModelNotes;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.TensorFlow;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

/**
 * Writes a model as a SavedModel for TensorFlow Serving and TensorFlow's other languages.
 *
 * <p>The weights are constants of the graph, so the SavedModel is one file, {@value #FILE}, without
 * a {@code variables} folder. The signatures have separate operations and share the constants.
 * Equal models give equal bytes.
 */
public final class SavedModelWriter {
  /** File of the graph in a SavedModel folder. */
  public static final String FILE = "saved_model.pb";

  /** Tag of the graph to serve. */
  public static final String TAG = "serve";

  /** Signature with images as numbers, under the name of the network's input. */
  public static final String SERVING_DEFAULT = "serving_default";

  /** Signature with JPEG and PNG files. */
  public static final String SERVING_BYTES = "serving_bytes";

  /** Signature of a network with an input guard: from the images of {@link #SERVING_DEFAULT}. */
  public static final String UNFAMILIARITY = ModelNotes.UNFAMILIARITY;

  /**
   * Input of {@link #SERVING_BYTES}; the suffix is TensorFlow Serving's convention for binary
   * values, which are in JSON {@code {"b64": "..."}}.
   */
  public static final String IMAGE_BYTES = "image_bytes";

  private static final String PREDICT_METHOD = "tensorflow/serving/predict";

  private SavedModelWriter() {}

  /**
   * Writes {@value #FILE} into a folder.
   *
   * <p>Signature {@value #SERVING_DEFAULT} reads RGB images {@code [N, H, W, 3]} with values 0..255
   * as 32-bit floats. Signature {@value #SERVING_BYTES} reads JPEG or PNG files of any size as
   * strings {@code [N]}. Both return the network's outputs under their names, except an input
   * guard, so that clients see the same rows with and without it: signature {@value #UNFAMILIARITY}
   * maps the images of {@value #SERVING_DEFAULT} to it.
   *
   * @param folder the SavedModel, such as {@code saved_model/1}; created if missing
   * @param model the model, folded for speed
   * @param fit how a file's image becomes the model's input
   * @throws DeepXrayException if the model does not read RGB images
   * @throws IOException if the file cannot be written
   */
  public static void write(Path folder, Model model, Fit fit) throws IOException {
    SavedModel savedModel =
        SavedModel.newBuilder()
            .setSavedModelSchemaVersion(1)
            .addMetaGraphs(metaGraph(model, fit))
            .build();
    AtomicFiles.write(
        folder.resolve(FILE),
        out -> {
          CodedOutputStream coded = CodedOutputStream.newInstance(out);
          // Without it the entries of a map have no fixed order.
          coded.useDeterministicSerialization();
          savedModel.writeTo(coded);
          coded.flush();
        });
  }

  /** Whether a network has an input guard after its other outputs. */
  static boolean guarded(Network network) {
    return network.outputs().indexOf(UNFAMILIARITY) > 0;
  }

  private static Network withoutGuard(Network network) {
    return guarded(network)
        ? network.withOutputs(
            network.outputs().stream().filter(name -> !name.equals(UNFAMILIARITY)).toList())
        : network;
  }

  private static MetaGraphDef metaGraph(Model model, Fit fit) {
    Network network = model.network();
    List<Integer> shape = requireImages(network);
    Network scoring = withoutGuard(network);
    try (Graph graph = Sessions.graph()) {
      Ops tf = Ops.create(graph);
      GraphLowering lowering = GraphLowering.inference(WeightBinding.constants(model.weights()));
      Placeholder<TFloat32> images =
          tf.withName("input.images")
              .placeholder(TFloat32.class, Placeholder.shape(Tensors.batch(-1, shape)));
      Map<String, Operand<TFloat32>> tensors = lowering.lower(tf, network, images);
      TensorInfo numbers = info(images, DataType.DT_FLOAT, batch(shape));
      SignatureDef.Builder serving = outputs(scoring, tensors).putInputs(network.input(), numbers);
      // The layers again, on the same constants: tools that read a single signature, such as
      // OpenVINO and TF.js, fail on inputs of the other.
      Ops decoding = tf.withSubScope(SERVING_BYTES);
      Placeholder<TString> bytes =
          decoding
              .withName("input." + IMAGE_BYTES)
              .placeholder(TString.class, Placeholder.shape(Shape.of(-1)));
      Operand<TFloat32> decoded =
          new ImageBytes(fit, shape.get(0), shape.get(1)).decode(decoding, bytes);
      SignatureDef.Builder servingBytes =
          outputs(scoring, lowering.lower(decoding, scoring, decoded))
              .putInputs(IMAGE_BYTES, info(bytes, DataType.DT_STRING, batch(List.of())));
      MetaGraphDef.Builder written =
          MetaGraphDef.newBuilder()
              .setMetaInfoDef(info())
              .setGraphDef(graph.toGraphDef())
              .putSignatureDef(SERVING_DEFAULT, serving.build())
              .putSignatureDef(SERVING_BYTES, servingBytes.build());
      if (guarded(network)) {
        SignatureDef.Builder guard =
            outputs(network.withOutputs(List.of(UNFAMILIARITY)), tensors)
                .putInputs(network.input(), numbers);
        written.putSignatureDef(UNFAMILIARITY, guard.build());
      }
      return written.build();
    }
  }

  private static List<Integer> requireImages(Network network) {
    List<Integer> shape = network.inputShape();
    if (shape.size() != 3 || shape.get(2) != 3) {
      throw new DeepXrayException(
          "Only a model that reads RGB images can be a SavedModel, but "
              + network.name()
              + " reads "
              + shape
              + "; join it to its backbone first.");
    }
    return shape;
  }

  private static SignatureDef.Builder outputs(
      Network network, Map<String, Operand<TFloat32>> tensors) {
    SignatureDef.Builder outputs = SignatureDef.newBuilder().setMethodName(PREDICT_METHOD);
    for (String name : network.outputs()) {
      outputs.putOutputs(
          name, info(tensors.get(name), DataType.DT_FLOAT, batch(network.shape(name))));
    }
    return outputs;
  }

  private static MetaGraphDef.MetaInfoDef info() {
    return MetaGraphDef.MetaInfoDef.newBuilder()
        .addTags(TAG)
        .setTensorflowVersion(TensorFlow.version())
        .build();
  }

  private static TensorInfo info(Operand<?> operand, DataType type, TensorShapeProto shape) {
    return TensorInfo.newBuilder()
        .setName(operand.op().name() + ":" + operand.asOutput().index())
        .setDtype(type)
        .setTensorShape(shape)
        .build();
  }

  private static TensorShapeProto batch(List<Integer> example) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    shape.addDimBuilder().setSize(-1);
    example.forEach(dimension -> shape.addDimBuilder().setSize(dimension));
    return shape.build();
  }
}
