package io.github.deepxray.cli;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.export.Bundle;
import io.github.deepxray.export.BundleVerifier;
import io.github.deepxray.export.Pipeline;
import io.github.deepxray.train.Backbone;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** All stages. */
@Command(
    name = "run",
    description = {
      "Does everything: from an archive of chest X-rays to a verified bundle.",
      "",
      "Audit, split by patient, TFRecords, embeddings of the frozen backbone, head, evaluation on the"
          + " untouched test split, SavedModel and TFLite, verification. A run that was interrupted"
          + " goes on when it is started again.",
      ""
    },
    footer = {
      "",
      "Example: deepxray run --data chest-xray-pneumonia.zip --weights imagenet --out work"
    },
    sortOptions = false)
final class RunCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "<zip|dir>",
      description = "The Kaggle archive 'Chest X-Ray Images (Pneumonia)', or its unpacked folder.")
  private Path data;

  @Mixin private BackboneOptions backbone;
  @Mixin private StageOptions stage;
  @Mixin private SeedOption seed;
  @Mixin private DataOptions dataOptions;
  @Mixin private TrainOptions trainOptions;
  @Mixin private ExportOptions exportOptions;

  @Override
  public Integer call() throws Exception {
    long start = System.nanoTime();
    var datasetOptions =
        Usage.check(common, () -> dataOptions.options(backbone.variant().resolution(), seed.seed));
    var trainerOptions = Usage.check(common, () -> trainOptions.options(seed.seed, stage.cores()));
    String name = Usage.check(common, exportOptions::name);
    Map<String, String> config =
        Configurations.withoutPlaces(ConfigFile.effective(common.command()));
    Pipeline pipeline =
        Usage.check(
            common, () -> stage.builder(common, config).optBundle(exportOptions.options()).build());
    // First what may fail soon: the archive's name, then the weights, then the data.
    if (!Files.exists(data)) {
      throw new DeepXrayException(
          "There is no " + data + "; give the archive chest-xray-pneumonia.zip or its folder.");
    }
    Backbone loaded = backbone.load(common.console());
    Configurations.forgetStages(stage.out());
    stage.place.keepConfig(common);
    PreparedDataset dataset = pipeline.prepare(data, datasetOptions);
    common.print(dataset.table() + "\n");
    common.print(Reports.training(pipeline.train(loaded, trainerOptions)) + "\n");
    common.print(Reports.metrics(pipeline.evaluate()));
    Bundle bundle = pipeline.export(name, ExportOptions.PURPOSE);
    BundleVerifier.Report report = BundleVerifier.recorded(bundle);
    common.print(Reports.verification(bundle, report));
    common.print(
        String.format(Locale.ROOT, "run took %.0f s%n", (System.nanoTime() - start) / 1e9));
    return exportOptions.exitCode(report);
  }
}
