package io.github.deepxray.pipeline;

import java.io.IOException;
import java.nio.file.Path;

/** Listener for the trainings of experiments, notified on the thread that runs them. */
public interface ExperimentListener {
  /** Listener that ignores all events. */
  ExperimentListener NONE = new ExperimentListener() {};

  /**
   * Notified before a training; trainings that are finished already are skipped.
   *
   * @param experiment name of its experiment
   * @param seed its seed
   * @param folder its folder
   * @return listener for the stages of this training; closed after the training
   */
  default PipelineListener onTraining(String experiment, long seed, Path folder)
      throws IOException {
    return PipelineListener.NONE;
  }

  /** Notified of a failed training; the other trainings continue. */
  default void onFailure(String experiment, long seed, Throwable failure) {}
}
