package io.github.deepxray.cli;

import io.github.deepxray.core.DeepXrayException;
import picocli.CommandLine.Option;

/** How the bundle is written. */
final class ExportOptions {
  static final String PURPOSE = "Tells pneumonia from normal on frontal chest X-rays.";

  @Option(
      names = "--name",
      defaultValue = "deepxray",
      paramLabel = "<name>",
      description =
          "What to call the model, in the model card and for TensorFlow Serving."
              + " Default: ${DEFAULT-VALUE}.")
  private String name;

  String name() {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
      throw new DeepXrayException(
          "The name '" + name + "' must consist of letters, digits, '.', '_' and '-'.");
    }
    return name;
  }
}
