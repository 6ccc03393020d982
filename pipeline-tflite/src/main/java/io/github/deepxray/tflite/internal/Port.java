package io.github.deepxray.tflite.internal;

import io.github.deepxray.core.DeepXrayException;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.tensorflowlite.TfLiteQuantizationParams;
import org.bytedeco.tensorflowlite.TfLiteTensor;
import org.bytedeco.tensorflowlite.global.tensorflowlite;

/** An input or output tensor, seen as floats. */
final class Port {
  private static final int LONGEST_NAME = 100;

  final String name;

  /** Without the batch dimension. */
  final List<Integer> shape;

  /** The number of values. */
  final int size;

  private final int type;
  private final float scale;
  private final int zeroPoint;

  /** The smallest and the largest value of the integer type. */
  private final int lowest;

  private final int highest;

  /** Room for one example of a tensor of integers of 8 bits. */
  private final byte[] bytes;

  /** Room for one example of a tensor of integers of 16 bits. */
  private final short[] shorts;

  private Port(String name, List<Integer> shape, int type, float scale, int zeroPoint) {
    this.name = name;
    this.shape = shape;
    this.size = shape.stream().reduce(1, Math::multiplyExact);
    this.type = type;
    // An integer tensor without quantization holds plain numbers, such as pixels.
    this.scale = scale == 0 ? 1 : scale;
    this.zeroPoint = zeroPoint;
    boolean wide = type == tensorflowlite.kTfLiteInt16;
    boolean real = type == tensorflowlite.kTfLiteFloat32;
    boolean unsigned = type == tensorflowlite.kTfLiteUInt8;
    this.lowest = wide ? Short.MIN_VALUE : unsigned ? 0 : Byte.MIN_VALUE;
    this.highest = wide ? Short.MAX_VALUE : lowest + 255;
    this.bytes = new byte[real || wide ? 0 : size];
    this.shorts = new short[wide ? size : 0];
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
        && type != tensorflowlite.kTfLiteInt8
        && type != tensorflowlite.kTfLiteInt16) {
      throw new DeepXrayException(
          ("%s cannot be run: tensor %s is of type %s; give a model with inputs and outputs "
                  + "of FLOAT32, UINT8, INT8 or INT16.")
              .formatted(source, shown(name), tensorflowlite.TfLiteTypeGetName(type).getString()));
    }
    List<Integer> dimensions = new ArrayList<>();
    for (int i = 0; i < tensor.dims().size(); i++) {
      dimensions.add(tensor.dims().data(i));
    }
    if (dimensions.size() < 2 || dimensions.get(0) != 1 || dimensions.contains(0)) {
      throw new DeepXrayException(
          "%s cannot be run: tensor %s has shape %s; give a model for a batch of 1, [1, ...]."
              .formatted(source, shown(name), dimensions));
    }
    TfLiteQuantizationParams params = tensor.params();
    return new Port(
        name,
        List.copyOf(dimensions.subList(1, dimensions.size())),
        type,
        params.scale(),
        params.zero_point());
  }

  /** A name from a file as a part of one line. */
  private static String shown(String name) {
    String line = name.replaceAll("\\p{Cntrl}", " ");
    return line.length() > LONGEST_NAME ? line.substring(0, LONGEST_NAME) + "..." : line;
  }

  /** Copies one example into the tensor. */
  void write(TfLiteTensor tensor, float[] examples, int index) {
    requireSize(tensor);
    if (type == tensorflowlite.kTfLiteFloat32) {
      tensor.data().f().put(examples, index * size, size);
      return;
    }
    int offset = index * size;
    boolean wide = type == tensorflowlite.kTfLiteInt16;
    for (int i = 0; i < size; i++) {
      // As long, so that the sum stays in range however large the quotient is.
      long quantized = (long) Math.round(examples[offset + i] / scale) + zeroPoint;
      int clamped = (int) Math.max(lowest, Math.min(highest, quantized));
      if (wide) {
        shorts[i] = (short) clamped;
      } else {
        bytes[i] = (byte) clamped;
      }
    }
    if (wide) {
      tensor.data().i16().put(shorts, 0, size);
    } else {
      tensor.data().int8().put(bytes, 0, size);
    }
  }

  /** Copies the tensor to the place of one example. */
  void read(TfLiteTensor tensor, float[] examples, int index) {
    requireSize(tensor);
    if (type == tensorflowlite.kTfLiteFloat32) {
      tensor.data().f().get(examples, index * size, size);
      return;
    }
    boolean wide = type == tensorflowlite.kTfLiteInt16;
    if (wide) {
      tensor.data().i16().get(shorts, 0, size);
    } else {
      tensor.data().int8().get(bytes, 0, size);
    }
    int offset = index * size;
    for (int i = 0; i < size; i++) {
      int quantized = wide ? shorts[i] : lowest == 0 ? bytes[i] & 0xFF : bytes[i];
      examples[offset + i] = (quantized - zeroPoint) * scale;
    }
  }

  /** A file may change a tensor's size while it runs; copying would then leave its memory. */
  private void requireSize(TfLiteTensor tensor) {
    int width =
        type == tensorflowlite.kTfLiteFloat32
            ? Float.BYTES
            : type == tensorflowlite.kTfLiteInt16 ? Short.BYTES : 1;
    long expected = (long) size * width;
    if (tensor.bytes() != expected) {
      throw new DeepXrayException(
          ("Tensor %s has %s bytes instead of %s: the model changes its size while it runs; "
                  + "give one with fixed shapes.")
              .formatted(shown(name), tensor.bytes(), expected));
    }
  }
}
