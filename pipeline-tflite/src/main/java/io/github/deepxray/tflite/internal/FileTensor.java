package io.github.deepxray.tflite.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.tensorflow.lite.schema.Buffer;
import org.tensorflow.lite.schema.QuantizationParameters;
import org.tensorflow.lite.schema.Tensor;
import org.tensorflow.lite.schema.TensorType;

/** Tensor of a file that has passed {@link TensorCheck}. */
final class FileTensor {
  final int index;
  final byte type;

  /** Sizes from the file, or from the operator for open dimensions. */
  List<Integer> shape;

  /** Dimensions whose size the file leaves open. */
  private final BitSet open = new BitSet();

  /** Whether the file has the values. */
  final boolean constant;

  /** Whether the file has only the non-zero values and their positions. */
  final boolean sparse;

  /** Dimension of the scales, if there are several. */
  final int axis;

  private final float[] scales;
  private final long[] zeroPoints;
  private final Buffer buffer;

  FileTensor(int index, Tensor tensor, Buffer buffer) {
    this.index = index;
    this.type = tensor.type();
    this.buffer = buffer;
    this.constant = buffer.dataLength() > 0;
    this.sparse = tensor.sparsity() != null;
    List<Integer> sizes = new ArrayList<>(tensor.shapeLength());
    for (int d = 0; d < tensor.shapeLength(); d++) {
      sizes.add(tensor.shape(d));
      open.set(d, d < tensor.shapeSignatureLength() && tensor.shapeSignature(d) == -1);
    }
    this.shape = List.copyOf(sizes);
    QuantizationParameters quantization = tensor.quantization();
    int count = quantization == null ? 0 : quantization.scaleLength();
    this.axis = quantization == null ? 0 : quantization.quantizedDimension();
    this.scales = new float[count];
    this.zeroPoints = new long[count];
    for (int i = 0; i < count; i++) {
      scales[i] = quantization.scale(i);
      zeroPoints[i] = quantization.zeroPoint(i);
    }
  }

  /** Takes the sizes of open dimensions from a shape; returns whether the other sizes are equal. */
  boolean take(List<Integer> computed) {
    boolean fits = computed.size() == shape.size();
    for (int d = 0; d < shape.size() && fits; d++) {
      fits = open.get(d) || computed.get(d).equals(shape.get(d));
    }
    shape = fits ? List.copyOf(computed) : shape;
    return fits;
  }

  int rank() {
    return shape.size();
  }

  /** Size of the last dimension. */
  int channels() {
    return shape.get(shape.size() - 1);
  }

  long elements() {
    return elements(shape);
  }

  /** Product of the sizes. */
  static long elements(List<Integer> shape) {
    return shape.stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b);
  }

  long bytes() {
    return elements() * width(type);
  }

  /** Whether the values are quantized integers. */
  boolean quantized() {
    return type == TensorType.INT8 || type == TensorType.UINT8 || type == TensorType.INT16;
  }

  /** Number of scales. */
  int scales() {
    return scales.length;
  }

  /** Scale of a channel; a single scale is for all channels. */
  float scale(int channel) {
    return scales[scales.length == 1 ? 0 : channel];
  }

  /** Zero point of a channel. */
  long zeroPoint(int channel) {
    return zeroPoints[zeroPoints.length == 1 ? 0 : channel];
  }

  /** Whether quantization parameters equal those of another tensor. */
  boolean sameSteps(FileTensor other) {
    return scales() == 1
        && other.scales() == 1
        && scale(0) == other.scale(0)
        && zeroPoint(0) == other.zeroPoint(0);
  }

  /** Values of a constant of 32-bit integers. */
  Optional<List<Integer>> integers() {
    if (!constant || type != TensorType.INT32) {
      return Optional.empty();
    }
    ByteBuffer data = buffer.dataAsByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    List<Integer> values = new ArrayList<>();
    while (data.remaining() >= Integer.BYTES) {
      values.add(data.getInt());
    }
    return Optional.of(List.copyOf(values));
  }

  /** Bytes of a value; 0 for types of no supported operator. */
  static int width(byte type) {
    return switch (type) {
      case TensorType.INT8, TensorType.UINT8 -> 1;
      case TensorType.FLOAT16, TensorType.INT16 -> 2;
      case TensorType.FLOAT32, TensorType.INT32 -> 4;
      case TensorType.INT64 -> 8;
      default -> 0;
    };
  }

  /** Name of a type, including types newer than the schema. */
  static String name(byte type) {
    boolean known = type >= 0 && type < TensorType.names.length;
    return known ? TensorType.name(type) : "number " + type;
  }

  @Override
  public String toString() {
    return "tensor " + index;
  }
}
