package io.github.deepxray.tflite.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.tensorflow.lite.schema.AddOptions;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.MulOptions;
import org.tensorflow.lite.schema.SoftmaxOptions;
import org.tensorflow.lite.schema.SubOptions;
import org.tensorflow.lite.schema.TensorType;

/** Checks elementwise operators and the softmax. */
final class ElementwiseChecks {
  private static final Set<Byte> NUMBERS =
      Set.of(TensorType.FLOAT32, TensorType.INT8, TensorType.INT16);

  /** Kernels shift sums to the left by 20 bits, those of 16-bit integers by 15. */
  private static final double LARGEST_SUM_RATIO = 0x1p13;

  private static final int LARGEST_RANK = 4;
  private static final float LARGEST_BETA = 0x1p10f;

  private ElementwiseChecks() {}

  static void add(FileOperator operator) {
    operator.requireArity(2, 2);
    if (operator.hasOptions()) {
      AddOptions options = operator.options(BuiltinOptions.AddOptions, new AddOptions());
      operator.requireFused(options.fusedActivationFunction());
    }
    sum(operator);
  }

  static void subtract(FileOperator operator) {
    operator.requireArity(2, 2);
    if (operator.hasOptions()) {
      SubOptions options = operator.options(BuiltinOptions.SubOptions, new SubOptions());
      operator.requireFused(options.fusedActivationFunction());
    }
    sum(operator);
  }

  static void multiply(FileOperator operator) {
    operator.requireArity(2, 2);
    if (operator.hasOptions()) {
      MulOptions options = operator.options(BuiltinOptions.MulOptions, new MulOptions());
      operator.requireFused(options.fusedActivationFunction());
    }
    broadcast(operator);
    if (operator.output().quantized()) {
      double step = (double) operator.input(0).scale(0) * operator.input(1).scale(0);
      IntegerChecks.requireStep(operator, step);
    }
  }

  /** TensorFlow Lite ends the process if a sum's steps are far finer than those of its operands. */
  private static void sum(FileOperator operator) {
    broadcast(operator);
    if (operator.output().quantized()) {
      float largest = Math.max(operator.input(0).scale(0), operator.input(1).scale(0));
      float result = operator.output().scale(0);
      operator.require(
          (double) largest / result < LARGEST_SUM_RATIO,
          "adds steps of %s to sums of %s",
          largest,
          result);
    }
  }

  /** Requires two operands of one type, the smaller of which is broadcast. */
  private static void broadcast(FileOperator operator) {
    FileTensor a = operator.input(0);
    FileTensor b = operator.input(1);
    numbers(operator, a);
    numbers(operator, b);
    operator.require(a.type == b.type, "computes with %s and %s of other types", a, b);
    int rank = Math.max(a.rank(), b.rank());
    List<Integer> shape = new ArrayList<>();
    for (int d = 0; d < rank; d++) {
      int first = size(a, d - rank + a.rank());
      int second = size(b, d - rank + b.rank());
      operator.require(
          first == second || first == 1 || second == 1,
          "computes with shapes %s and %s",
          a.shape,
          b.shape);
      shape.add(Math.max(first, second));
    }
    operator.requireShape(shape);
  }

  private static int size(FileTensor tensor, int dimension) {
    return dimension < 0 ? 1 : tensor.shape.get(dimension);
  }

  private static void numbers(FileOperator operator, FileTensor read) {
    operator.requireType(read, NUMBERS);
    operator.requireRank(read, 0, LARGEST_RANK);
    operator.requireTypeKept(read);
    operator.requireSteps(read);
    operator.requireSteps(operator.output());
  }

  /** Checks a function of one value without options. */
  static void rectify(FileOperator operator) {
    unary(operator, BuiltinOptions.NONE);
    rescaled(operator);
  }

  static void hardSwish(FileOperator operator) {
    unary(operator, BuiltinOptions.HardSwishOptions);
    requireNarrow(operator);
    rescaled(operator);
  }

  static void gelu(FileOperator operator) {
    unary(operator, BuiltinOptions.GeluOptions);
    requireNarrow(operator);
  }

  static void negate(FileOperator operator) {
    unary(operator, BuiltinOptions.NegOptions);
    operator.requireType(operator.output(), TensorType.FLOAT32);
  }

  static void reciprocalRoot(FileOperator operator) {
    unary(operator, BuiltinOptions.NONE);
    requireNarrow(operator);
    FileTensor x = operator.input(0);
    operator.require(
        !x.quantized() || x.zeroPoint(0) == Byte.MIN_VALUE,
        "takes roots of negative values, %s",
        x);
  }

  static void squaredDifference(FileOperator operator) {
    operator.requireArity(2, 2);
    operator.requireNoOptions(BuiltinOptions.SquaredDifferenceOptions);
    broadcast(operator);
    requireNarrow(operator);
    if (operator.output().quantized()) {
      double largest = Math.max(operator.input(0).scale(0), operator.input(1).scale(0));
      IntegerChecks.requireStep(operator, largest * largest);
    }
  }

  private static void requireNarrow(FileOperator operator) {
    operator.require(
        operator.output().type != TensorType.INT16, "has no kernel for integers of 16 bits");
  }

  static void logistic(FileOperator operator) {
    unary(operator, BuiltinOptions.NONE);
    probabilities(operator);
  }

  static void softmax(FileOperator operator) {
    operator.requireArity(1, 1);
    SoftmaxOptions options = operator.options(BuiltinOptions.SoftmaxOptions, new SoftmaxOptions());
    operator.require(
        options.beta() > 0 && options.beta() <= LARGEST_BETA, "has beta %s", options.beta());
    FileTensor x = operator.input(0);
    operator.requireRank(x, 1, LARGEST_RANK);
    numbers(operator, x);
    operator.requireShape(x.shape);
    probabilities(operator);
  }

  private static void unary(FileOperator operator, byte options) {
    operator.requireArity(1, 1);
    operator.requireNoOptions(options);
    numbers(operator, operator.input(0));
    operator.requireShape(operator.input(0).shape);
  }

  private static void rescaled(FileOperator operator) {
    if (operator.output().quantized()) {
      IntegerChecks.requireStep(operator, operator.input(0).scale(0));
    }
  }

  private static void probabilities(FileOperator operator) {
    if (operator.output().quantized()) {
      IntegerChecks.requireProbabilities(operator, operator.input(0));
    }
  }
}
