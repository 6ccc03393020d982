package io.github.deepxray.tflite.internal;

import com.google.flatbuffers.FlatBufferBuilder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.tensorflow.lite.schema.DimensionMetadata;
import org.tensorflow.lite.schema.DimensionType;
import org.tensorflow.lite.schema.Int32Vector;
import org.tensorflow.lite.schema.SparseIndexVector;
import org.tensorflow.lite.schema.SparsityParameters;
import org.tensorflow.lite.schema.Uint16Vector;
import org.tensorflow.lite.schema.Uint8Vector;

/**
 * Positions of the values of a sparse tensor in TFLite's variant of TACO's format (Kjolstad et al.
 * 2017): the last dimension is compressed, the others are dense. Values may be stored in blocks of
 * neighbours in the last dimension with at least one non-zero.
 *
 * @param shape the dense tensor's shape
 * @param block the number of values in a block; 1 for single values
 * @param segments the start of the blocks of each index of the dense dimensions, and the end
 * @param indices the position of each block in the last dimension, in blocks
 */
record SparseEncoding(
    List<Integer> shape, int block, List<Integer> segments, List<Integer> indices) {
  /** Block size to try: pruning in blocks of four is common, and other blocks rarely pay off. */
  private static final int BLOCK = 4;

  // Approximate size of the tables, names and the operator that makes the tensor dense.
  private static final int OVERHEAD = 512;

  /** Tensor without its zeros. */
  record Compressed(ByteBuffer values, SparseEncoding sparsity) {
    private int size() {
      return values.remaining() + sparsity.size();
    }
  }

  /**
   * Removes the zeros if that makes the file smaller.
   *
   * @param values the values, little-endian
   * @param width the bytes of a value
   * @param signed whether the highest bit is a sign, so that a value of just that bit is a zero
   */
  static Optional<Compressed> compress(
      List<Integer> shape, ByteBuffer values, int width, boolean signed) {
    int last = shape.get(shape.size() - 1);
    Compressed best = compress(shape, values, width, signed, 1);
    if (last % BLOCK == 0) {
      Compressed blocks = compress(shape, values, width, signed, BLOCK);
      best = blocks.size() < best.size() ? blocks : best;
    }
    boolean empty = !best.values().hasRemaining();
    return empty || best.size() + OVERHEAD >= values.remaining()
        ? Optional.empty()
        : Optional.of(best);
  }

  private static Compressed compress(
      List<Integer> shape, ByteBuffer values, int width, boolean signed, int block) {
    int blocks = shape.get(shape.size() - 1) / block;
    int bytes = block * width;
    int count = values.remaining() / bytes;
    ByteBuffer kept = FlatGraph.littleEndian(values.remaining());
    List<Integer> segments = new ArrayList<>(List.of(0));
    List<Integer> indices = new ArrayList<>();
    for (int b = 0; b < count; b++) {
      ByteBuffer one = values.slice(values.position() + b * bytes, bytes);
      if (!zeros(one, width, signed)) {
        kept.put(one);
        indices.add(b % blocks);
      }
      if (b % blocks == blocks - 1) {
        segments.add(indices.size());
      }
    }
    return new Compressed(kept.flip(), new SparseEncoding(shape, block, segments, indices));
  }

  private static boolean zeros(ByteBuffer values, int width, boolean signed) {
    for (int i = 0; i < values.remaining(); i++) {
      boolean highest = signed && i % width == width - 1;
      if ((values.get(i) & (highest ? 0x7f : 0xff)) != 0) {
        return false;
      }
    }
    return true;
  }

  /** Approximate size in a file in bytes. */
  private int size() {
    return width(segments) * segments.size() + width(indices) * indices.size();
  }

  /** Writes the schema's table. */
  int write(FlatBufferBuilder builder) {
    int dense = shape.size() - 1;
    int last = shape.get(dense);
    List<Integer> dimensions = new ArrayList<>();
    for (int d = 0; d < dense; d++) {
      dimensions.add(dense(builder, shape.get(d)));
    }
    byte segmentsType = type(segments);
    int segmentsTable = vector(builder, segmentsType, segments);
    byte indicesType = type(indices);
    int indicesTable = vector(builder, indicesType, indices);
    dimensions.add(
        DimensionMetadata.createDimensionMetadata(
            builder,
            DimensionType.SPARSE_CSR,
            last / block,
            segmentsType,
            segmentsTable,
            indicesType,
            indicesTable));
    if (block > 1) {
      dimensions.add(dense(builder, block));
    }
    int order =
        SparsityParameters.createTraversalOrderVector(
            builder, IntStream.range(0, dimensions.size()).toArray());
    int blockMap =
        block > 1 ? SparsityParameters.createBlockMapVector(builder, new int[] {dense}) : 0;
    int metadata = SparsityParameters.createDimMetadataVector(builder, ints(dimensions));
    return SparsityParameters.createSparsityParameters(builder, order, blockMap, metadata);
  }

  private static int dense(FlatBufferBuilder builder, int size) {
    return DimensionMetadata.createDimensionMetadata(
        builder, DimensionType.DENSE, size, SparseIndexVector.NONE, 0, SparseIndexVector.NONE, 0);
  }

  private static int largest(List<Integer> values) {
    return values.stream().mapToInt(Integer::intValue).max().orElse(0);
  }

  private static int width(List<Integer> values) {
    int largest = largest(values);
    return largest <= 0xff ? 1 : largest <= 0xffff ? 2 : 4;
  }

  private static byte type(List<Integer> values) {
    return switch (width(values)) {
      case 1 -> SparseIndexVector.Uint8Vector;
      case 2 -> SparseIndexVector.Uint16Vector;
      default -> SparseIndexVector.Int32Vector;
    };
  }

  private static int vector(FlatBufferBuilder builder, byte type, List<Integer> values) {
    if (type == SparseIndexVector.Int32Vector) {
      return Int32Vector.createInt32Vector(
          builder, Int32Vector.createValuesVector(builder, ints(values)));
    }
    // Alignment required by the schema (force_align), but missing in the generated Java.
    int width = type == SparseIndexVector.Uint8Vector ? 1 : 2;
    ByteBuffer space = builder.createUnintializedVector(width, values.size(), Integer.BYTES);
    for (int value : values) {
      if (width == 1) {
        space.put((byte) value);
      } else {
        space.putShort((short) value);
      }
    }
    int vector = builder.endVector();
    return width == 1
        ? Uint8Vector.createUint8Vector(builder, vector)
        : Uint16Vector.createUint16Vector(builder, vector);
  }

  private static int[] ints(List<Integer> values) {
    return values.stream().mapToInt(Integer::intValue).toArray();
  }
}
