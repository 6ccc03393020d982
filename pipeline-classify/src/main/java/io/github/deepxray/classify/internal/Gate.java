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
 * Decides whether a deployed model is close enough to the trained one to be handed out, as TFX does
 * when it blesses a model (Baylor et al. 2017).
 */
public final class Gate {
  /** GateLimits are for at least so many images of each class. */
  private static final int MANY = 100;

  private Gate() {}

  /**
   * Compares on each split.
   *
   * @param limits how far the model may be off
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

  /** The limits for a split: wider if a class has few images. */
  private static GateLimits widened(GateLimits limits, Compared compared) {
    Comparison c = compared.comparison;
    // One image of few moves the AUC more.
    double fewness = Math.max(1, MANY / (double) Math.max(1, compared.fewest));
    // Two standard errors of the difference of two paired shares (McNemar 1947), which only the
    // images that are decided otherwise make: in a small split one image is more than most limits.
    double chance = compared.fewest < MANY ? 2 * Math.sqrt(c.flipped()) / c.images() : 0;
    return limits.with(limits.auc() * fewness, Math.max(limits.accuracy(), chance));
  }

  /**
   * A comparison and what of the examples matters for its limits.
   *
   * @param comparison the comparison
   * @param fewest how many images the rarest class has
   */
  public record Compared(Comparison comparison, long fewest) {
    /**
     * Compares a model with the trained one.
     *
     * @param trained what the trained model said
     * @param trainedDecision how it decides
     * @param model what the model said of the same images
     * @param decision how that decides
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
    // Of one class alone there is no AUC; then the other measures decide.
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
    // The correlation with a model that says the same of every image is NaN.
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
