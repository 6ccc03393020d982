package io.github.deepxray.cli;

import io.github.deepxray.core.engine.Engines;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.pipeline.Pipeline;
import io.github.deepxray.pipeline.PipelineListener;
import io.github.deepxray.pipeline.Tracking;
import io.github.deepxray.train.stage.EpochResult;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of the engine that runs the network. */
final class EngineOptions {
  @Option(
      names = "--cache",
      paramLabel = "<dir>",
      description =
          "Cache folder of embeddings, with image hashes as keys; several --out may "
              + "share it. Default: <out>/cache.")
  Optional<Path> cache;

  @Option(
      names = "--engine",
      defaultValue = "tflite",
      paramLabel = "<name>",
      description =
          "Engine of the backbone: tflite (faster on CPUs) or tensorflow. Default: "
              + "${DEFAULT-VALUE}.")
  String engine;

  @Mixin private ThreadsOption threads;

  int cores() {
    return threads.cores();
  }

  /**
   * Returns a pipeline in the output folder.
   *
   * @param out the output folder
   * @param listener listener in addition to the progress of epochs
   * @throws io.github.deepxray.core.DeepXrayException if there is no engine of that name
   */
  Pipeline pipeline(CommonOptions common, Path out, PipelineListener listener) {
    Pipeline pipeline =
        Pipeline.in(out)
            .withEngine(Engines.named(engine))
            .withCores(cores())
            .withProgress(common.console())
            .withListener(PipelineListener.of(List.of(epochs(common), listener)));
    return cache.map(pipeline::withCache).orElse(pipeline);
  }

  /** Action of a command on a pipeline. */
  @FunctionalInterface
  interface StageAction {
    void run(Pipeline pipeline) throws IOException;
  }

  /**
   * Runs and tracks one stage, prints its result and writes the options of the command.
   *
   * @return the exit code
   */
  int tracked(CommonOptions common, Path out, TrackingOptions options, StageAction action)
      throws IOException {
    try (Tracking tracking = options.tracking(common, out)) {
      PipelineListener listener = PipelineListener.of(List.of(tracking, new ResultPrinter(common)));
      action.run(Usage.check(common, () -> pipeline(common, out, listener)));
      OutOption.keepConfig(out, common);
      tracking.onFinished();
      return 0;
    }
  }

  /** Returns a listener that prints the progress of training. */
  static PipelineListener epochs(CommonOptions common) {
    return new EpochProgress(common.console(), common.command().commandLine().getErr());
  }

  /** Progress of training: a bar on a terminal, otherwise a line every few epochs. */
  private static final class EpochProgress implements PipelineListener {
    private final Console console;
    private final PrintWriter err;
    private Progress.Task bar = Progress.Task.NONE;
    private String phase = TrainingListener.HEAD;
    private int epochs;

    EpochProgress(Console console, PrintWriter err) {
      this.console = console;
      this.err = err;
    }

    @Override
    public void onTrainingBegin(String begun, int firstEpoch, int all) {
      phase = begun;
      epochs = all;
      if (firstEpoch > 0) {
        err.printf(Locale.ROOT, "%s: resumed after epoch %d of %d%n", phase, firstEpoch, all);
      }
      if (console.isTerminal()) {
        bar = console.start(phase, all);
      }
    }

    @Override
    public void onEpochEnd(EpochResult r) {
      bar.advance(1);
      int number = r.epoch() + 1;
      boolean due = number == 1 || number == epochs || number % Math.max(1, epochs / 5) == 0;
      if (due && !console.isTerminal()) {
        err.printf(
            Locale.ROOT,
            "%s: epoch %d of %d, loss %.4f, validation loss %.4f, validation AUC %.4f%n",
            phase,
            number,
            epochs,
            r.loss(),
            r.validationLoss(),
            r.validationAuc());
        err.flush();
      }
    }

    @Override
    public void onTrainingEnd(int bestEpoch) {
      bar.close();
    }
  }
}
