package io.github.deepxray.export.report;

import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.train.Predictions;
import java.util.Comparator;
import java.util.List;

/**
 * The images that are decided wrongly, the worst first.
 *
 * @param falseAlarms negatives that are called positive, the highest probability first
 * @param missed positives that are called negative, the lowest probability first
 */
public record Mistakes(List<Predictions.Row> falseAlarms, List<Predictions.Row> missed) {
  /** How many of each kind a report shows. */
  public static final int SHOWN = 12;

  /** Copies the lists. */
  public Mistakes {
    falseAlarms = List.copyOf(falseAlarms);
    missed = List.copyOf(missed);
  }

  /**
   * Finds them.
   *
   * @param threshold from which probability on is decided for positive
   */
  public static Mistakes of(Predictions predictions, double threshold) {
    Comparator<ScoredExample> ascending = Comparator.comparingDouble(ScoredExample::probability);
    return new Mistakes(
        predictions.rows().stream()
            .filter(row -> !row.example().positive() && row.example().probability() >= threshold)
            .sorted(
                Comparator.comparing(
                    Predictions.Row::example,
                    ascending.reversed().thenComparing(ScoredExample::id)))
            .toList(),
        predictions.rows().stream()
            .filter(row -> row.example().positive() && row.example().probability() < threshold)
            .sorted(
                Comparator.comparing(
                    Predictions.Row::example, ascending.thenComparing(ScoredExample::id)))
            .toList());
  }
}
