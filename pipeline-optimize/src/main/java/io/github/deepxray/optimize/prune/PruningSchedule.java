package io.github.deepxray.optimize.prune;

import io.github.deepxray.core.DeepXrayException;

/**
 * Schedule of sparsity and mask updates during training, with the meaning and defaults of
 * TensorFlow Model Optimization's (tfmot) pruning schedules.
 *
 * <p>Masks are updated at {@code beginStep}, {@code beginStep + frequency} and so on up to and
 * including {@code endStep}; in between, and after, they do not change. As in tfmot, a {@link
 * PolynomialDecay} whose {@code endStep - beginStep} is no multiple of the frequency ends slightly
 * below its final sparsity.
 */
public sealed interface PruningSchedule {
  /** Default number of steps between two updates in tfmot. */
  long DEFAULT_FREQUENCY = 100;

  /** End step for the end of training. */
  long NO_END = -1;

  /** Step of the first update. */
  long beginStep();

  /** Last step at which an update is possible; negative for no end. */
  long endStep();

  /** Number of steps between two updates. */
  long frequency();

  /**
   * Share of zeros of masks computed at a step, 0..1.
   *
   * @param step the number of optimizer finished steps, from 0
   */
  double sparsity(long step);

  /** Final share of zeros. */
  double targetSparsity();

  /**
   * Whether masks are updated at a step.
   *
   * @param step the number of optimizer finished steps, from 0
   */
  default boolean updates(long step) {
    return step >= beginStep()
        && (endStep() < 0 || step <= endStep())
        && (step - beginStep()) % frequency() == 0;
  }

  /**
   * Share of zeros after a training: that of its last update, 0 without updates.
   *
   * @param steps the number of its optimizer steps; the last one has the number {@code steps - 1}
   */
  default double sparsityAfter(long steps) {
    long last = endStep() < 0 ? steps - 1 : Math.min(endStep(), steps - 1);
    return last < beginStep()
        ? 0
        : sparsity(beginStep() + (last - beginStep()) / frequency() * frequency());
  }

  /**
   * Constant share from the first update to the last; masks may still change if masked weights are
   * trained.
   *
   * @param targetSparsity the share of zeros, from 0 to below 1
   * @param beginStep the step of the first update, 0 or more
   * @param endStep the last step at which an update is possible; negative (tfmot's -1) for no end
   * @param frequency the number of steps between two updates, at least 1
   */
  record ConstantSparsity(double targetSparsity, long beginStep, long endStep, long frequency)
      implements PruningSchedule {
    /** Checks the numbers. */
    public ConstantSparsity {
      checkSparsity(targetSparsity, "targetSparsity");
      check(beginStep >= 0, "beginStep", "0 or more", beginStep);
      check(endStep < 0 || endStep >= beginStep, "endStep", "-1 or from beginStep on", endStep);
      check(frequency >= 1, "frequency", "at least 1", frequency);
    }

    /**
     * Creates a schedule from a step to the end of training, with updates every {@value
     * #DEFAULT_FREQUENCY} steps.
     */
    public ConstantSparsity(double targetSparsity, long beginStep) {
      this(targetSparsity, beginStep, NO_END, DEFAULT_FREQUENCY);
    }

    @Override
    public double sparsity(long step) {
      return targetSparsity;
    }
  }

  /**
   * Polynomial increase, fast at first and slower towards the end (Zhu and Gupta 2017, "To prune,
   * or not to prune"): {@code final + (initial - final) * (1 - p) ^ power}, where {@code p} goes
   * from 0 at {@code beginStep} to 1 at {@code endStep}.
   *
   * @param initialSparsity the share of zeros at the first update, from 0 to below 1
   * @param finalSparsity the share of zeros at {@code endStep}, from 0 to below 1
   * @param beginStep the step of the first update, 0 or more
   * @param endStep the last step at which an update is possible, after {@code beginStep}
   * @param power the exponent, positive
   * @param frequency the number of steps between two updates, at least 1
   */
  record PolynomialDecay(
      double initialSparsity,
      double finalSparsity,
      long beginStep,
      long endStep,
      double power,
      long frequency)
      implements PruningSchedule {
    /** tfmot's exponent. */
    public static final double DEFAULT_POWER = 3;

    /** Checks the numbers. */
    public PolynomialDecay {
      checkSparsity(initialSparsity, "initialSparsity");
      checkSparsity(finalSparsity, "finalSparsity");
      check(beginStep >= 0, "beginStep", "0 or more", beginStep);
      check(endStep > beginStep, "endStep", "after beginStep", endStep);
      check(power > 0, "power", "positive", power);
      check(frequency >= 1, "frequency", "at least 1", frequency);
    }

    @Override
    public double sparsity(long step) {
      double p = (double) (step - beginStep) / (endStep - beginStep);
      double left = 1 - Math.max(0, Math.min(1, p));
      return finalSparsity + (initialSparsity - finalSparsity) * StrictMath.pow(left, power);
    }

    @Override
    public double targetSparsity() {
      return finalSparsity;
    }
  }

  private static void checkSparsity(double value, String field) {
    check(value >= 0 && value < 1, field, "from 0 to below 1", value);
  }

  private static void check(boolean valid, String field, String range, Number value) {
    if (!valid) {
      throw new DeepXrayException(
          "Pruning schedule: " + field + " must be " + range + ", not " + value + ".");
    }
  }
}
