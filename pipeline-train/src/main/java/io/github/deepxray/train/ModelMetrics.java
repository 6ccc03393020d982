package io.github.deepxray.train;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.io.Json;
import io.github.deepxray.datasets.Split;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;

/** The metrics of a trained classifier on its splits: the content of {@code metrics.json}. */
public sealed interface ModelMetrics permits MetricsReport, MulticlassReport {
  /** The name of the file. */
  String FILE = "metrics.json";

  /** The hash of the evaluated classifier's weights. */
  String model();

  /** The fingerprint of the data set. */
  String dataset();

  /** From which probability on the classifier decides for the second of two classes. */
  OptionalDouble threshold();

  /** Whether the classifier decides as the metrics assume. */
  boolean decidesBy(Decision decision);

  /** The metrics of a split as a text table of several lines. */
  String table(String split);

  /** The names of the evaluated splits. */
  List<String> splitNames();

  /**
   * The metrics of a classifier of two classes.
   *
   * @throws DeepXrayException if there are more
   */
  default MetricsReport twoClass() {
    if (this instanceof MetricsReport report) {
      return report;
    }
    throw new DeepXrayException(
        "The classifier tells more than two classes apart; this is only for two.");
  }

  /**
   * Checks that the splits are there that are looked up.
   *
   * @throws IllegalArgumentException if they are not
   */
  static void requireSplits(Set<String> splits) {
    for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
      if (!splits.contains(split.key())) {
        throw new IllegalArgumentException("the split " + split.key() + " is missing");
      }
    }
  }

  /**
   * Reads the file.
   *
   * @throws DeepXrayException if it is damaged
   * @throws IOException if it cannot be read
   */
  static ModelMetrics read(Path file) throws IOException {
    return Json.read(
        file,
        Map.of(
            MetricsReport.FORMAT, MetricsReport.class,
            MulticlassReport.FORMAT, MulticlassReport.class),
        "evaluate or export again");
  }
}
