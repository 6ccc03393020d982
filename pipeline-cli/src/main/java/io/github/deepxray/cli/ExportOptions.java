package io.github.deepxray.cli;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.GateLimits;
import io.github.deepxray.export.BundleSpec;
import io.github.deepxray.export.ModelPurpose;
import io.github.deepxray.export.VerificationReport;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How the bundle is written. */
final class ExportOptions {
  @Option(
      names = "--name",
      defaultValue = "deepxray",
      paramLabel = "<name>",
      description =
          "What to call the model, in the model card and for TensorFlow Serving."
              + " Default: ${DEFAULT-VALUE}.")
  private String name;

  @Option(
      names = "--formats",
      split = ",",
      paramLabel = "<formats>",
      description =
          "Which formats the bundle holds models of, out of ${bundle:model.formats}. Heat maps and"
              + " quantized forms need tflite. Default: ${bundle:default.formats}.")
  private List<String> formats = List.of();

  @Mixin private SparseOption sparse;

  @Option(
      names = "--explain",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Write model-explain.tflite, which the explain command needs to draw heat maps;"
              + " --no-explain leaves it out. Default: ${DEFAULT-VALUE}.")
  private boolean explain;

  @Option(
      names = "--keras",
      description =
          "Write model.keras, too: the trained network for keras.models.load_model, to go on with"
              + " in Python (Keras 3.8 or later).")
  private boolean keras;

  @Option(
      names = "--pictures",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Show some small X-rays in report.html, the worst mistakes among them; with --no-pictures"
              + " the bundle holds no image. Default: ${DEFAULT-VALUE}.")
  private boolean pictures;

  @Option(
      names = "--max-auc-difference",
      defaultValue = "0.005",
      paramLabel = "<difference>",
      description =
          "The gate blesses a quantized model if its AUC on validation and test is no farther from"
              + " the trained model's. Default: ${DEFAULT-VALUE}.")
  private double maxAucDifference;

  @Option(
      names = "--max-accuracy-difference",
      defaultValue = "0.015",
      paramLabel = "<difference>",
      description = "The same for the accuracy. Default: ${DEFAULT-VALUE}.")
  private double maxAccuracyDifference;

  @Option(
      names = "--allow-unblessed",
      description =
          "Exit with 0 even if the gate refuses an artifact. The bundle says so either way.")
  private boolean allowUnblessed;

  BundleSpec options() {
    return new BundleSpec(
        sparse.sparse, explain, keras, pictures, maxAucDifference, maxAccuracyDifference, formats);
  }

  /** Whether the bundle holds the files that the quantize stage makes. */
  boolean quantized() {
    return formats.isEmpty() || formats.contains(Artifact.INT8.format());
  }

  boolean sparse() {
    return sparse.sparse;
  }

  /** What the gate lets through of quantized models. */
  GateLimits limits() {
    return GateLimits.QUANTIZATION.with(maxAucDifference, maxAccuracyDifference);
  }

  /** The exit code for a bundle. */
  int exitCode(VerificationReport report) {
    boolean refused = report.parities().stream().anyMatch(parity -> !parity.passed());
    return !report.problems().isEmpty() || (refused && !allowUnblessed) ? 1 : 0;
  }

  String name() {
    return ModelPurpose.requireName(name);
  }
}
