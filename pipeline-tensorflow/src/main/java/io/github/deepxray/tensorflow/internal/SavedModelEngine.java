package io.github.deepxray.tensorflow.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.internal.concurrent.CloseGuard;
import io.github.deepxray.core.internal.concurrent.ReferenceCount;
import io.github.deepxray.core.internal.engine.ImageFileEngine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

/**
 * Engine that runs a SavedModel, as TensorFlow Serving does. If it has the signature {@value
 * SavedModelWriter#UNFAMILIARITY}, that is the last output of {@link #run}.
 */
public final class SavedModelEngine implements ImageFileEngine {
  private final Path folder;
  private final SavedModelBundle bundle;
  private final TensorInfo input;
  private final List<Integer> inputShape;
  private final Map<String, TensorInfo> outputs = new LinkedHashMap<>();
  private final List<List<Integer>> outputShapes;
  private final CloseGuard guard = new CloseGuard("the engine");
  private final ReferenceCount holders;

  /**
   * Loads the graph tagged {@value SavedModelWriter#TAG}, if it has only operations that this
   * project exports.
   *
   * @param folder the folder with {@value SavedModelWriter#FILE}
   * @param threads number of threads of one operation, see {@link TensorFlowEngine}
   * @throws DeepXrayException if the folder is not a SavedModel whose signature {@value
   *     SavedModelWriter#SERVING_DEFAULT} maps one float tensor of known size to float tensors, or
   *     it has other operations, or its signature {@value SavedModelWriter#UNFAMILIARITY} does not
   *     map the same images to one float tensor {@code [N, 1]}
   */
  public static SavedModelEngine load(Path folder, int threads) {
    requireSavedModel(folder);
    GraphCheck.requireExported(folder.resolve(SavedModelWriter.FILE));
    return new SavedModelEngine(folder, threads);
  }

  /**
   * Loads a graph with any operations, from a trusted source: the graph is a program, which may
   * write files.
   *
   * @param folder as of {@link #load}
   * @param threads as of {@link #load}
   * @throws DeepXrayException as {@link #load}, except for operations
   */
  public static SavedModelEngine loadTrusted(Path folder, int threads) {
    requireSavedModel(folder);
    return new SavedModelEngine(folder, threads);
  }

  private static void requireSavedModel(Path folder) {
    if (!Files.isRegularFile(folder.resolve(SavedModelWriter.FILE))) {
      throw new DeepXrayException(
          ("%s is not a SavedModel: it has no %s; give the version folder, such as "
                  + "saved_model/1.")
              .formatted(folder, SavedModelWriter.FILE));
    }
  }

  private SavedModelEngine(Path folder, int threads) {
    this.folder = folder;
    bundle = Sessions.LIBRARY.call(folder.toString(), () -> open(folder, threads));
    try {
      SignatureDef signature = signature(SavedModelWriter.SERVING_DEFAULT);
      input = onlyInput(SavedModelWriter.SERVING_DEFAULT, signature, DataType.DT_FLOAT);
      inputShape = example(input);
      outputs.putAll(new TreeMap<>(signature.getOutputsMap()));
      guard().ifPresent(info -> outputs.put(SavedModelWriter.UNFAMILIARITY, info));
      outputShapes = outputs.values().stream().map(this::example).toList();
    } catch (RuntimeException | Error e) {
      bundle.close();
      throw e;
    }
    holders = new ReferenceCount(bundle::close);
  }

  /** Creates another engine on the same session, which the caller has already held. */
  private SavedModelEngine(SavedModelEngine engine) {
    folder = engine.folder;
    bundle = engine.bundle;
    input = engine.input;
    inputShape = engine.inputShape;
    outputs.putAll(engine.outputs);
    outputShapes = engine.outputShapes;
    holders = engine.holders;
  }

  private static SavedModelBundle open(Path folder, int threads) {
    try {
      return SavedModelBundle.loader(folder.toString())
          .withTags(SavedModelWriter.TAG)
          .withConfigProto(Sessions.config(threads))
          .load();
    } catch (RuntimeException e) {
      // TensorFlow's exceptions have no common type.
      throw new DeepXrayException(
          folder + " cannot be loaded as a SavedModel: " + firstLine(e) + "; export it again.", e);
    }
  }

  @Override
  public List<Integer> inputShape() {
    return inputShape;
  }

  /**
   * Output of the signature {@value SavedModelWriter#UNFAMILIARITY}, unless there is none or the
   * default signature has it.
   */
  private Optional<TensorInfo> guard() {
    SignatureDef found =
        bundle.metaGraphDef().getSignatureDefMap().get(SavedModelWriter.UNFAMILIARITY);
    if (found == null || outputs.containsKey(SavedModelWriter.UNFAMILIARITY)) {
      return Optional.empty();
    }
    TensorInfo output = found.getOutputsMap().get(SavedModelWriter.UNFAMILIARITY);
    if (found.getInputsCount() != 1
        || !found.getInputsMap().values().iterator().next().getName().equals(input.getName())
        || found.getOutputsCount() != 1
        || output == null
        || !example(output).equals(List.of(1))) {
      throw new DeepXrayException(
          ("%s: signature %s does not map the images of %s to one float tensor [N, 1] of its name;"
                  + " export it again.")
              .formatted(folder, SavedModelWriter.UNFAMILIARITY, SavedModelWriter.SERVING_DEFAULT));
    }
    return Optional.of(output);
  }

  /** Names of the outputs, sorted, since a SavedModel has no other order; then the input guard. */
  public List<String> outputNames() {
    return List.copyOf(outputs.keySet());
  }

  @Override
  public List<List<Integer>> outputShapes() {
    return outputShapes;
  }

  @Override
  public int preferredBatch() {
    return TensorFlowEngine.PREFERRED_BATCH;
  }

  /** Creates an engine on the same session, which supports parallel calls. */
  @Override
  public Optional<InferenceEngine> another() {
    return guard.use(
        () -> {
          // The open engine itself holds the session.
          holders.hold();
          return Optional.of(new SavedModelEngine(this));
        });
  }

  @Override
  public float[][] run(float[] examples, int count) {
    return call(
        () -> {
          Sessions.check(inputShape, examples, count);
          try (TFloat32 fed = Tensors.of(examples, Tensors.batch(count, inputShape))) {
            return feed(input, fed, outputs.values());
          } catch (RuntimeException e) {
            // TensorFlow's exceptions have no common type.
            throw new DeepXrayException(
                folder + " cannot be run: " + firstLine(e) + "; export it again.", e);
          }
        });
  }

  private float[][] call(Supplier<float[][]> work) {
    return guard.use(() -> Sessions.LIBRARY.call(folder.toString(), work));
  }

  /** Runs signature {@value SavedModelWriter#SERVING_BYTES}, which has no input guard. */
  @Override
  public float[][] runBytes(List<byte[]> images) {
    return call(() -> decodeAndRun(images));
  }

  private float[][] decodeAndRun(List<byte[]> images) {
    if (images.isEmpty()) {
      throw new IllegalArgumentException("no images");
    }
    SignatureDef byBytes = signature(SavedModelWriter.SERVING_BYTES);
    TensorInfo bytes = onlyInput(SavedModelWriter.SERVING_BYTES, byBytes, DataType.DT_STRING);
    try (TString fed =
        TString.tensorOfBytes(NdArrays.vectorOfObjects(images.toArray(new byte[0][])))) {
      return feed(bytes, fed, new TreeMap<>(byBytes.getOutputsMap()).values());
    } catch (TFInvalidArgumentException e) {
      throw new DeepXrayException(
          "One of %s images cannot be decoded by %s: %s; give JPEG or PNG."
              .formatted(images.size(), folder, firstLine(e)),
          e);
    }
  }

  @Override
  public void close() {
    guard.close(holders::release);
  }

  private float[][] feed(TensorInfo fedInput, Tensor fed, Collection<TensorInfo> fetched) {
    Session.Runner runner = bundle.session().runner().feed(fedInput.getName(), fed);
    fetched.forEach(info -> runner.fetch(info.getName()));
    try (Result result = runner.run()) {
      float[][] values = new float[fetched.size()][];
      for (int i = 0; i < values.length; i++) {
        values[i] = Tensors.toFloats(result.get(i));
      }
      return values;
    }
  }

  private SignatureDef signature(String key) {
    SignatureDef found = bundle.metaGraphDef().getSignatureDefMap().get(key);
    if (found == null) {
      throw new DeepXrayException(
          "%s has no signature %s, only %s."
              .formatted(
                  folder, key, new TreeMap<>(bundle.metaGraphDef().getSignatureDefMap()).keySet()));
    }
    return found;
  }

  private TensorInfo onlyInput(String key, SignatureDef def, DataType type) {
    if (def.getInputsCount() != 1
        || def.getInputsMap().values().iterator().next().getDtype() != type) {
      throw new DeepXrayException(
          folder + ": signature " + key + " does not read one tensor of type " + type + ".");
    }
    return def.getInputsMap().values().iterator().next();
  }

  private List<Integer> example(TensorInfo info) {
    List<TensorShapeProto.Dim> dimensions = info.getTensorShape().getDimList();
    List<Integer> shape = new ArrayList<>();
    for (TensorShapeProto.Dim dimension :
        dimensions.subList(Math.min(1, dimensions.size()), dimensions.size())) {
      long size = dimension.getSize();
      shape.add(size > 0 && size <= Integer.MAX_VALUE ? (int) size : 0);
    }
    if (info.getDtype() != DataType.DT_FLOAT
        || info.getTensorShape().getUnknownRank()
        || dimensions.isEmpty()
        || shape.stream().anyMatch(size -> size < 1)) {
      throw new DeepXrayException(
          "%s: tensor %s is not a batch of float tensors of known size."
              .formatted(folder, info.getName()));
    }
    return List.copyOf(shape);
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
