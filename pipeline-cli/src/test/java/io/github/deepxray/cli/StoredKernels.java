package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.classify.Bundle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.lite.schema.Model;
import org.tensorflow.lite.schema.SubGraph;
import org.tensorflow.lite.schema.Tensor;
import org.tensorflow.lite.schema.TensorType;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/** Counts zeros in exported files, by the formats' own classes. */
final class StoredKernels {
  private StoredKernels() {}

  /**
   * The share of zeros, stored or left out, of the only constant of a shape in a {@code .tflite}
   * file.
   */
  static double zerosInTfLite(Path file, List<Integer> shape) throws IOException {
    Model model = Model.getRootAsModel(ByteBuffer.wrap(Files.readAllBytes(file)));
    SubGraph graph = model.subgraphs(0);
    List<Double> found = new ArrayList<>();
    for (int t = 0; t < graph.tensorsLength(); t++) {
      Tensor tensor = graph.tensors(t);
      ByteBuffer data = model.buffers((int) tensor.buffer()).dataAsByteBuffer();
      if (data != null && data.hasRemaining() && shape(tensor).equals(shape)) {
        int width = width(tensor.type());
        found.add(zeros(shape, nonZero(data.order(ByteOrder.LITTLE_ENDIAN), width)));
      }
    }
    assertThat(found).as(file + ", constants of shape " + shape).hasSize(1);
    return found.get(0);
  }

  /** The same of the SavedModel of a bundle. */
  static double zerosInSavedModel(Path bundle, List<Integer> shape) throws IOException {
    SavedModel model =
        SavedModel.parseFrom(
            Files.readAllBytes(bundle.resolve(Bundle.SAVED_MODEL + "/saved_model.pb")));
    List<Double> found = new ArrayList<>();
    for (NodeDef node : model.getMetaGraphs(0).getGraphDef().getNodeList()) {
      TensorProto value =
          node.containsAttr("value")
              ? node.getAttrOrThrow("value").getTensor()
              : TensorProto.getDefaultInstance();
      List<Integer> dimensions =
          value.getTensorShape().getDimList().stream()
              .map(TensorShapeProto.Dim::getSize)
              .map(Math::toIntExact)
              .toList();
      if (value.getDtype() == DataType.DT_FLOAT && dimensions.equals(shape)) {
        ByteBuffer data =
            value.getTensorContent().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        assertThat(data.remaining()).isEqualTo(4 * size(shape));
        found.add(zeros(shape, nonZero(data, 4)));
      }
    }
    assertThat(found).as("constants of shape " + shape + " in the SavedModel").hasSize(1);
    return found.get(0);
  }

  private static List<Integer> shape(Tensor tensor) {
    List<Integer> shape = new ArrayList<>();
    for (int d = 0; d < tensor.shapeLength(); d++) {
      shape.add(tensor.shape(d));
    }
    return shape;
  }

  private static int size(List<Integer> shape) {
    return shape.stream().reduce(1, Math::multiplyExact);
  }

  private static double zeros(List<Integer> shape, int nonZero) {
    return (size(shape) - nonZero) / (double) size(shape);
  }

  private static int width(byte type) {
    return switch (type) {
      case TensorType.FLOAT32 -> 4;
      case TensorType.FLOAT16 -> 2;
      case TensorType.INT8 -> 1;
      default -> throw new AssertionError("tensor type " + TensorType.name(type));
    };
  }

  /** The sign of a float alone makes no value. */
  private static int nonZero(ByteBuffer data, int width) {
    int count = 0;
    while (data.hasRemaining()) {
      boolean zero =
          switch (width) {
            case 4 -> data.getFloat() == 0;
            case 2 -> (data.getShort() & 0x7fff) == 0;
            default -> data.get() == 0;
          };
      count += zero ? 0 : 1;
    }
    return count;
  }
}
