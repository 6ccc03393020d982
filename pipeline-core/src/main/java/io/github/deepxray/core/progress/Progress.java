package io.github.deepxray.core.progress;

/**
 * Told by long work how far it is. Implementations draw a bar, print lines or ignore it; they are
 * called from several threads.
 */
@FunctionalInterface
public interface Progress {
  /** Listens to nothing. */
  Progress NONE = (task, total) -> Task.NONE;

  /**
   * A piece of work begins.
   *
   * @param name what is done, for example {@code embeddings}
   * @param total how many steps it takes, or -1 if that is unknown
   */
  Task start(String name, long total);

  /**
   * Something is worth knowing, such as that there is nothing to do.
   *
   * @param line for people, without a line break
   */
  default void note(String line) {}

  /** A piece of work under way. */
  interface Task extends AutoCloseable {
    /** Listens to nothing. */
    Task NONE = steps -> {};

    /** Some more steps are done. */
    void advance(long steps);

    /** The work is over. */
    @Override
    default void close() {}
  }
}
