package io.github.deepxray.tflite;

import io.github.deepxray.core.DeepXrayException;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.tensorflowlite.TfLiteQuantizationParams;
import org.bytedeco.tensorflowlite.TfLiteTensor;
import org.bytedeco.tensorflowlite.global.tensorflowlite;

/** An input or output tensor, seen as floats. */
final class Port {
  final String name;

  /** Without the batch dimension. */
  final List<Integer> shape;

  /** The number of values. */
  final int size;

  private final int type;
  private final float scale;
  private final int zeroPoint;

  /** The smallest value of the integer type. */
  private final int lowest;

  /** Room for one example of an integer tensor. */
  private final byte[] integers;

  private Port(String name, List<Integer> shape, int type, float scale, int zeroPoint) {
    this.name = name;
    this.shape = shape;
    this.size = shape.stream().reduce(1, Math::multiplyExact);
    this.type = type;
    // An integer tensor without quantization holds plain numbers, such as pixels.
    this.scale = scale == 0 ? 1 : scale;
    this.zeroPoint = zeroPoint;
    this.lowest = type == tensorflowlite.kTfLiteUInt8 ? 0 : Byte.MIN_VALUE;
    this.integers = new byte[type == tensorflowlite.kTfLiteFloat32 ? 0 : size];
  }

  /**
   * Describes a tensor.
   *
   * @throws DeepXrayException if its type or shape cannot be served
   */
  static Port of(String source, TfLiteTensor tensor) {
    String name = tensor.name() == null ? "" : tensor.name().getString();
    int type = tensor.type();
    if (type != tensorflowlite.kTfLiteFloat32
        && type != tensorflowlite.kTfLiteUInt8
        && type != tensorflowlite.kTfLiteInt8) {
      throw new DeepXrayException(
          source
              + " cannot be run: tensor "
              + name
              + " is of type "
              + tensorflowlite.TfLiteTypeGetName(type).getString()
              + "; give a model with inputs and outputs of FLOAT32, UINT8 or INT8.");
    }
    List<Integer> dimensions = new ArrayList<>();
    for (int i = 0; i < tensor.dims().size(); i++) {
      dimensions.add(tensor.dims().data(i));
    }
    if (dimensions.size() < 2 || dimensions.get(0) != 1 || dimensions.contains(0)) {
      throw new DeepXrayException(
          source
              + " cannot be run: tensor "
              + name
              + " has shape "
              + dimensions
              + "; give a model for a batch of 1, [1, ...].");
    }
    TfLiteQuantizationParams params = tensor.params();
    return new Port(
        name,
        List.copyOf(dimensions.subList(1, dimensions.size())),
        type,
        params.scale(),
        params.zero_point());
  }

  /** Copies one example into the tensor. */
  void write(TfLiteTensor tensor, float[] examples, int index) {
    requireSize(tensor);
    if (type == tensorflowlite.kTfLiteFloat32) {
      tensor.data().f().put(examples, index * size, size);
      return;
    }
    int offset = index * size;
    for (int i = 0; i < size; i++) {
      int quantized = Math.round(examples[offset + i] / scale) + zeroPoint;
      integers[i] = (byte) Math.max(lowest, Math.min(lowest + 255, quantized));
    }
    tensor.data().int8().put(integers, 0, size);
  }

  /** Copies the tensor to the place of one example. */
  void read(TfLiteTensor tensor, float[] examples, int index) {
    requireSize(tensor);
    if (type == tensorflowlite.kTfLiteFloat32) {
      tensor.data().f().get(examples, index * size, size);
      return;
    }
    tensor.data().int8().get(integers, 0, size);
    int offset = index * size;
    for (int i = 0; i < size; i++) {
      int quantized = lowest == 0 ? integers[i] & 0xFF : integers[i];
      examples[offset + i] = (quantized - zeroPoint) * scale;
    }
  }

  /** A file may change a tensor's size while it runs; copying would then leave its memory. */
  private void requireSize(TfLiteTensor tensor) {
    long expected = (long) size * (type == tensorflowlite.kTfLiteFloat32 ? Float.BYTES : 1);
    if (tensor.bytes() != expected) {
      throw new DeepXrayException(
          "Tensor "
              + name
              + " has "
              + tensor.bytes()
              + " bytes instead of "
              + expected
              + ": the model changes its size while it runs; give one with fixed shapes.");
    }
  }
}
