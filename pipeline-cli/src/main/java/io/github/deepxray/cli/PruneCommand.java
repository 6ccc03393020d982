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

/** A stage between training and evaluation. */
@Command(
    name = "prune",
    description = {
      "Prunes the backbone at once and trains the head anew on what is left.",
      "",
      "Reads <out>/data and <out>/train; writes <out>/prune. --share sets the weights that"
          + " contribute least on training images to zero: files compress better and are not"
          + " faster. --channels removes whole channels: files are smaller and faster everywhere."
          + " Follow with finetune to get accuracy back.",
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
          "The share to set to zero of the weights of the 1x1 convolutions and of the head's hidden"
              + " layers, or a .yaml or .json file that says more: patterns of zeros (structure:"
              + " 2:4 or 1x4), whether all kernels compete (scope: global), layers to spare.")
  private Optional<String> weights;

  @Option(
      names = "--channels",
      paramLabel = "<share|file>",
      description =
          "The share of the network's cost to leave by removing expansion channels, or a .yaml or"
              + " .json file that says more.")
  private Optional<String> channels;

  @Mixin private PruneOptions options;
  @Mixin private StageOptions stage;
  @Mixin private TrackingOptions trackingOptions;

  @Override
  public Integer call() throws Exception {
    if (weights.isEmpty() && channels.isEmpty()) {
      throw Usage.wrong(common, "Nothing is to be pruned; give --share or --channels.");
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

  /** The head is trained as it was. */
  private static TrainingSpec head(TrainedModel trained) {
    return TrainingSpec.of(trained.description());
  }
}
