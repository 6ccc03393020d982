package io.github.deepxray.cli;

import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.core.io.Json;
import io.github.deepxray.export.Pipeline;
import io.github.deepxray.train.EpochResult;
import io.github.deepxray.train.TrainingListener;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options of every stage of the pipeline. */
final class StageOptions {
  @Option(
      names = "--out",
      required = true,
      paramLabel = "<dir>",
      description =
          "The folder of all stages: data, cache, train, evaluation and bundle appear in it.")
  Path out;

  @Option(
      names = "--cache",
      paramLabel = "<dir>",
      description =
          "Where embeddings are kept, found by the image's hash; may be shared by several --out."
              + " Default: <out>/cache.")
  Optional<Path> cache;

  @Option(
      names = "--engine",
      defaultValue = "tflite",
      paramLabel = "<name>",
      description =
          "What runs the backbone: tflite (faster on CPUs) or tensorflow. Default: ${DEFAULT-VALUE}.")
  String engine;

  @Option(
      names = "--threads",
      defaultValue = "0",
      paramLabel = "<n>",
      description = "How many processor cores to use; 0 for all. Default: ${DEFAULT-VALUE}.")
  int threads;

  int cores() {
    return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
  }

  Pipeline pipeline(CommonOptions common, Map<String, String> config) {
    Pipeline.Builder builder =
        Pipeline.builder(out)
            .optEngine(Pipeline.engine(engine))
            .optCores(cores())
            .optProgress(common.console())
            .optListener(new EpochLines(common.command().commandLine().getErr()))
            .optConfig(config);
    cache.ifPresent(builder::optCache);
    return builder.build();
  }

  /**
   * Writes the options that a command ran with, so that it can be run again with them.
   *
   * @param stage the command's name
   */
  Map<String, String> keepConfig(CommonOptions common, String stage) throws IOException {
    Map<String, String> config = ConfigFile.effective(common.command());
    AtomicFiles.write(out.resolve(stage + ".yaml"), Json.yaml(config));
    return config;
  }

  /** Says how training goes, every few epochs. */
  private static final class EpochLines implements TrainingListener {
    private final PrintWriter err;
    private int epochs;

    EpochLines(PrintWriter err) {
      this.err = err;
    }

    @Override
    public void onTrainingBegin(int firstEpoch, int all) {
      epochs = all;
      if (firstEpoch > 0) {
        err.printf(Locale.ROOT, "head: resumed after epoch %d of %d%n", firstEpoch, all);
      }
    }

    @Override
    public void onEpochEnd(EpochResult r) {
      int number = r.epoch() + 1;
      if (number == 1 || number == epochs || number % Math.max(1, epochs / 5) == 0) {
        err.printf(
            Locale.ROOT,
            "head: epoch %d of %d, loss %.4f, validation loss %.4f, validation AUC %.4f%n",
            number,
            epochs,
            r.loss(),
            r.validationLoss(),
            r.validationAuc());
        err.flush();
      }
    }
  }
}
