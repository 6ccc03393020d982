package io.github.deepxray.train.recipe;

/** Learning rate of each optimizer step; names and formulas are those of Keras. */
public sealed interface LearningRateSchedule {
  /**
   * Returns the learning rate of a step.
   *
   * @param step number of previous steps, from 0
   */
  double at(long step);

  /** Constant learning rate. */
  record Constant(double learningRate) implements LearningRateSchedule {
    @Override
    public double at(long step) {
      return learningRate;
    }
  }

  /** {@code initial * decayRate ^ (step / decaySteps)}. */
  record ExponentialDecay(double initialLearningRate, int decaySteps, double decayRate)
      implements LearningRateSchedule {
    @Override
    public double at(long step) {
      return initialLearningRate * StrictMath.pow(decayRate, (double) step / decaySteps);
    }
  }

  /**
   * Linear warmup over {@code warmupSteps}, starting at {@code 1 / (warmupSteps + 1)} of the peak,
   * then half a cosine down to 0 over {@code decaySteps} (Loshchilov and Hutter 2017).
   */
  record CosineDecay(double peakLearningRate, long warmupSteps, long decaySteps)
      implements LearningRateSchedule {
    @Override
    public double at(long step) {
      if (step < warmupSteps) {
        return peakLearningRate * (step + 1) / (warmupSteps + 1);
      }
      double done = Math.min(1, (double) (step - warmupSteps) / decaySteps);
      return peakLearningRate * 0.5 * (1 + StrictMath.cos(Math.PI * done));
    }
  }
}
