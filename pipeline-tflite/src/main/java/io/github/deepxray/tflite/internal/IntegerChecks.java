package io.github.deepxray.tflite.internal;

import java.util.Set;
import org.tensorflow.lite.schema.TensorType;

/** Checks that the scales of inputs and outputs are compatible. */
final class IntegerChecks {
  private static final float PROBABILITY_STEP = 0x1p-8f;
  private static final float WIDE_PROBABILITY_STEP = 0x1p-15f;

  /** Largest step in front of a sigmoid or softmax: a larger step saturates. */
  private static final float LARGEST_LOGIT_STEP = 0x1p16f;

  /** Kernels multiply by 31 bits and shift by up to 30 more. */
  private static final double LARGEST_MEAN_RATIO = 0x1p24;

  private IntegerChecks() {}

  /** Requires integers of 8 or 16 bits with a single scale in input and output. */
  static void requireIntegers(FileOperator operator, FileTensor read) {
    operator.requireType(read, Set.of(TensorType.INT8, TensorType.INT16));
    operator.requireSteps(read);
    operator.requireSteps(operator.output());
  }

  /** Requires that the steps of the summands are not far coarser than those of the result. */
  static void requireStep(FileOperator operator, double step) {
    requireStep(operator, step, IntegerKernel.LARGEST_RATIO);
  }

  /** Requires the same for a mean, which may be small although its inputs are not. */
  static void requireMeanStep(FileOperator operator, double step) {
    requireStep(operator, step, LARGEST_MEAN_RATIO);
  }

  private static void requireStep(FileOperator operator, double step, double limit) {
    float result = operator.output().scale(0);
    operator.require(
        step / result < limit, "has steps of %s for results in steps of %s", (float) step, result);
  }

  /** Requires the fixed quantization parameters of probabilities in TFLite's kernels. */
  static void requireProbabilities(FileOperator operator, FileTensor read) {
    requireIntegers(operator, read);
    FileTensor y = operator.output();
    boolean wide = y.type == TensorType.INT16;
    operator.require(
        y.scale(0) == (wide ? WIDE_PROBABILITY_STEP : PROBABILITY_STEP)
            && y.zeroPoint(0) == (wide ? 0 : Byte.MIN_VALUE),
        "writes probabilities in steps of %s from %d",
        y.scale(0),
        y.zeroPoint(0));
    operator.require(
        read.scale(0) <= LARGEST_LOGIT_STEP, "reads %s in steps of %s", read, read.scale(0));
  }
}
