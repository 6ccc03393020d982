package io.github.deepxray.train;

import io.github.deepxray.core.metrics.Evaluation;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The content of {@code metrics.json}.
 *
 * @param format {@link #FORMAT}
 * @param model the hash of the evaluated classifier's weights
 * @param dataset the fingerprint of the data set
 * @param thresholds the thresholds and how they were chosen
 * @param splits the evaluation of {@code validation} and {@code test}
 * @param slices for each split the evaluation of {@code bacterial}, {@code viral} (each with all
 *     normal images) and {@code normal}
 */
public record MetricsReport(
    String format,
    String model,
    String dataset,
    DecisionThresholds thresholds,
    Map<String, Evaluation> splits,
    Map<String, Map<String, Evaluation>> slices)
    implements ModelMetrics {
  /** The format that this version writes and reads. */
  public static final String FORMAT = "deepxray-metrics/1";

  /** Copies the maps and checks that every evaluation is at all thresholds. */
  public MetricsReport {
    splits = Collections.unmodifiableMap(new LinkedHashMap<>(splits));
    slices = Collections.unmodifiableMap(new LinkedHashMap<>(slices));
    ModelMetrics.requireSplits(splits.keySet());
    Set<String> names = thresholds.byName().keySet();
    if (!Stream.concat(
            splits.values().stream(),
            slices.values().stream().flatMap(slice -> slice.values().stream()))
        .allMatch(evaluation -> evaluation.thresholds().keySet().containsAll(names))) {
      throw new IllegalArgumentException(
          "an evaluation is not at the thresholds " + String.join(", ", names));
    }
  }

  /** The evaluation of the test split. */
  public Evaluation test() {
    return splits.get("test");
  }

  /** The evaluation of the validation split. */
  public Evaluation validation() {
    return splits.get("validation");
  }

  @Override
  public OptionalDouble threshold() {
    return thresholds.threshold();
  }

  @Override
  public boolean decidesBy(Decision decision) {
    return thresholds.equals(decision);
  }

  @Override
  public String table(String split) {
    Evaluation e = splits.get(split);
    StringBuilder text = new StringBuilder();
    line(
        text,
        "%s split: %d images of %d patients, %d with pneumonia; 95 %% intervals by patient%n",
        split,
        e.images(),
        e.patients(),
        e.positives());
    line(text, "  AUC %s   Brier %s%n", e.auc(), e.brier());
    line(text, "  log loss %s   calibration error %s%n", e.logLoss(), e.expectedCalibrationError());
    line(
        text,
        "  %-11s %-9s %-21s %-21s %-21s %-21s %-21s%n",
        "threshold",
        "value",
        "accuracy",
        "sensitivity",
        "specificity",
        "precision",
        "F1");
    // JSON keeps no order of names; the default comes first.
    for (String name : thresholds.byName().keySet()) {
      Evaluation.AtThreshold at = e.thresholds().get(name);
      line(
          text,
          "  %-11s %-9.4f %-21s %-21s %-21s %-21s %-21s%n",
          name,
          at.threshold(),
          at.accuracy(),
          at.sensitivity(),
          at.specificity(),
          at.precision(),
          at.f1());
    }
    Evaluation.AtThreshold chosen = e.thresholds().get(DecisionThresholds.DEFAULT);
    line(
        text,
        "  at %s: %d true positives, %d false positives, %d true negatives, %d false negatives%n",
        DecisionThresholds.DEFAULT,
        chosen.confusion().truePositives(),
        chosen.confusion().falsePositives(),
        chosen.confusion().trueNegatives(),
        chosen.confusion().falseNegatives());
    slices
        .getOrDefault(split, Map.of())
        .forEach(
            (name, slice) -> {
              Evaluation.AtThreshold decided = slice.thresholds().get(DecisionThresholds.DEFAULT);
              boolean normal = slice.positives() == 0;
              line(
                  text,
                  "  %-11s %5d images  AUC %-21s %s %s%n",
                  name,
                  normal ? slice.images() : slice.positives(),
                  slice.auc(),
                  normal ? "specificity" : "sensitivity",
                  normal ? decided.specificity() : decided.sensitivity());
            });
    return text.toString();
  }

  private static void line(StringBuilder text, String format, Object... arguments) {
    text.append(String.format(Locale.ROOT, format, arguments).replace("\r\n", "\n"));
  }

  @Override
  public List<String> splitNames() {
    return List.copyOf(splits.keySet());
  }
}
