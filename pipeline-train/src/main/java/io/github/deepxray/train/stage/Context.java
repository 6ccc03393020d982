package io.github.deepxray.train.stage;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.progress.Progress;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.file.Path;

/**
 * Execution context of stages: engine, processor cores, cache and listeners. Apart from the engine,
 * settings that change a result belong to the options of a stage.
 *
 * @param engines factory of the engine that runs networks
 * @param cache folder of the embedding caches
 * @param cores number of processor cores to use, at least 1
 * @param progress notified of the progress of each stage
 * @param listener notified after each epoch
 * @param resumes whether a stage reuses the result or the last checkpoint of an earlier run
 * @param checkpointEvery number of epochs of head training between checkpoints, at least 1
 */
@RecordBuilder
public record Context(
    EngineFactory engines,
    Path cache,
    int cores,
    Progress progress,
    TrainingListener listener,
    boolean resumes,
    int checkpointEvery)
    implements ContextBuilder.With {
  private static final int USUAL_INTERVAL = 10;

  /** Checks the numbers. */
  public Context {
    if (cores < 1) {
      throw new DeepXrayException("At least 1 core is needed, not " + cores + ".");
    }
    if (checkpointEvery < 1) {
      throw new DeepXrayException(
          "A checkpoint can be written every 1, 2 or more epochs, not every "
              + checkpointEvery
              + ".");
    }
  }

  /**
   * Returns a context on all processor cores that reports no progress, resumes interrupted stages
   * and writes a checkpoint every 10 epochs.
   *
   * @param engines factory of the engine that runs networks
   * @param cache folder of the embedding caches
   */
  public static Context of(EngineFactory engines, Path cache) {
    return new Context(
        engines,
        cache,
        Runtime.getRuntime().availableProcessors(),
        Progress.NONE,
        TrainingListener.NONE,
        true,
        USUAL_INTERVAL);
  }

  /** Returns a copy whose stages ignore earlier results and checkpoints. */
  public Context withoutResuming() {
    return withResumes(false);
  }
}
