package io.github.deepxray.cli;

import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.DatasetOptions.FolderLayout;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.pipeline.ExternalSpec;
import io.github.deepxray.report.ExternalValidation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of an external validation. */
final class ExternalOptions {
  @Option(
      names = "--data",
      paramLabel = "<zip|dir|kaggle>",
      description =
          "Labelled images to evaluate the bundle on, in any layout that data reads. All images "
              + "are evaluated, whatever their split.")
  private Optional<String> data;

  @Mixin private ArtifactOption artifact;

  @Option(
      names = "--split",
      paramLabel = "<split>",
      description =
          "Evaluate only this split of --data: train, validation or test. Default: all images.")
  private Optional<Split> split;

  @Option(
      names = "--slices",
      split = ",",
      paramLabel = "<columns>",
      description =
          "Columns of a CSV file, such as sex,view,site; the images with each value are "
              + "evaluated, too. Default: none.")
  private List<String> slices = List.of();

  @Option(
      names = "--layout",
      paramLabel = "<folders>",
      description = "Meaning of the folders above an image, as in data. Default: detected.")
  private Optional<String> layout;

  @Option(
      names = "--max-bad",
      paramLabel = "<share>",
      description = "Maximum share of unreadable or misnamed files. Default: 0.01.")
  private Optional<Double> maxBad;

  @Option(
      names = "--allow-seen",
      description =
          "Also evaluate images that the model was trained or chosen on. Without this option they "
              + "are refused, because the metrics would be too good.")
  private boolean seenAllowed;

  @Option(
      names = "--min-auc",
      paramLabel = "<auc>",
      description =
          "Exit with 1 if the AUC is lower. The value is compared, not the end of its interval. "
              + "Default: none.")
  private Optional<Double> minAuc;

  @Option(
      names = "--min-sensitivity",
      paramLabel = "<share>",
      description = "Exit with 1 if the sensitivity is lower, as with --min-auc. Default: none.")
  private Optional<Double> minSensitivity;

  @Option(
      names = "--min-specificity",
      paramLabel = "<share>",
      description = "Exit with 1 if the specificity is lower, as with --min-auc. Default: none.")
  private Optional<Double> minSpecificity;

  String data() {
    return data.orElseThrow();
  }

  /** Returns the options for a bundle. */
  ExternalSpec spec(Path bundle, int cores) {
    ExternalSpec spec =
        ExternalSpec.DEFAULT
            .withArtifact(artifact.of(bundle))
            .withSplit(split)
            .withSlices(slices)
            .withLayout(layout.map(FolderLayout::parse))
            .withMaxBad(maxBad.orElse(ExternalSpec.DEFAULT.maxBad()))
            .withCores(cores);
    return seenAllowed ? spec.allowingSeen() : spec;
  }

  /** Returns the required values. */
  private Map<Metric, Double> minima() {
    Map<Metric, Double> minima = new EnumMap<>(Metric.class);
    minAuc.ifPresent(value -> minima.put(Metric.AUC, value));
    minSensitivity.ifPresent(value -> minima.put(Metric.SENSITIVITY, value));
    minSpecificity.ifPresent(value -> minima.put(Metric.SPECIFICITY, value));
    return minima;
  }

  /**
   * Checks the required values.
   *
   * @throws picocli.CommandLine.ParameterException if one is not from 0 to 1
   */
  void check(CommonOptions common) {
    minima()
        .forEach(
            (metric, least) -> {
              if (!(least >= 0 && least <= 1)) {
                throw Usage.wrong(
                    common, "--min-%s must be from 0 to 1, not %s.".formatted(metric.id(), least));
              }
            });
  }

  /** Returns a line for each metric below its required value. */
  List<String> objections(ExternalValidation result) {
    List<String> objections = new ArrayList<>();
    minima()
        .forEach(
            (metric, least) -> {
              double value = result.of(metric).value();
              // An undefined value does not meet a requirement.
              if (!(value >= least)) {
                objections.add(
                    String.format(
                        Locale.ROOT,
                        "The %s is %s, below --min-%s %s",
                        metric.title(),
                        Double.isNaN(value)
                            ? "undefined"
                            : String.format(Locale.ROOT, "%.4f", value),
                        metric.id(),
                        least));
              }
            });
    return objections;
  }
}
