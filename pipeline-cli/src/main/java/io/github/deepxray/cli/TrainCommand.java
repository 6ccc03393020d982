package io.github.deepxray.cli;

import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.export.Pipeline;
import io.github.deepxray.track.Tracker;
import io.github.deepxray.train.Backbone;
import io.github.deepxray.train.Trainer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The second stage. */
@Command(
    name = "train",
    description = {
      "Computes the embeddings of a prepared data set and trains a head on them.",
      "",
      "Reads <out>/data, which the data command wrote; writes <out>/train with the weights, their"
          + " description and the history. Embeddings are kept in <out>/cache.",
      ""
    },
    footer = {"", "Example: deepxray train --weights efficientnetb0_notop.h5 --out work"},
    sortOptions = false)
final class TrainCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;
  @Mixin private StageOptions stage;
  @Mixin private BackboneOptions backbone;
  @Mixin private TrainOptions options;
  @Mixin private SeedOption seed;
  @Mixin private TrackingOptions trackingOptions;

  @Override
  public Integer call() throws Exception {
    Trainer.Options trainerOptions = Usage.check(common, () -> options.options(seed.seed));
    Usage.check(common, backbone::imageSize);
    try (Tracking tracking = trackingOptions.tracking(common, stage)) {
      Pipeline pipeline =
          Usage.check(
              common,
              () -> {
                Pipeline.Builder builder = stage.builder(common, Map.of(), tracking);
                options.describe(builder);
                return builder.build();
              });
      // What may fail soon: the data before the weights are downloaded.
      PreparedDataset dataset = PreparedDataset.open(pipeline.dataFolder());
      Usage.refuseThresholds(common, dataset.manifest().classNames().size());
      Backbone loaded = backbone.load(common.console());
      tracking.begin(Tracker.TRAIN);
      Trainer.Result result = pipeline.train(loaded, trainerOptions);
      tracking.trained(result.model(), List::of);
      stage.place.keepConfig(common);
      common.print(Reports.training(result, dataset.manifest().profile()));
      tracking.finished();
      return 0;
    }
  }
}
