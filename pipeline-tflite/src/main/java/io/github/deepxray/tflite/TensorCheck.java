package io.github.deepxray.tflite;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.tensorflow.lite.schema.DimensionMetadata;
import org.tensorflow.lite.schema.DimensionType;
import org.tensorflow.lite.schema.Int32Vector;
import org.tensorflow.lite.schema.QuantizationParameters;
import org.tensorflow.lite.schema.SparseIndexVector;
import org.tensorflow.lite.schema.SparsityParameters;
import org.tensorflow.lite.schema.Tensor;
import org.tensorflow.lite.schema.TensorType;
import org.tensorflow.lite.schema.Uint16Vector;
import org.tensorflow.lite.schema.Uint8Vector;

/**
 * Checks how a tensor of a file is quantized and where the values of a sparse one stand. TensorFlow
 * Lite believes both: a scale that is no number ends the process, and so does a place outside the
 * tensor.
 */
final class TensorCheck {
  private TensorCheck() {}

  /** What is wrong with a tensor's quantization, if anything is. */
  static Optional<String> quantization(Tensor tensor) {
    QuantizationParameters quantization = tensor.quantization();
    if (quantization == null || quantization.scaleLength() == 0) {
      return Optional.empty();
    }
    int min;
    int max;
    switch (tensor.type()) {
      case TensorType.INT8 -> {
        min = Byte.MIN_VALUE;
        max = Byte.MAX_VALUE;
      }
      case TensorType.UINT8 -> {
        min = 0;
        max = 255;
      }
      case TensorType.INT16 -> {
        min = Short.MIN_VALUE;
        max = Short.MAX_VALUE;
      }
      case TensorType.INT32, TensorType.INT64 -> {
        min = 0;
        max = 0;
      }
      default -> {
        return Optional.empty();
      }
    }
    for (int i = 0; i < quantization.scaleLength(); i++) {
      float scale = quantization.scale(i);
      if (!(scale > 0) || Float.isInfinite(scale)) {
        return Optional.of("has scale " + scale);
      }
    }
    for (int i = 0; i < quantization.zeroPointLength(); i++) {
      long zeroPoint = quantization.zeroPoint(i);
      if (zeroPoint < min || zeroPoint > max) {
        return Optional.of("has zero point " + zeroPoint);
      }
    }
    return Optional.empty();
  }

  /**
   * What is wrong with the places of a sparse tensor's values, if anything is.
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
        : Optional.of("is sparse, but its values do not stand where they say");
  }

  /** How many values are stored; -1 if a place is outside the tensor. */
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
      // Blocks come after the dimensions they are parts of.
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

  /** The size of each dimension, in blocks where it has some, and of each block; empty if wrong. */
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

  /** How many places there are after a level, given how many there are before. */
  private static long count(DimensionMetadata level, int size, long before) {
    if (level.format() == DimensionType.DENSE) {
      return level.denseSize() == size ? before * size : -1;
    }
    List<Integer> segments = segments(level);
    List<Integer> indices = indices(level);
    if (level.format() != DimensionType.SPARSE_CSR
        || segments.size() != before + 1
        || segments.get(0) != 0
        || segments.get(segments.size() - 1) != indices.size()) {
      return -1;
    }
    for (int i = 1; i < segments.size(); i++) {
      if (segments.get(i) < segments.get(i - 1)) {
        return -1;
      }
    }
    for (int index : indices) {
      if (index < 0 || index >= size) {
        return -1;
      }
    }
    return indices.size();
  }

  private static List<Integer> segments(DimensionMetadata level) {
    return switch (level.arraySegmentsType()) {
      case SparseIndexVector.Int32Vector ->
          values((Int32Vector) level.arraySegments(new Int32Vector()));
      case SparseIndexVector.Uint16Vector ->
          values((Uint16Vector) level.arraySegments(new Uint16Vector()));
      case SparseIndexVector.Uint8Vector ->
          values((Uint8Vector) level.arraySegments(new Uint8Vector()));
      default -> List.of();
    };
  }

  private static List<Integer> indices(DimensionMetadata level) {
    return switch (level.arrayIndicesType()) {
      case SparseIndexVector.Int32Vector ->
          values((Int32Vector) level.arrayIndices(new Int32Vector()));
      case SparseIndexVector.Uint16Vector ->
          values((Uint16Vector) level.arrayIndices(new Uint16Vector()));
      case SparseIndexVector.Uint8Vector ->
          values((Uint8Vector) level.arrayIndices(new Uint8Vector()));
      default -> List.of();
    };
  }

  private static List<Integer> values(Int32Vector vector) {
    List<Integer> values = new ArrayList<>();
    for (int i = 0; vector != null && i < vector.valuesLength(); i++) {
      values.add(vector.values(i));
    }
    return values;
  }

  private static List<Integer> values(Uint16Vector vector) {
    List<Integer> values = new ArrayList<>();
    for (int i = 0; vector != null && i < vector.valuesLength(); i++) {
      values.add(vector.values(i));
    }
    return values;
  }

  private static List<Integer> values(Uint8Vector vector) {
    List<Integer> values = new ArrayList<>();
    for (int i = 0; vector != null && i < vector.valuesLength(); i++) {
      values.add(vector.values(i));
    }
    return values;
  }
}
