package io.github.deepxray.cli;

import io.github.deepxray.export.BundleSpec;
import io.github.deepxray.export.ModelPurpose;
import io.github.deepxray.pipeline.ExportResult;
import io.github.deepxray.pipeline.Pipeline;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The command {@code export}. */
@Command(
    name = "export",
    description = {
      "Writes the bundle: models of the formats in --formats, metrics, model card, "
          + "provenance and checksums. The gate runs each artifact on the validation and "
          + "the test split; the exit code is 1 if the gate refuses one.",
      "",
      "Reads <out>/data, the last of the classifiers in <out>/train, <out>/prune and "
          + "<out>/finetune, <out>/evaluation and <out>/quantize, if it exists; writes "
          + "<out>/bundle. Fits the input guard into <out>/guard if it is not there yet.",
      ""
    },
    footer = {"", "Example: deepxray export --out work"},
    sortOptions = false)
final class ExportCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;
  @Mixin private StageOptions stage;
  @Mixin private ExportOptions options;

  @Override
  public Integer call() throws Exception {
    String name = Usage.check(common, options::name);
    Map<String, String> config =
        Configurations.withEarlierStages(
            stage.out(), common.command().name(), ConfigFile.effective(common.command()));
    BundleSpec bundleOptions = Usage.check(common, options::options);
    Pipeline pipeline =
        Usage.check(common, () -> stage.pipeline(common, new ResultPrinter(common)))
            .withConfig(config);
    ExportResult result =
        pipeline.export(ModelPurpose.of(name, pipeline.dataset().manifest()), bundleOptions);
    stage.place.keepConfig(common);
    return options.exitCode(result.verification());
  }
}
