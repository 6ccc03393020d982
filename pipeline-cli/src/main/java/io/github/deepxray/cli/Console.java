package io.github.deepxray.cli;

import io.github.deepxray.core.progress.Progress;
import java.io.PrintWriter;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import picocli.CommandLine;

/** Progress output on the error stream: bars on a terminal, otherwise a line from time to time. */
final class Console implements Progress {
  private static final long LINE_EVERY_NANOS = 10_000_000_000L;

  private final PrintWriter err;
  private final boolean terminal;

  Console(PrintWriter err) {
    this.err = err;
    // Picocli's test for colours detects a terminal on every platform and Java version.
    this.terminal = CommandLine.Help.Ansi.AUTO.enabled() && System.getenv("CI") == null;
  }

  /** Whether the error stream is a terminal. */
  boolean isTerminal() {
    return terminal;
  }

  @Override
  public Task start(String name, long total) {
    return terminal ? new Bar(name, total) : new Lines(name, total);
  }

  @Override
  public void note(String line) {
    err.println(line);
    err.flush();
  }

  private static final class Bar implements Task {
    private final ProgressBar bar;

    Bar(String name, long total) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(name)
              .setInitialMax(total)
              .setStyle(ProgressBarStyle.ASCII)
              .showSpeed()
              .setUpdateIntervalMillis(200)
              .build();
    }

    @Override
    public void advance(long steps) {
      bar.stepBy(steps);
    }

    @Override
    public void close() {
      bar.close();
    }
  }

  private final class Lines implements Task {
    private final String name;
    private final long total;
    private final long start = System.nanoTime();
    private long done;
    private long printed = start;

    Lines(String name, long total) {
      this.name = name;
      this.total = total;
    }

    @Override
    public synchronized void advance(long steps) {
      done += steps;
      if (System.nanoTime() - printed > LINE_EVERY_NANOS) {
        printed = System.nanoTime();
        print();
      }
    }

    @Override
    public synchronized void close() {
      print();
    }

    private void print() {
      double seconds = (System.nanoTime() - start) / 1e9;
      err.printf(
          Locale.ROOT,
          "%s: %d%s, %.1f s, %.0f/s%n",
          name,
          done,
          total < 0 ? "" : " of " + total,
          seconds,
          done / Math.max(seconds, 1e-9));
      err.flush();
    }
  }
}
