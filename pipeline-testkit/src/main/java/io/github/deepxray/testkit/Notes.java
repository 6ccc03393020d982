package io.github.deepxray.testkit;

import io.github.deepxray.core.progress.Progress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Progress that keeps its notes and nothing else.
 *
 * @param lines the notes in their order
 */
public record Notes(List<String> lines) implements Progress {
  /** Without notes yet. */
  public Notes() {
    this(new CopyOnWriteArrayList<>());
  }

  @Override
  public Task start(String name, long total) {
    return Task.NONE;
  }

  @Override
  public void note(String line) {
    lines.add(line);
  }
}
