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

/** Options of pruning. */
final class PruneOptions {
  static final String GRADUALLY =
      "Final share of zeros among the weights of the 1x1 convolutions and of the "
          + "head's hidden layers, increased gradually during fine-tuning, as in tfmot; or "
          + "a .yaml or .json file with more options: schedule (timing: constant or "
          + "polynomial), patterns of zeros (structure: 2:4 or 1x4), one share for all "
          + "kernels together (scope: global), layers to exclude. Default: none.";

  @Option(
      names = "--pruning-images",
      defaultValue = "200",
      paramLabel = "<n>",
      description =
          "Number of training images on which the importance of weights and channels is "
              + "measured. Default: ${DEFAULT-VALUE}.")
  private int images;

  /**
   * Returns the options of one-shot pruning.
   *
   * @throws DeepXrayException if an option is impossible, or a file has a schedule for gradual
   *     pruning
   * @throws IOException if the file cannot be read
   */
  static PruningSpec atOnce(String shareOrFile) throws IOException {
    PruningSpec spec = PruningSpec.read(shareOrFile);
    Path file = Path.of(shareOrFile);
    if (Files.isRegularFile(file) && Yaml.read(file).has("timing")) {
      throw new DeepXrayException(
          file
              + ": timing is for gradual pruning, --prune-gradually; leave it out for one-shot "
              + "pruning.");
    }
    return spec;
  }

  BackbonePruningSpec options(
      Optional<ChannelPruningSpec> channels, Optional<PruningSpec> weights, TrainingSpec trainer) {
    return new BackbonePruningSpec(channels, weights, images, trainer);
  }
}
