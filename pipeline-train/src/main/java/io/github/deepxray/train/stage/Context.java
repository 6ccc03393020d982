package io.github.deepxray.train.stage;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.progress.Progress;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.file.Path;

/**
 * The surroundings that stages run in: engine, processor cores, cache, and who is told of progress.
 * What changes the result of a stage is in its options instead, but for the engine.
 *
 * @param engines what runs networks
 * @param cache the folder of all embedding caches
 * @param cores how many processor cores to use, at least 1
 * @param progress notified of how far each stage is
 * @param listener notified after each epoch
 * @param resumes whether a stage uses what an earlier run of it left: its result or its last
 *     checkpoint
 * @param checkpointEvery after how many epochs of a head's training a checkpoint is written, at
 *     least 1
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
   * A context on all processor cores that reports to nobody, resumes what was interrupted and
   * writes a checkpoint every 10 epochs.
   *
   * @param engines what runs networks
   * @param cache the folder of all embedding caches
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

  /** The same, but every stage starts anew, whatever an earlier run of it left. */
  public Context startingAnew() {
    return withResumes(false);
  }
}
