package io.github.deepxray.tflite.internal;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.Pool2DOptions;
import org.tensorflow.lite.schema.ReducerOptions;
import org.tensorflow.lite.schema.TensorType;

/** Checks pooling and means. */
final class ReductionChecks {
  private static final Set<Byte> NUMBERS =
      Set.of(TensorType.FLOAT32, TensorType.INT8, TensorType.INT16);

  private static final int LARGEST_RANK = 4;

  private ReductionChecks() {}

  static void pool(FileOperator operator) {
    operator.requireArity(1, 1);
    Pool2DOptions options = operator.options(BuiltinOptions.Pool2DOptions, new Pool2DOptions());
    operator.requireFused(options.fusedActivationFunction());
    FileTensor x = operator.input(0);
    operator.requireType(x, NUMBERS);
    operator.requireRank(x, 4, 4);
    operator.requirePassed(x);
    operator.requireSteps(x);
    Window window = Window.ofPool(operator);
    operator.requireShape(window.slide(operator, x, x.channels()));
    operator.compute((double) operator.output().elements() * window.area());
    operator.work(window.workspace(operator.output(), x));
  }

  static void mean(FileOperator operator) {
    operator.requireArity(2, 2);
    ReducerOptions options = operator.options(BuiltinOptions.ReducerOptions, new ReducerOptions());
    FileTensor x = operator.input(0);
    operator.requireType(x, NUMBERS);
    operator.requireRank(x, 1, LARGEST_RANK);
    operator.requireTypeKept(x);
    operator.requireSteps(x);
    operator.requireSteps(operator.output());
    BitSet reduced = new BitSet();
    for (int axis : operator.known(operator.input(1))) {
      reduced.set(operator.dimension(axis, x.rank()));
    }
    List<Integer> shape = new ArrayList<>();
    for (int d = 0; d < x.rank(); d++) {
      if (!reduced.get(d)) {
        shape.add(x.shape.get(d));
      } else if (options.keepDims()) {
        shape.add(1);
      }
    }
    operator.requireShape(shape);
    if (x.quantized()) {
      IntegerChecks.requireMeanStep(operator, x.scale(0));
    }
    operator.compute((double) x.elements());
  }
}
