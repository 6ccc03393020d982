package io.github.deepxray.testkit;

import io.github.deepxray.core.progress.Progress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Progress listener that collects notes only.
 *
 * @param lines the notes in order
 */
public record ProgressNotes(List<String> lines) implements Progress {
  /** Creates an empty listener. */
  public ProgressNotes() {
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
