package io.github.deepxray.tflite.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.GatherOptions;
import org.tensorflow.lite.schema.PackOptions;
import org.tensorflow.lite.schema.ReducerOptions;
import org.tensorflow.lite.schema.ShapeOptions;
import org.tensorflow.lite.schema.StridedSliceOptions;
import org.tensorflow.lite.schema.TensorType;

/**
 * Checks slices and operators that compute shapes, which converters write for open batch sizes.
 * Their results are known before the file runs.
 */
final class SliceChecks {
  private static final Set<Byte> TYPES =
      Set.of(
          TensorType.FLOAT32,
          TensorType.INT8,
          TensorType.UINT8,
          TensorType.INT16,
          TensorType.INT32);

  private static final int LARGEST_RANK = 5;

  private SliceChecks() {}

  static void shape(FileOperator operator) {
    operator.requireArity(1, 1);
    ShapeOptions options = operator.options(BuiltinOptions.ShapeOptions, new ShapeOptions());
    operator.require(
        options.outType() == TensorType.INT32,
        "writes sizes of type %s",
        FileTensor.name(options.outType()));
    write(operator, operator.input(0).shape);
  }

  /** Checks the packing of single integers into a vector. */
  static void pack(FileOperator operator) {
    operator.requireArity(1, LARGEST_RANK);
    PackOptions options = operator.options(BuiltinOptions.PackOptions, new PackOptions());
    operator.require(
        options.axis() == 0 && options.valuesCount() == operator.inputs(),
        "packs %d values along axis %d",
        options.valuesCount(),
        options.axis());
    List<Integer> packed = new ArrayList<>();
    for (int i = 0; i < operator.inputs(); i++) {
      operator.requireRank(operator.input(i), 0, 0);
      packed.addAll(operator.known(operator.input(i)));
    }
    write(operator, packed);
  }

  /** Checks the concatenation of vectors of integers. */
  static void join(FileOperator operator) {
    List<Integer> joined = new ArrayList<>();
    for (int i = 0; i < operator.inputs(); i++) {
      operator.requireRank(operator.input(i), 1, 1);
      joined.addAll(operator.known(operator.input(i)));
    }
    write(operator, joined);
  }

  /** Checks the selection of integers from a vector. */
  static void gather(FileOperator operator) {
    operator.requireArity(2, 2);
    GatherOptions options = operator.options(BuiltinOptions.GatherOptions, new GatherOptions());
    operator.require(
        options.axis() == 0 && options.batchDims() == 0, "takes along axis %d", options.axis());
    operator.requireRank(operator.input(0), 1, 1);
    operator.requireRank(operator.input(1), 1, 1);
    List<Integer> from = operator.known(operator.input(0));
    List<Integer> gathered = new ArrayList<>();
    for (int place : operator.known(operator.input(1))) {
      operator.require(place >= 0 && place < from.size(), "takes place %d", place);
      gathered.add(from.get(place));
    }
    write(operator, gathered);
  }

  /** Checks the product of a vector of integers. */
  static void product(FileOperator operator) {
    operator.requireArity(2, 2);
    ReducerOptions options = operator.options(BuiltinOptions.ReducerOptions, new ReducerOptions());
    operator.requireRank(operator.input(0), 1, 1);
    List<Integer> axes = operator.known(operator.input(1));
    operator.require(
        axes.equals(List.of(0)) && !options.keepDims(), "multiplies along axes %s", axes);
    long product = 1;
    for (int factor : operator.known(operator.input(0))) {
      product *= factor;
      operator.require(product == (int) product, "has a product beyond 32 bits");
    }
    operator.requireType(operator.output(), TensorType.INT32);
    operator.requireShape(List.of());
    operator.learn(List.of((int) product));
  }

  private static void write(FileOperator operator, List<Integer> vector) {
    operator.requireType(operator.output(), TensorType.INT32);
    operator.requireShape(List.of(vector.size()));
    operator.learn(vector);
  }

  /** Begin, stride and size of a slice in a dimension. */
  private record Range(int begin, int stride, int count) {}

  static void stridedSlice(FileOperator operator) {
    operator.requireArity(4, 4);
    StridedSliceOptions options =
        operator.options(BuiltinOptions.StridedSliceOptions, new StridedSliceOptions());
    FileTensor x = operator.input(0);
    operator.requireType(x, TYPES);
    operator.requireRank(x, 1, LARGEST_RANK);
    operator.requirePassed(x);
    operator.require(
        options.ellipsisMask() == 0 && options.newAxisMask() == 0 && !options.offset(),
        "adds dimensions or counts from its beginning");
    List<List<Integer>> limits = new ArrayList<>();
    for (int i = 1; i < 4; i++) {
      FileTensor limit = operator.input(i);
      operator.require(
          limit.shape.equals(List.of(x.rank())), "has limits, %s, of shape %s", limit, limit.shape);
      limits.add(operator.known(limit));
    }
    List<Integer> shape = new ArrayList<>();
    Range last = new Range(0, 1, 1);
    for (int d = 0; d < x.rank(); d++) {
      last = range(operator, options, limits, d);
      if (!bit(options.shrinkAxisMask(), d)) {
        shape.add(last.count());
      }
    }
    operator.requireShape(shape);
    Optional<List<Integer>> integers = operator.ifKnown(x);
    if (x.rank() == 1 && integers.isPresent()) {
      List<Integer> taken = new ArrayList<>();
      for (int i = 0; i < last.count(); i++) {
        taken.add(integers.get().get(last.begin() + i * last.stride()));
      }
      operator.learn(taken);
    }
  }

  private static Range range(
      FileOperator operator, StridedSliceOptions options, List<List<Integer>> limits, int d) {
    int size = operator.input(0).shape.get(d);
    int stride = limits.get(2).get(d);
    operator.require(stride >= 1 && stride <= size, "has stride %d of %d", stride, size);
    int begin = bit(options.beginMask(), d) ? 0 : place(limits.get(0).get(d), size);
    if (bit(options.shrinkAxisMask(), d)) {
      operator.require(
          begin < size
              && limits.get(0).get(d) >= -size
              && stride == 1
              && !bit(options.beginMask(), d),
          "takes place %d of %d",
          limits.get(0).get(d),
          size);
      return new Range(begin, 1, 1);
    }
    int end = bit(options.endMask(), d) ? size : place(limits.get(1).get(d), size);
    operator.require(begin < end, "takes nothing of dimension %d", d);
    return new Range(begin, stride, (end - begin + stride - 1) / stride);
  }

  /** Converts a limit to a position counted from the front and inside the dimension. */
  private static int place(int limit, int size) {
    long counted = limit < 0 ? (long) limit + size : limit;
    return (int) Math.max(0, Math.min(size, counted));
  }

  private static boolean bit(int mask, int dimension) {
    return (mask >> dimension & 1) != 0;
  }
}
