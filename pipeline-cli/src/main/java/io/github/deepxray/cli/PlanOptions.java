package io.github.deepxray.cli;

import io.github.deepxray.core.metrics.SampleSize;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options of the plan of an external validation. */
final class PlanOptions {
  private static final double BALANCED = 0.5;

  @Option(
      names = "--plan",
      description =
          "Instead of an evaluation, print how many patients one needs for intervals of "
              + "--width for the expected --sensitivity, --specificity and --auc.")
  boolean wanted;

  @Option(
      names = "--sensitivity",
      paramLabel = "<share>",
      description = "Of --plan: expected sensitivity, 0 to 1.")
  private Optional<Double> sensitivity;

  @Option(
      names = "--specificity",
      paramLabel = "<share>",
      description = "Of --plan: expected specificity, 0 to 1.")
  private Optional<Double> specificity;

  @Option(
      names = "--auc",
      paramLabel = "<auc>",
      description = "Of --plan: expected AUC, 0.5 to below 1.")
  private Optional<Double> auc;

  @Option(
      names = "--width",
      paramLabel = "<width>",
      description =
          "Of --plan: width of the intervals from their lower to their upper end. Default: 0.1.")
  private Optional<Double> width;

  @Option(
      names = "--prevalence",
      paramLabel = "<share>",
      description =
          "Of --plan: share of the patients with the disease, for the number of consecutive "
              + "patients. Default: as many with as without.")
  private Optional<Double> prevalence;

  /**
   * Returns the plan as a text of several lines.
   *
   * @throws picocli.CommandLine.ParameterException if a value is missing or out of range
   */
  String plan(CommonOptions common) throws IOException {
    if (sensitivity.isEmpty() && specificity.isEmpty() && auc.isEmpty()) {
      throw Usage.wrong(
          common, "--plan needs an expected value: --sensitivity, --specificity or --auc.");
    }
    return Usage.check(common, this::text);
  }

  private String text() {
    double wide = width.orElse(0.1);
    double share = prevalence.orElse(BALANCED);
    Map<String, SampleSize> sizes = new LinkedHashMap<>();
    sensitivity.ifPresent(p -> sizes.put("sensitivity " + p, SampleSize.ofSensitivity(p, wide)));
    specificity.ifPresent(p -> sizes.put("specificity " + p, SampleSize.ofSpecificity(p, wide)));
    auc.ifPresent(a -> sizes.put("AUC " + a, SampleSize.ofAuc(a, wide, share)));
    sizes.put("all", sizes.values().stream().reduce(new SampleSize(0, 0), SampleSize::and));
    StringBuilder text = new StringBuilder();
    text.append(
        line("patients for 95 %% intervals of width %s (from the lower to the upper end)", wide));
    text.append(
        line("  %-20s %12s %15s %12s", "expected", "with disease", "without disease", "all"));
    sizes.forEach(
        (name, size) ->
            text.append(
                line(
                    "  %-20s %12d %15d %12d",
                    name,
                    size.withDisease(),
                    size.withoutDisease(),
                    size.withDisease() + size.withoutDisease())));
    text.append(
        line(
            "consecutive patients at a prevalence of %s: %d",
            share, sizes.get("all").consecutive(share)));
    return text
        + "Count patients, not images: further images of a patient add less. Each slice needs as"
        + " many patients.\nIf the measured values are lower than expected, the intervals are"
        + " wider.\n";
  }

  private static String line(String format, Object... values) {
    return String.format(Locale.ROOT, format, values) + "\n";
  }
}
