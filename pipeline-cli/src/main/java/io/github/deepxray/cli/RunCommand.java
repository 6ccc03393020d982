package io.github.deepxray.cli;

import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.export.Bundle;
import io.github.deepxray.export.BundleVerifier;
import io.github.deepxray.export.Pipeline;
import io.github.deepxray.train.Backbone;
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
    var trainerOptions = trainOptions.options(seed.seed, stage.cores());
    String name = exportOptions.name();
    Map<String, String> config = stage.keepConfig(common, "run");
    Pipeline pipeline = stage.pipeline(common, Configurations.withoutPlaces(config));
    // First what may fail soon: the weights before the data.
    Backbone loaded = backbone.load(common.console());
    PreparedDataset dataset = pipeline.prepare(data, datasetOptions);
    common.print(dataset.table() + "\n");
    common.print(Reports.training(pipeline.train(loaded, trainerOptions)) + "\n");
    common.print(Reports.metrics(pipeline.evaluate()));
    Bundle bundle = pipeline.export(name, ExportOptions.PURPOSE);
    BundleVerifier.Report report = pipeline.verify();
    common.print(Reports.verification(bundle, report));
    common.print(
        String.format(Locale.ROOT, "run took %.0f s%n", (System.nanoTime() - start) / 1e9));
    return report.passed() ? 0 : 1;
  }
}
