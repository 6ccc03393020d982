package io.github.deepxray.classify.internal;

import io.github.deepxray.classify.GateLimits;
import io.github.deepxray.classify.Verdict;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.SplitScores;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Checks whether a deployed model is close enough to the trained one for release, like the blessing
 * of a model in TFX (Baylor et al. 2017).
 */
public final class Gate {
  /** Number of images of each class from which the limits apply unchanged. */
  private static final int MANY = 100;

  private Gate() {}

  /**
   * Checks the comparisons of all splits.
   *
   * @param limits the limits of the differences
   * @param splits the comparisons by the split's name
   */
  public static Verdict judge(GateLimits limits, Map<String, Compared> splits) {
    Map<String, Comparison> comparisons = new LinkedHashMap<>();
    Map<String, GateLimits> used = new LinkedHashMap<>();
    List<String> objections = new ArrayList<>();
    splits.forEach(
        (name, compared) -> {
          GateLimits own = widened(limits, compared);
          comparisons.put(name, compared.comparison);
          used.put(name, own);
          object(own, name, compared.comparison, objections);
        });
    return new Verdict(comparisons, used, objections);
  }

  /** Returns the limits for a split, widened if a class has few images. */
  private static GateLimits widened(GateLimits limits, Compared compared) {
    Comparison c = compared.comparison;
    // With few images, one image changes the AUC more.
    double fewness = Math.max(1, MANY / (double) Math.max(1, compared.fewest));
    // Two standard errors of the difference of two paired shares (McNemar 1947), which depends only
    // on the images with different decisions: in a small split one image exceeds most limits.
    double chance = compared.fewest < MANY ? 2 * Math.sqrt(c.flipped()) / c.images() : 0;
    return limits.with(limits.auc() * fewness, Math.max(limits.accuracy(), chance));
  }

  /**
   * Comparison with the size of the rarest class, which widens the limits.
   *
   * @param comparison the comparison
   * @param fewest the number of images of the rarest class
   */
  public record Compared(Comparison comparison, long fewest) {
    /**
     * Compares a model with the trained one.
     *
     * @param trained the scores of the trained model
     * @param trainedDecision the decision rule of the trained model
     * @param model the scores of the model on the same images
     * @param decision the decision rule of the model
     * @throws io.github.deepxray.core.DeepXrayException if the images differ
     */
    public static Compared of(
        SplitScores trained, Decision trainedDecision, SplitScores model, Decision decision) {
      return new Compared(
          Comparison.of(trained, trainedDecision, model, decision, 0), model.fewest());
    }
  }

  private static void object(
      GateLimits limits, String split, Comparison c, List<String> objections) {
    // With one class only there is no AUC; the other metrics decide.
    beyond(objections, split, c, Metric.AUC, limits.auc());
    beyond(objections, split, c, Metric.ACCURACY, limits.accuracy());
    if (c.maxDeltaProbability() > limits.probability()) {
      objections.add(
          String.format(
              Locale.ROOT,
              "%s: a probability differs by %.2g, more than %.2g",
              split,
              c.maxDeltaProbability(),
              limits.probability()));
    }
    // The correlation with constant probabilities is NaN.
    if (!(c.correlation() >= limits.correlation()) && c.maxDeltaProbability() > 0) {
      objections.add(
          String.format(
              Locale.ROOT,
              "%s: the probabilities correlate by %.4f, less than %.4f",
              split,
              c.correlation(),
              limits.correlation()));
    }
  }

  private static void beyond(
      List<String> objections, String split, Comparison c, Metric metric, double limit) {
    Interval delta = c.difference(metric);
    if (Math.abs(delta.value()) > limit) {
      objections.add(
          String.format(
              Locale.ROOT,
              "%s: %s differs by %+.4f (%+.4f to %+.4f), more than %.4f",
              split,
              metric.title(),
              delta.value(),
              delta.low(),
              delta.high(),
              limit));
    }
  }
}
