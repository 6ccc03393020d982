package io.github.deepxray.cli;

import io.github.deepxray.optimize.prune.ChannelPruningSpec;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.train.BackbonePruner;
import io.github.deepxray.train.Trainer;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What pruning at once measures on. */
final class PruneOptions {
  @Option(
      names = "--pruning-images",
      defaultValue = "200",
      paramLabel = "<n>",
      description =
          "On how many training images the importance of weights and channels is measured."
              + " Default: ${DEFAULT-VALUE}.")
  private int images;

  BackbonePruner.Options options(
      Optional<ChannelPruningSpec> channels,
      Optional<PruningSpec> weights,
      Trainer.Options trainer) {
    return new BackbonePruner.Options(channels, weights, images, trainer);
  }
}
