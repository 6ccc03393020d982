package io.github.deepxray.cli;

import io.github.deepxray.pipeline.BackboneSpec;
import io.github.deepxray.train.TrainingSpec;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The command {@code train}. */
@Command(
    name = "train",
    description = {
      "Computes the embeddings of a prepared data set and trains a head on them.",
      "",
      "Reads <out>/data of the data command; writes <out>/train with the weights, "
          + "their description and the history. Embeddings are cached in <out>/cache.",
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
    TrainingSpec trainerOptions = Usage.check(common, () -> options.options(seed.seed));
    BackboneSpec network = Usage.check(common, backbone::spec);
    return stage.tracked(
        common,
        trackingOptions,
        pipeline -> {
          // Read the data first: it fails sooner than the download of weights.
          Usage.refuseThresholds(common, pipeline.dataset().manifest().classNames().size());
          options.checkpoints(pipeline).train(network.load(common.console()), trainerOptions);
        });
  }
}
