package io.github.deepxray.train.stage;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.progress.Progress;
import java.nio.file.Path;

/**
 * The surroundings that stages run in: engine, processor cores, cache, and who is told of progress.
 * What changes the result of a stage is in its options instead, but for the engine.
 *
 * <p>Immutable; each {@code with} method returns a changed copy.
 */
public final class Context {
  private static final int USUAL_INTERVAL = 10;

  private final EngineFactory engines;
  private final Path cache;
  private final int cores;
  private final Progress progress;
  private final TrainingListener listener;
  private final boolean resume;
  private final int checkpointEvery;

  private Context(
      EngineFactory engines,
      Path cache,
      int cores,
      Progress progress,
      TrainingListener listener,
      boolean resume,
      int checkpointEvery) {
    if (cores < 1) {
      throw new DeepXrayException("At least 1 core is needed, not " + cores + ".");
    }
    if (checkpointEvery < 1) {
      throw new DeepXrayException(
          "A checkpoint can be written every 1, 2 or more epochs, not every "
              + checkpointEvery
              + ".");
    }
    this.engines = engines;
    this.cache = cache;
    this.cores = cores;
    this.progress = progress;
    this.listener = listener;
    this.resume = resume;
    this.checkpointEvery = checkpointEvery;
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

  /** What runs networks. */
  public EngineFactory engines() {
    return engines;
  }

  /** The folder of all embedding caches. */
  public Path cache() {
    return cache;
  }

  /** How many processor cores to use. */
  public int cores() {
    return cores;
  }

  /** Notified of how far each stage is. */
  public Progress progress() {
    return progress;
  }

  /** Notified after each epoch. */
  public TrainingListener listener() {
    return listener;
  }

  /** Whether a stage uses what an earlier run of it left: its result or its last checkpoint. */
  public boolean resumes() {
    return resume;
  }

  /** After how many epochs of a head's training a checkpoint is written. */
  public int checkpointEvery() {
    return checkpointEvery;
  }

  /** The same with another engine. */
  public Context withEngines(EngineFactory factory) {
    return new Context(factory, cache, cores, progress, listener, resume, checkpointEvery);
  }

  /** The same with another folder of caches. */
  public Context withCache(Path folder) {
    return new Context(engines, folder, cores, progress, listener, resume, checkpointEvery);
  }

  /**
   * The same on another number of processor cores.
   *
   * @throws DeepXrayException if that is less than 1
   */
  public Context withCores(int number) {
    return new Context(engines, cache, number, progress, listener, resume, checkpointEvery);
  }

  /** The same with another observer of progress. */
  public Context withProgress(Progress observer) {
    return new Context(engines, cache, cores, observer, listener, resume, checkpointEvery);
  }

  /** The same with another listener in place of the present one. */
  public Context withListener(TrainingListener other) {
    return new Context(engines, cache, cores, progress, other, resume, checkpointEvery);
  }

  /** The same, but every stage starts anew, whatever an earlier run of it left. */
  public Context startingAnew() {
    return new Context(engines, cache, cores, progress, listener, false, checkpointEvery);
  }

  /**
   * The same with another interval of checkpoints.
   *
   * @param epochs the number of epochs between two
   * @throws DeepXrayException if that is less than 1
   */
  public Context withCheckpointEvery(int epochs) {
    return new Context(engines, cache, cores, progress, listener, resume, epochs);
  }
}
