package io.github.deepxray.cli;

import io.github.deepxray.optimize.prune.ChannelPruningSpec;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.pipeline.PipelineStage;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.TrainingSpec;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code prune}. */
@Command(
    name = "prune",
    description = {
      "Prunes the backbone in one step (one-shot) and trains the head again.",
      "",
      "Reads <out>/data and <out>/train; writes <out>/prune. --share sets the "
          + "weights that contribute least on training images to zero: files compress "
          + "better, at the same speed. --channels removes whole channels: files are "
          + "smaller and faster everywhere. Run finetune afterwards to recover accuracy.",
      ""
    },
    footer = {"", "Example: deepxray prune --channels 0.6 --out work"},
    sortOptions = false)
final class PruneCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;

  @Option(
      names = "--share",
      paramLabel = "<share|file>",
      description =
          "Share of zeros among the weights of the 1x1 convolutions and of the head's "
              + "hidden layers, or a .yaml or .json file with more options: patterns of zeros "
              + "(structure: 2:4 or 1x4), one share for all kernels together (scope: global), "
              + "layers to exclude.")
  private Optional<String> weights;

  @Option(
      names = "--channels",
      paramLabel = "<share|file>",
      description =
          "Share of the network's cost to keep when removing expansion channels, or a "
              + ".yaml or .json file with more options.")
  private Optional<String> channels;

  @Mixin private PruneOptions options;
  @Mixin private StageOptions stage;
  @Mixin private TrackingOptions trackingOptions;

  @Override
  public Integer call() throws Exception {
    if (weights.isEmpty() && channels.isEmpty()) {
      throw Usage.wrong(common, "There is nothing to prune; give --share or --channels.");
    }
    Optional<PruningSpec> weightsSpec = Usage.ifGiven(common, weights, PruneOptions::atOnce);
    Optional<ChannelPruningSpec> channelsSpec =
        Usage.ifGiven(common, channels, ChannelPruningSpec::read);
    return stage.tracked(
        common,
        trackingOptions,
        pipeline -> {
          TrainedModel trained = TrainedModel.load(pipeline.folder(PipelineStage.TRAIN));
          pipeline.prune(
              Usage.check(common, () -> options.options(channelsSpec, weightsSpec, head(trained))));
        });
  }

  /** Returns the options with which the head was trained. */
  private static TrainingSpec head(TrainedModel trained) {
    return TrainingSpec.of(trained.description());
  }
}
