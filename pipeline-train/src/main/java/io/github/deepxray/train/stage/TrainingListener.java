package io.github.deepxray.train.stage;

/** Told how training goes; whatever watches training is one of these. */
public interface TrainingListener {
  /** Listens to nothing. */
  TrainingListener NONE = new TrainingListener() {};

  /** The phase in which the head alone is trained. */
  String HEAD = "head";

  /** The phase in which layers of the backbone are trained with the head. */
  String FINE_TUNING = "fine-tuning";

  /**
   * Training begins.
   *
   * @param phase {@link #HEAD} or {@link #FINE_TUNING}
   * @param firstEpoch 0, or later if it is resumed
   * @param epochs the most epochs
   */
  default void onTrainingBegin(String phase, int firstEpoch, int epochs) {}

  /** An epoch is done. */
  default void onEpochEnd(EpochResult result) {}

  /** Training is over. */
  default void onTrainingEnd(int bestEpoch) {}

  /** This listener, then another. */
  default TrainingListener and(TrainingListener next) {
    TrainingListener first = this;
    return new TrainingListener() {
      @Override
      public void onTrainingBegin(String phase, int firstEpoch, int epochs) {
        first.onTrainingBegin(phase, firstEpoch, epochs);
        next.onTrainingBegin(phase, firstEpoch, epochs);
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
