package io.github.deepxray.core.progress;

/**
 * Progress listener of long work. Implementations draw a bar, print lines or ignore it; they are
 * called from several threads.
 */
@FunctionalInterface
public interface Progress {
  /** Listener that ignores all calls. */
  Progress NONE = (task, total) -> Task.NONE;

  /**
   * Called when a task begins.
   *
   * @param name the name of the task, for example {@code embeddings}
   * @param total the number of steps, or -1 if unknown
   */
  Task start(String name, long total);

  /**
   * Called with a message for users, such as that there is nothing to do.
   *
   * @param line the text, without a line break
   */
  default void note(String line) {}

  /** Running task. */
  interface Task extends AutoCloseable {
    /** Task that ignores all calls. */
    Task NONE = steps -> {};

    /** Called after some more steps. */
    void advance(long steps);

    /** Called when the task ends. */
    @Override
    default void close() {}
  }
}
