package io.github.deepxray.cli;

import io.github.deepxray.datasets.DatasetManifest;
import java.util.OptionalDouble;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Limit of shortcuts. */
final class ShortcutOption {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  private OptionalDouble most = OptionalDouble.empty();

  @Option(
      names = "--max-shortcut",
      paramLabel = "<auc>",
      description =
          "Fails if one property that should not matter, such as the aspect ratio, predicts the"
              + " class of training images with a larger area under the ROC curve, 0.5 to 1."
              + " Default: none.")
  void most(double auc) {
    if (!(auc >= 0.5 && auc <= 1)) {
      throw new ParameterException(
          command.commandLine(), "--max-shortcut must be from 0.5 to 1, not " + auc + ".");
    }
    most = OptionalDouble.of(auc);
  }

  /**
   * Checks a data set against the limit.
   *
   * @throws io.github.deepxray.core.DeepXrayException if a shortcut is above it
   */
  void require(DatasetManifest manifest) {
    most.ifPresent(manifest::requireShortcutsBelow);
  }
}
