package io.github.deepxray.cli;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.datasets.DatasetManifest;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Limit of shortcuts. */
final class ShortcutOption {
  @Option(
      names = "--max-shortcut",
      paramLabel = "<auc>",
      description =
          "Fails if one property that should not matter, such as the aspect ratio, predicts the"
              + " class of training images with a larger area under the ROC curve, 0.5 to 1."
              + " Default: none.")
  private Optional<Double> most;

  /**
   * Returns the limit.
   *
   * @throws DeepXrayException if it is out of range
   */
  Optional<Double> checked() {
    if (most.isPresent() && !(most.get() >= 0.5 && most.get() <= 1)) {
      throw new DeepXrayException("--max-shortcut must be from 0.5 to 1, not " + most.get() + ".");
    }
    return most;
  }

  /**
   * Checks a data set against the limit.
   *
   * @throws DeepXrayException if a shortcut is above it
   */
  void require(DatasetManifest manifest) {
    most.ifPresent(manifest::requireShortcutsBelow);
  }
}
