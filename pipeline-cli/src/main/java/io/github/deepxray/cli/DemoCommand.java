package io.github.deepxray.cli;

import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.FolderLock;
import io.github.deepxray.pipeline.Demo;
import io.github.deepxray.pipeline.Pipeline;
import io.github.deepxray.pipeline.RunResult;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code demo}. */
@Command(
    name = "demo",
    description = {
      "Runs all stages without a data set: draws radiograph phantoms, trains on them "
          + "and writes a bundle.",
      "",
      "Nothing is downloaded. The phantoms are drawings and the backbone is "
          + "untrained: the metrics show that the pipeline works and have no meaning for "
          + "X-rays.",
      ""
    },
    footer = {"", "Example: deepxray demo --out demo"},
    sortOptions = false)
final class DemoCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;

  @Option(
      names = "--out",
      defaultValue = "deepxray-demo",
      paramLabel = "<dir>",
      description = "Output folder. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Mixin private SeedOption seed;

  @Override
  public Integer call() throws Exception {
    return FolderLock.holding(out, this::demo);
  }

  private int demo() throws Exception {
    long start = System.nanoTime();
    AtomicFiles.write(
        Configurations.file(out, common.command().name()), ConfigFile.yaml(common.command()));
    Pipeline pipeline =
        Pipeline.in(out)
            .withProgress(common.console())
            .withListener(new ResultPrinter(common))
            .withConfig(Configurations.withoutPlaces(ConfigFile.effective(common.command())));
    RunResult result = Demo.run(pipeline, seed.seed);
    common.print(
        String.format(
            Locale.ROOT,
            "%nThis was a demonstration, %.0f s: drawn phantoms, an untrained backbone, a "
                + "real bundle in %s.%nThe metrics show that the pipeline works; they have no "
                + "meaning for X-rays or patients.%n",
            (System.nanoTime() - start) / 1e9,
            result.bundle().folder()));
    return result.verification().passed() ? 0 : 1;
  }
}
