package io.github.deepxray.tflite.internal;

import com.google.flatbuffers.Table;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.function.UnaryOperator;
import org.tensorflow.lite.schema.DimensionMetadata;
import org.tensorflow.lite.schema.DimensionType;
import org.tensorflow.lite.schema.Int32Vector;
import org.tensorflow.lite.schema.QuantizationDetails;
import org.tensorflow.lite.schema.QuantizationParameters;
import org.tensorflow.lite.schema.SparseIndexVector;
import org.tensorflow.lite.schema.SparsityParameters;
import org.tensorflow.lite.schema.Tensor;
import org.tensorflow.lite.schema.TensorType;
import org.tensorflow.lite.schema.Uint16Vector;
import org.tensorflow.lite.schema.Uint8Vector;

/**
 * Checks the type, quantization and sparsity of a tensor of a file. TensorFlow Lite trusts all of
 * it: a NaN scale or a position outside the tensor ends the process.
 */
final class TensorCheck {
  private static final int LARGEST_RANK = 6;

  /** A gigabyte of bytes, four of floats. */
  static final long MOST_ELEMENTS = 1L << 30;

  // Products and quotients of two scales stay far from the limits of floats and doubles.
  private static final double LEAST_SCALE = 0x1p-100;
  private static final double LARGEST_SCALE = 0x1p60;

  private TensorCheck() {}

  /** Describes the fault in a tensor's type, shape or values, if any. */
  static Optional<String> storage(Tensor tensor, int stored) {
    int width = FileTensor.width(tensor.type());
    if (width == 0) {
      return Optional.of("is of type " + FileTensor.name(tensor.type()));
    }
    if (tensor.isVariable() || tensor.variantTensorsLength() > 0) {
      return Optional.of("keeps a state from one run to the next");
    }
    if (tensor.shapeLength() > LARGEST_RANK) {
      return Optional.of("has " + tensor.shapeLength() + " dimensions");
    }
    long elements = 1;
    for (int d = 0; d < tensor.shapeLength(); d++) {
      int size = tensor.shape(d);
      if (size < 1) {
        return Optional.of("has a dimension of " + size);
      }
      elements = Math.min(elements * size, MOST_ELEMENTS + 1);
    }
    if (elements > MOST_ELEMENTS) {
      return Optional.of("has more than " + MOST_ELEMENTS + " values");
    }
    if (stored > 0 && tensor.sparsity() == null && stored != elements * width) {
      return Optional.of("has " + elements + " values in " + stored + " bytes");
    }
    return Optional.empty();
  }

  /** Describes the fault in a tensor's quantization, if any. */
  static Optional<String> quantization(Tensor tensor) {
    QuantizationParameters quantization = tensor.quantization();
    if (quantization == null) {
      return Optional.empty();
    }
    if (quantization.detailsType() != QuantizationDetails.NONE) {
      return Optional.of("has custom quantization");
    }
    int scales = quantization.scaleLength();
    if (quantization.zeroPointLength() != scales) {
      return Optional.of(
          "has " + scales + " scales and " + quantization.zeroPointLength() + " zero points");
    }
    int axis = quantization.quantizedDimension();
    boolean inside = axis >= 0 && axis < Math.max(1, tensor.shapeLength());
    if (scales > 0 && (!inside || (scales > 1 && tensor.shape(axis) != scales))) {
      return Optional.of("has " + scales + " scales along dimension " + axis);
    }
    return steps(tensor.type(), quantization);
  }

  private static Optional<String> steps(byte type, QuantizationParameters quantization) {
    long min =
        switch (type) {
          case TensorType.INT8 -> Byte.MIN_VALUE;
          case TensorType.INT16 -> Short.MIN_VALUE;
          default -> 0;
        };
    long max =
        switch (type) {
          case TensorType.INT8 -> Byte.MAX_VALUE;
          case TensorType.UINT8 -> 255;
          case TensorType.INT16 -> Short.MAX_VALUE;
          default -> 0;
        };
    // A bias has the product of two scales.
    boolean product = type == TensorType.INT32 || type == TensorType.INT64;
    double least = product ? Float.MIN_NORMAL : LEAST_SCALE;
    double largest = product ? LARGEST_SCALE * LARGEST_SCALE : LARGEST_SCALE;
    for (int i = 0; i < quantization.scaleLength(); i++) {
      float scale = quantization.scale(i);
      if (!(scale >= least && scale <= largest)) {
        return Optional.of("has scale " + scale);
      }
      if (quantization.zeroPoint(i) < min || quantization.zeroPoint(i) > max) {
        return Optional.of("has zero point " + quantization.zeroPoint(i));
      }
    }
    return Optional.empty();
  }

  /**
   * Describes the fault in the positions of a sparse tensor's values, if any.
   *
   * @param size the size of its data in bytes
   */
  static Optional<String> sparsity(Tensor tensor, int size) {
    SparsityParameters sparsity = tensor.sparsity();
    if (sparsity == null) {
      return Optional.empty();
    }
    int width =
        switch (tensor.type()) {
          case TensorType.FLOAT32 -> Float.BYTES;
          case TensorType.FLOAT16 -> Short.BYTES;
          case TensorType.INT8 -> 1;
          default -> 0;
        };
    return width > 0 && size > 0 && stored(tensor, sparsity) == (long) size / width
        ? Optional.empty()
        : Optional.of("is sparse with invalid positions of its values");
  }

  /** Number of stored values; -1 if a position is outside the tensor. */
  private static long stored(Tensor tensor, SparsityParameters sparsity) {
    List<Integer> sizes = sizes(tensor, sparsity);
    if (sizes.isEmpty()
        || sparsity.traversalOrderLength() != sizes.size()
        || sparsity.dimMetadataLength() != sizes.size()) {
      return -1;
    }
    BitSet passed = new BitSet();
    long count = 1;
    for (int level = 0; level < sizes.size(); level++) {
      int dimension = sparsity.traversalOrder(level);
      // Blocks come after the dimensions that contain them.
      boolean block = level >= tensor.shapeLength();
      if (dimension < 0
          || dimension >= sizes.size()
          || passed.get(dimension)
          || block != dimension >= tensor.shapeLength()) {
        return -1;
      }
      passed.set(dimension);
      count = count(sparsity.dimMetadata(level), sizes.get(dimension), count);
      if (count < 0 || count > Integer.MAX_VALUE) {
        return -1;
      }
    }
    return count;
  }

  /** Size of each dimension, in blocks where it has some, and of each block; empty if invalid. */
  private static List<Integer> sizes(Tensor tensor, SparsityParameters sparsity) {
    int rank = tensor.shapeLength();
    List<Integer> sizes = new ArrayList<>();
    for (int d = 0; d < rank; d++) {
      sizes.add(tensor.shape(d));
    }
    BitSet blocked = new BitSet();
    for (int b = 0; b < sparsity.blockMapLength(); b++) {
      int dimension = sparsity.blockMap(b);
      if (dimension < 0
          || dimension >= rank
          || blocked.get(dimension)
          || rank + b >= sparsity.dimMetadataLength()) {
        return List.of();
      }
      blocked.set(dimension);
      int block = sparsity.dimMetadata(rank + b).denseSize();
      if (block < 1 || sizes.get(dimension) % block != 0) {
        return List.of();
      }
      sizes.set(dimension, sizes.get(dimension) / block);
      sizes.add(block);
    }
    return sizes;
  }

  /** Number of positions after a level, from the number before. */
  private static long count(DimensionMetadata level, int size, long before) {
    if (level.format() == DimensionType.DENSE) {
      return level.denseSize() == size ? before * size : -1;
    }
    Vector segments = segments(level);
    Vector indices = indices(level);
    if (level.format() != DimensionType.SPARSE_CSR
        || segments.length != before + 1
        || segments.at(0) != 0
        || segments.at(segments.length - 1) != indices.length) {
      return -1;
    }
    for (int i = 1; i < segments.length; i++) {
      if (segments.at(i) < segments.at(i - 1)) {
        return -1;
      }
    }
    for (int i = 0; i < indices.length; i++) {
      if (indices.at(i) < 0 || indices.at(i) >= size) {
        return -1;
      }
    }
    return indices.length;
  }

  /** Number of indices of a sparse tensor. */
  static long places(Tensor tensor) {
    SparsityParameters sparsity = tensor.sparsity();
    long places = 0;
    for (int level = 0; sparsity != null && level < sparsity.dimMetadataLength(); level++) {
      DimensionMetadata metadata = sparsity.dimMetadata(level);
      places += 1L + segments(metadata).length + indices(metadata).length;
    }
    return places;
  }

  /** Integers of any width in a file. */
  private record Vector(int length, IntUnaryOperator values) {
    static final Vector NONE = new Vector(0, i -> 0);

    int at(int i) {
      return values.applyAsInt(i);
    }
  }

  private static Vector segments(DimensionMetadata level) {
    return vector(level.arraySegmentsType(), level::arraySegments);
  }

  private static Vector indices(DimensionMetadata level) {
    return vector(level.arrayIndicesType(), level::arrayIndices);
  }

  private static Vector vector(byte type, UnaryOperator<Table> at) {
    switch (type) {
      case SparseIndexVector.Int32Vector -> {
        Int32Vector vector = (Int32Vector) at.apply(new Int32Vector());
        return vector == null ? Vector.NONE : new Vector(vector.valuesLength(), vector::values);
      }
      case SparseIndexVector.Uint16Vector -> {
        Uint16Vector vector = (Uint16Vector) at.apply(new Uint16Vector());
        return vector == null ? Vector.NONE : new Vector(vector.valuesLength(), vector::values);
      }
      case SparseIndexVector.Uint8Vector -> {
        Uint8Vector vector = (Uint8Vector) at.apply(new Uint8Vector());
        return vector == null ? Vector.NONE : new Vector(vector.valuesLength(), vector::values);
      }
      default -> {
        return Vector.NONE;
      }
    }
  }
}
