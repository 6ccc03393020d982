package io.github.deepxray.cli;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.GateLimits;
import io.github.deepxray.export.BundleSpec;
import io.github.deepxray.export.ModelPurpose;
import io.github.deepxray.export.VerificationReport;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of the bundle. */
final class ExportOptions {
  @Option(
      names = "--name",
      defaultValue = "deepxray",
      paramLabel = "<name>",
      description =
          "Name of the model, for the model card and TensorFlow Serving. Default: "
              + "${DEFAULT-VALUE}.")
  private String name;

  @Option(
      names = "--formats",
      split = ",",
      paramLabel = "<formats>",
      description =
          "Model formats of the bundle, of ${bundle:model.formats}. Heat maps and "
              + "quantized forms need tflite. Default: ${bundle:default.formats}.")
  private List<String> formats = List.of();

  @Mixin private SparseOption sparse;

  @Option(
      names = "--explain",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Write model-explain.tflite, which the explain command needs for heat maps; "
              + "--no-explain omits it. Default: ${DEFAULT-VALUE}.")
  private boolean explain;

  @Option(
      names = "--keras",
      description =
          "Also write model.keras: the trained network for keras.models.load_model in "
              + "Python (Keras 3.8 or later).")
  private boolean keras;

  @Option(
      names = "--pictures",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Show small X-rays in report.html, including the worst mistakes; with "
              + "--no-pictures the bundle contains no images. Default: ${DEFAULT-VALUE}.")
  private boolean pictures;

  @Option(
      names = "--max-auc-difference",
      defaultValue = "0.005",
      paramLabel = "<difference>",
      description =
          "Gate limit for quantized models: maximum difference of the AUC from the "
              + "trained model's, on validation and test. Default: ${DEFAULT-VALUE}.")
  private double maxAucDifference;

  @Option(
      names = "--max-accuracy-difference",
      defaultValue = "0.015",
      paramLabel = "<difference>",
      description =
          "Gate limit for quantized models: maximum difference of the accuracy. Default: "
              + "${DEFAULT-VALUE}.")
  private double maxAccuracyDifference;

  @Option(
      names = "--allow-unblessed",
      description =
          "Exit with 0 even if the gate refuses an artifact. The bundle records the refusal.")
  private boolean allowUnblessed;

  BundleSpec options() {
    return new BundleSpec(
        sparse.sparse, explain, keras, pictures, maxAucDifference, maxAccuracyDifference, formats);
  }

  /** Whether the bundle contains the files of the quantize stage. */
  boolean quantized() {
    return formats.isEmpty() || formats.contains(Artifact.INT8.format());
  }

  boolean sparse() {
    return sparse.sparse;
  }

  /** Returns the gate limits of quantized models. */
  GateLimits limits() {
    return GateLimits.QUANTIZATION.with(maxAucDifference, maxAccuracyDifference);
  }

  /** Returns the exit code for a bundle. */
  int exitCode(VerificationReport report) {
    boolean refused = report.parities().stream().anyMatch(parity -> !parity.passed());
    return !report.problems().isEmpty() || (refused && !allowUnblessed) ? 1 : 0;
  }

  String name() {
    return ModelPurpose.requireName(name);
  }
}
