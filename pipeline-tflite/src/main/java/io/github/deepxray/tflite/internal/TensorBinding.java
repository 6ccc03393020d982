package io.github.deepxray.tflite.internal;

import io.github.deepxray.core.DeepXrayException;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.tensorflowlite.TfLiteQuantizationParams;
import org.bytedeco.tensorflowlite.TfLiteTensor;
import org.bytedeco.tensorflowlite.global.tensorflowlite;

/** Binding of an input or output tensor to float arrays. */
final class TensorBinding {
  private static final int LONGEST_NAME = 100;

  final String name;

  /** Shape without the batch dimension. */
  final List<Integer> shape;

  /** Number of values. */
  final int size;

  private final int type;
  private final float scale;
  private final int zeroPoint;

  /** Smallest and largest value of the integer type. */
  private final int lowest;

  private final int highest;

  /** Buffer for one example of a tensor of 8-bit integers. */
  private final byte[] bytes;

  /** Buffer for one example of a tensor of 16-bit integers. */
  private final short[] shorts;

  private TensorBinding(String name, List<Integer> shape, int type, float scale, int zeroPoint) {
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
   * Creates the binding of a tensor.
   *
   * @throws DeepXrayException if its type or shape is not supported
   */
  static TensorBinding of(String source, TfLiteTensor tensor) {
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
    return new TensorBinding(
        name,
        List.copyOf(dimensions.subList(1, dimensions.size())),
        type,
        params.scale(),
        params.zero_point());
  }

  /** Formats a name from a file as a part of one line. */
  private static String shown(String name) {
    String line = name.replaceAll("\\p{Cntrl}", " ");
    return line.length() > LONGEST_NAME ? line.substring(0, LONGEST_NAME) + "..." : line;
  }

  /** Writes one example to the tensor. */
  void write(TfLiteTensor tensor, float[] examples, int index) {
    requireSize(tensor);
    if (type == tensorflowlite.kTfLiteFloat32) {
      tensor.data().f().put(examples, index * size, size);
      return;
    }
    int offset = index * size;
    boolean wide = type == tensorflowlite.kTfLiteInt16;
    for (int i = 0; i < size; i++) {
      // As long, so that the sum stays in range for any quotient.
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

  /** Reads the tensor into the array at the index of an example. */
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

  /** A file may change a tensor's size during a run; copying would then exceed its memory. */
  private void requireSize(TfLiteTensor tensor) {
    int width =
        type == tensorflowlite.kTfLiteFloat32
            ? Float.BYTES
            : type == tensorflowlite.kTfLiteInt16 ? Short.BYTES : 1;
    long expected = (long) size * width;
    if (tensor.bytes() != expected) {
      throw new DeepXrayException(
          ("Tensor %s has %s bytes instead of %s: the model changes its size during a run; "
                  + "give a model with fixed shapes.")
              .formatted(shown(name), tensor.bytes(), expected));
    }
  }
}
