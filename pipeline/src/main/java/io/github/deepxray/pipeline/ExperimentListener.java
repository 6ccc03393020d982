package io.github.deepxray.pipeline;

import java.io.IOException;
import java.nio.file.Path;

/** Notified of the trainings of experiments, on the thread that runs them. */
public interface ExperimentListener {
  /** Ignores everything. */
  ExperimentListener NONE = new ExperimentListener() {};

  /**
   * A training begins; one that is finished already does not.
   *
   * @param experiment the name of its experiment
   * @param seed its seed
   * @param folder its folder
   * @return what is notified of its stages, and closed after it
   */
  default PipelineListener onTraining(String experiment, long seed, Path folder)
      throws IOException {
    return PipelineListener.NONE;
  }

  /** A training failed; the others go on. */
  default void onFailure(String experiment, long seed, Throwable failure) {}
}
