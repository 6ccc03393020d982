package io.github.deepxray.tflite.internal;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.tensorflow.lite.schema.ActivationFunctionType;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.ConcatenationOptions;
import org.tensorflow.lite.schema.ReshapeOptions;
import org.tensorflow.lite.schema.SqueezeOptions;
import org.tensorflow.lite.schema.TensorType;

/** Checks operators that change the order or shape of values. */
final class LayoutChecks {
  private static final Set<Byte> NUMBERS =
      Set.of(TensorType.FLOAT32, TensorType.INT8, TensorType.UINT8, TensorType.INT16);

  private static final int LARGEST_RANK = 5;
  private static final int MOST_PARTS = 128;

  private LayoutChecks() {}

  private static FileTensor passed(FileOperator operator, int least) {
    FileTensor x = operator.input(0);
    operator.requireType(x, NUMBERS);
    operator.requireRank(x, least, LARGEST_RANK);
    operator.requirePassed(x);
    return x;
  }

  static void reshape(FileOperator operator) {
    operator.requireArity(1, 2);
    FileTensor x = passed(operator, 0);
    List<Integer> wanted;
    if (operator.optional(1).isPresent()) {
      operator.requireRank(operator.input(1), 1, 1);
      if (operator.hasOptions()) {
        operator.options(BuiltinOptions.ReshapeOptions, new ReshapeOptions());
      }
      wanted = operator.known(operator.input(1));
    } else {
      ReshapeOptions options =
          operator.options(BuiltinOptions.ReshapeOptions, new ReshapeOptions());
      int rank = options.newShapeLength();
      operator.require(rank <= LARGEST_RANK, "writes %d dimensions", rank);
      wanted = IntStream.range(0, rank).mapToObj(options::newShape).toList();
    }
    operator.require(wanted.size() <= LARGEST_RANK, "writes %d dimensions", wanted.size());
    operator.requireShape(filled(operator, wanted, x.elements()));
  }

  /** Returns the shape with the open size, -1, filled in. */
  private static List<Integer> filled(FileOperator operator, List<Integer> wanted, long elements) {
    long product = 1;
    int open = 0;
    for (int size : wanted) {
      operator.require(size == -1 || size >= 1, "writes shape %s", wanted);
      open += size == -1 ? 1 : 0;
      product *= size == -1 ? 1 : size;
      operator.require(product <= elements, "writes shape %s of %d values", wanted, elements);
    }
    operator.require(
        open == 0 ? product == elements : open == 1 && elements % product == 0,
        "writes shape %s of %d values",
        wanted,
        elements);
    int size = (int) (elements / product);
    return wanted.stream().map(given -> given == -1 ? Integer.valueOf(size) : given).toList();
  }

  static void squeeze(FileOperator operator) {
    operator.requireArity(1, 1);
    SqueezeOptions options = operator.options(BuiltinOptions.SqueezeOptions, new SqueezeOptions());
    FileTensor x = passed(operator, 1);
    operator.require(options.squeezeDimsLength() <= LARGEST_RANK, "squeezes too much");
    BitSet squeezed = new BitSet();
    for (int i = 0; i < options.squeezeDimsLength(); i++) {
      squeezed.set(operator.dimension(options.squeezeDims(i), x.rank()));
    }
    List<Integer> shape = new ArrayList<>();
    for (int d = 0; d < x.rank(); d++) {
      boolean one = x.shape.get(d) == 1;
      operator.require(one || !squeezed.get(d), "squeezes dimension %d of %s", d, x.shape);
      if (!(squeezed.isEmpty() ? one : squeezed.get(d))) {
        shape.add(x.shape.get(d));
      }
    }
    operator.requireShape(shape);
  }

  static void transpose(FileOperator operator) {
    operator.requireArity(2, 2);
    operator.requireNoOptions(BuiltinOptions.TransposeOptions);
    FileTensor x = passed(operator, 1);
    operator.requireRank(operator.input(1), 1, 1);
    List<Integer> order = operator.known(operator.input(1));
    operator.require(
        order.stream().sorted().toList().equals(IntStream.range(0, x.rank()).boxed().toList()),
        "has order %s for %d dimensions",
        order,
        x.rank());
    operator.requireShape(order.stream().map(x.shape::get).toList());
  }

  static void pad(FileOperator operator) {
    operator.requireArity(2, 2);
    operator.requireNoOptions(BuiltinOptions.PadOptions);
    FileTensor x = passed(operator, 1);
    operator.requireRank(x, 1, 4);
    FileTensor paddings = operator.input(1);
    operator.require(
        paddings.shape.equals(List.of(x.rank(), 2)), "has paddings of shape %s", paddings.shape);
    operator.requireSteps(x);
    List<Integer> sizes = operator.known(paddings);
    List<Integer> shape = new ArrayList<>();
    for (int d = 0; d < x.rank(); d++) {
      int before = sizes.get(2 * d);
      int after = sizes.get(2 * d + 1);
      operator.require(
          before >= 0
              && after >= 0
              && before <= FileOperator.LARGEST_STEP
              && after <= FileOperator.LARGEST_STEP,
          "pads by %d and %d",
          before,
          after);
      shape.add(x.shape.get(d) + before + after);
    }
    operator.requireShape(shape);
  }

  static void concatenate(FileOperator operator) {
    operator.requireArity(1, MOST_PARTS);
    ConcatenationOptions options =
        operator.options(BuiltinOptions.ConcatenationOptions, new ConcatenationOptions());
    operator.require(
        options.fusedActivationFunction() == ActivationFunctionType.NONE,
        "has activation %d",
        options.fusedActivationFunction());
    FileTensor first = operator.input(0);
    if (first.type == TensorType.INT32) {
      SliceChecks.join(operator);
      return;
    }
    passed(operator, 1);
    int axis = operator.dimension(options.axis(), first.rank());
    long together = 0;
    for (int i = 0; i < operator.inputs(); i++) {
      FileTensor part = operator.input(i);
      operator.requirePassed(part);
      List<Integer> shape = new ArrayList<>(part.shape);
      operator.require(shape.size() == first.rank(), "joins %s and %s", first.shape, part.shape);
      together += shape.set(axis, first.shape.get(axis));
      operator.require(shape.equals(first.shape), "joins %s and %s", first.shape, part.shape);
    }
    List<Integer> shape = new ArrayList<>(first.shape);
    operator.require(together <= Integer.MAX_VALUE, "joins too much");
    shape.set(axis, (int) together);
    operator.requireShape(shape);
  }
}
