package io.github.deepxray.train;

/** Told how training goes; whatever watches training is one of these. */
public interface TrainingListener {
  /** Listens to nothing. */
  TrainingListener NONE = new TrainingListener() {};

  /** Training begins, at epoch {@code firstEpoch} (0, or later if it is resumed). */
  default void onTrainingBegin(int firstEpoch, int epochs) {}

  /** An epoch is done. */
  default void onEpochEnd(EpochResult result) {}

  /** Training is over. */
  default void onTrainingEnd(int bestEpoch) {}

  /** This listener, then another. */
  default TrainingListener and(TrainingListener next) {
    TrainingListener first = this;
    return new TrainingListener() {
      @Override
      public void onTrainingBegin(int firstEpoch, int epochs) {
        first.onTrainingBegin(firstEpoch, epochs);
        next.onTrainingBegin(firstEpoch, epochs);
      }

      @Override
      public void onEpochEnd(EpochResult result) {
        first.onEpochEnd(result);
        next.onEpochEnd(result);
      }

      @Override
      public void onTrainingEnd(int bestEpoch) {
        first.onTrainingEnd(bestEpoch);
        next.onTrainingEnd(bestEpoch);
      }
    };
  }
}
