package io.github.deepxray.cli;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.optimize.prune.ChannelPruningSpec;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.text.internal.Yaml;
import io.github.deepxray.train.BackbonePruningSpec;
import io.github.deepxray.train.TrainingSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What pruning at once measures on. */
final class PruneOptions {
  static final String GRADUALLY =
      "Set this share of the weights of the 1x1 convolutions and of the head's hidden layers to"
          + " zero, more and more while fine-tuning, as tfmot does; or a .yaml or .json file that"
          + " says more: when (timing: constant or polynomial), patterns of zeros (structure: 2:4"
          + " or 1x4), whether all kernels compete (scope: global), layers to spare. Default:"
          + " none.";

  @Option(
      names = "--pruning-images",
      defaultValue = "200",
      paramLabel = "<n>",
      description =
          "On how many training images the importance of weights and channels is measured."
              + " Default: ${DEFAULT-VALUE}.")
  private int images;

  /**
   * What pruning at once is to do.
   *
   * @throws DeepXrayException if it is refused, or a file says when to prune in training
   * @throws IOException if the file cannot be read
   */
  static PruningSpec atOnce(String shareOrFile) throws IOException {
    PruningSpec spec = PruningSpec.read(shareOrFile);
    Path file = Path.of(shareOrFile);
    if (Files.isRegularFile(file) && Yaml.read(file).has("timing")) {
      throw new DeepXrayException(
          file
              + ": timing is for pruning while fine-tuning, --prune-gradually; leave it out to"
              + " prune at once.");
    }
    return spec;
  }

  BackbonePruningSpec options(
      Optional<ChannelPruningSpec> channels, Optional<PruningSpec> weights, TrainingSpec trainer) {
    return new BackbonePruningSpec(channels, weights, images, trainer);
  }
}
