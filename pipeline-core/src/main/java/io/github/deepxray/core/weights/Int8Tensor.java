package io.github.deepxray.core.weights;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Tensor of 8-bit integers, quantized symmetrically per channel: {@code real = scale[channel] *
 * value}, values -127..127, zero point 0 (the TFLite quantization specification).
 */
public final class Int8Tensor extends StoredTensor implements Tensor {
  private final byte[] values;
  private final float[] scales;
  private final int axis;

  private Int8Tensor(byte[] values, float[] scales, int axis, List<Integer> shape) {
    super("int8", shape, values.length);
    this.values = values;
    this.scales = scales;
    this.axis = axis;
    if (scales.length != shape.get(axis)) {
      throw new IllegalArgumentException(scales.length + " scales for " + shape + ", axis " + axis);
    }
  }

  /**
   * Creates a tensor from copies of the values and scales.
   *
   * @param axis the dimension of the channels
   * @throws IllegalArgumentException if their number does not fit the shape, a value is -128 or a
   *     scale is not positive
   */
  public static Int8Tensor of(byte[] values, float[] scales, int axis, List<Integer> shape) {
    for (byte value : values) {
      if (value == Byte.MIN_VALUE) {
        throw new IllegalArgumentException("-128 has no opposite");
      }
    }
    for (float scale : scales) {
      if (!(scale > 0) || Float.isInfinite(scale)) {
        throw new IllegalArgumentException("scale " + scale);
      }
    }
    return new Int8Tensor(values.clone(), scales.clone(), axis, List.copyOf(shape));
  }

  /**
   * Quantizes a tensor to the nearest step, each channel by its own largest magnitude.
   *
   * @param tensor the values
   * @param axis the dimension of the channels
   */
  public static Int8Tensor quantize(FloatTensor tensor, int axis) {
    List<Integer> shape = tensor.shape();
    int channels = shape.get(axis);
    int inner = inner(shape, axis);
    float[] scales = new float[channels];
    for (int i = 0; i < tensor.size(); i++) {
      int channel = i / inner % channels;
      scales[channel] = Math.max(scales[channel], Math.abs(tensor.at(i)));
    }
    for (int c = 0; c < channels; c++) {
      // The scale of a channel of zeros is arbitrary.
      float step = scales[c] / 127f;
      scales[c] = step == 0 ? 1f : step;
    }
    byte[] values = new byte[tensor.size()];
    for (int i = 0; i < values.length; i++) {
      int q = Math.round(tensor.at(i) / scales[i / inner % channels]);
      values[i] = (byte) Math.max(-127, Math.min(127, q));
    }
    return new Int8Tensor(values, scales, axis, shape);
  }

  /** Number of consecutive values of a channel. */
  private static int inner(List<Integer> shape, int axis) {
    return shape.subList(axis + 1, shape.size()).stream().reduce(1, Math::multiplyExact);
  }

  /** Dimension of the channels. */
  public int axis() {
    return axis;
  }

  /** Returns a copy of the scales of the channels. */
  public float[] scales() {
    return scales.clone();
  }

  /** Read-only view of the quantized values. */
  public ByteBuffer asBuffer() {
    return ByteBuffer.wrap(values).asReadOnlyBuffer();
  }

  @Override
  public float[] toFloats() {
    int inner = inner(shape(), axis);
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values[i] * scales[i / inner % scales.length];
    }
    return floats;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Int8Tensor t
        && shape().equals(t.shape())
        && axis == t.axis
        && Arrays.equals(scales, t.scales)
        && Arrays.equals(values, t.values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }
}
