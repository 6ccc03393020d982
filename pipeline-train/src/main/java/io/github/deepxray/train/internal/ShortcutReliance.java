package io.github.deepxray.train.internal;

import io.github.deepxray.core.internal.math.Correlation;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.internal.shortcuts.ShortcutScores;
import io.github.deepxray.train.ModelMetrics.Reliance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Measures how much a classifier's scores depend on shortcuts.
 *
 * @param validation scores of the validation split
 * @param decision decision of the classifier
 */
record ShortcutReliance(SplitScores validation, Decision decision) {
  private static final int QUARTERS = 4;

  /**
   * Returns the dependence on each shortcut that differs between images of a class, in the order of
   * the shortcuts. Classes with fewer than four images are left out.
   */
  List<Reliance> of(ShortcutScores shortcuts) {
    return shortcuts.byShortcut().entrySet().stream()
        .flatMap(shortcut -> reliance(shortcut.getKey(), shortcut.getValue()).stream())
        .toList();
  }

  private Optional<Reliance> reliance(String name, Map<String, Double> probabilities) {
    double correlation = 0;
    boolean differs = false;
    long[] right = new long[QUARTERS];
    long[] all = new long[QUARTERS];
    for (int label = 0; label < validation.classes(); label++) {
      int of = label;
      List<ScoredExample> members = members(of, probabilities);
      if (members.size() < QUARTERS) {
        continue;
      }
      for (int i = 0; i < members.size(); i++) {
        int quarter = (int) ((long) QUARTERS * i / members.size());
        all[quarter]++;
        right[quarter] += decision.decide(members.get(i).scores()) == of ? 1 : 0;
      }
      double[] shortcut = members.stream().mapToDouble(e -> probabilities.get(e.id())).toArray();
      differs |= shortcut[0] < shortcut[shortcut.length - 1];
      correlation +=
          members.size()
              * spearman(shortcut, members.stream().mapToDouble(e -> e.score(of)).toArray());
    }
    if (!differs) {
      return Optional.empty();
    }
    List<Double> accuracy = new ArrayList<>();
    for (int q = 0; q < QUARTERS; q++) {
      accuracy.add((double) right[q] / all[q]);
    }
    return Optional.of(new Reliance(name, correlation / Arrays.stream(all).sum(), accuracy));
  }

  /** Returns the images of a class, from where the shortcut misleads to where it helps. */
  private List<ScoredExample> members(int label, Map<String, Double> probabilities) {
    return validation.examples().stream()
        .filter(e -> e.label() == label && probabilities.containsKey(e.id()))
        .sorted(
            Comparator.<ScoredExample>comparingDouble(e -> probabilities.get(e.id()))
                .thenComparing(ScoredExample::id))
        .toList();
  }

  /** Returns Spearman's rank correlation (1904); 0 if all values of one side are equal. */
  static double spearman(double[] left, double[] right) {
    double correlation = Correlation.pearson(ranks(left), ranks(right));
    return Double.isNaN(correlation) ? 0 : correlation;
  }

  /** Returns the rank of each value from 1; equal values have the mean of their ranks. */
  private static double[] ranks(double[] values) {
    Integer[] order = new Integer[values.length];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    Arrays.sort(order, Comparator.comparingDouble(i -> values[i]));
    double[] ranks = new double[values.length];
    for (int from = 0; from < order.length; ) {
      int to = from;
      while (to < order.length && values[order[to]] == values[order[from]]) {
        to++;
      }
      for (int i = from; i < to; i++) {
        ranks[order[i]] = (from + 1 + to) / 2.0;
      }
      from = to;
    }
    return ranks;
  }
}
