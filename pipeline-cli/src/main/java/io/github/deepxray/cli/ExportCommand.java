package io.github.deepxray.cli;

import io.github.deepxray.export.BundleSpec;
import io.github.deepxray.export.ModelPurpose;
import io.github.deepxray.pipeline.ExportResult;
import io.github.deepxray.pipeline.Pipeline;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The fourth stage. */
@Command(
    name = "export",
    description = {
      "Writes the bundle: models of the formats that --formats names, metrics, model card,"
          + " provenance and checksums. The gate runs every artifact on the validation and the test"
          + " split; exit code 1 if it refuses one.",
      "",
      "Reads <out>/data, the last of the classifiers in <out>/train, <out>/prune and"
          + " <out>/finetune, <out>/evaluation and, if there is one, <out>/quantize; writes"
          + " <out>/bundle.",
      ""
    },
    footer = {"", "Example: deepxray export --out work"},
    sortOptions = false)
final class ExportCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;
  @Mixin private OutOption place;
  @Mixin private ExportOptions options;
  @Mixin private ThreadsOption threads;

  @Override
  public Integer call() throws Exception {
    String name = Usage.check(common, options::name);
    Map<String, String> config =
        Configurations.withEarlierStages(
            place.out, common.command().name(), ConfigFile.effective(common.command()));
    BundleSpec bundleOptions = Usage.check(common, options::options);
    Pipeline pipeline =
        Pipeline.in(place.out)
            .withConfig(config)
            .withCores(threads.cores())
            .withProgress(common.console())
            .withListener(new ResultPrinter(common));
    ExportResult result =
        pipeline.export(ModelPurpose.of(name, pipeline.dataset().manifest()), bundleOptions);
    place.keepConfig(common);
    return options.exitCode(result.verification());
  }
}
