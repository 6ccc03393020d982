package io.github.deepxray.train.stage;

/** Listener for the progress of training. */
public interface TrainingListener {
  /** Listener that ignores all events. */
  TrainingListener NONE = new TrainingListener() {};

  /** Phase in which only the head is trained. */
  String HEAD = "head";

  /** Phase in which layers of the backbone are trained with the head. */
  String FINE_TUNING = "fine-tuning";

  /**
   * Notified when training begins.
   *
   * @param phase {@link #HEAD} or {@link #FINE_TUNING}
   * @param firstEpoch number of the first epoch, above 0 if training is resumed
   * @param epochs maximum number of epochs
   */
  default void onTrainingBegin(String phase, int firstEpoch, int epochs) {}

  /** Notified after each epoch. */
  default void onEpochEnd(EpochResult result) {}

  /** Notified when training ends. */
  default void onTrainingEnd(int bestEpoch) {}

  /** Returns a listener that notifies this listener, then another one. */
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
