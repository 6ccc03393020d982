package io.github.deepxray.train;

import io.github.deepxray.core.internal.Keyed;
import io.github.deepxray.core.internal.math.Logits;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.train.recipe.ValidationViews;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Calibration of the probabilities of a classifier, fitted on validation images and part of its
 * network: an increasing function of the logits, so that the images keep their order.
 *
 * <p>Of two classes, the probability of the second becomes {@code sigmoid(slope * z + offset)} of
 * its logit {@code z}. Of more classes, the probabilities become {@code softmax(slope * z)} of
 * their logits.
 *
 * @param method the method with the lowest cross-validated log loss
 * @param slope factor of the logits, above 0; 1 without calibration
 * @param offset addend of the logit of two classes; 0 for more, and without an offset
 * @param shares share of each class among the images of the fit, 0..1: the prevalence to which the
 *     probabilities refer; empty without a fit
 * @param views validation images of the fit
 * @param crossValidated errors of each method on images of patients that were left out of its fit;
 *     empty without a fit
 */
public record ProbabilityCalibration(
    Method method,
    double slope,
    double offset,
    List<Double> shares,
    ValidationViews views,
    Map<Method, Errors> crossValidated) {
  /** No calibration, without a fit. */
  public static final ProbabilityCalibration NONE =
      new ProbabilityCalibration(Method.NONE, 1, 0, List.of(), ValidationViews.PLAIN, Map.of());

  /** Methods of calibration, from the simplest on. */
  public enum Method implements Keyed {
    /** The network's own probabilities. */
    NONE,

    /** A factor of the logits (Guo et al. 2017, "On Calibration of Modern Neural Networks"). */
    TEMPERATURE,

    /** A factor and an addend of the logit of two classes (Platt 1999). */
    PLATT
  }

  /**
   * Errors of probabilities.
   *
   * @param logLoss mean negative log likelihood of the true class, in nats
   * @param brier half the mean squared difference from the one-hot labels, 0..1
   * @param calibrationError expected calibration error over 15 bins of equal width, 0..1
   * @param adaptiveCalibrationError calibration error over 15 bins of equally many images, 0..1
   *     (Nixon et al. 2019, "Measuring Calibration in Deep Learning")
   */
  public record Errors(
      double logLoss, double brier, double calibrationError, double adaptiveCalibrationError) {}

  /** Copies list and map and checks the numbers. */
  public ProbabilityCalibration {
    shares = List.copyOf(shares);
    crossValidated =
        crossValidated.isEmpty()
            ? Map.of()
            : Collections.unmodifiableMap(new EnumMap<>(crossValidated));
    if (!(slope > 0 && slope < Double.POSITIVE_INFINITY)
        || !Double.isFinite(offset)
        || !shares.stream().allMatch(share -> share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(
          "a calibration with slope " + slope + ", offset " + offset + ", shares " + shares);
    }
    if (!crossValidated.isEmpty()
        && !crossValidated.keySet().containsAll(List.of(Method.NONE, method))) {
      throw new IllegalArgumentException("a calibration without the errors of its method");
    }
  }

  /**
   * Returns a sentence about the method, the images and the cross-validated errors; empty without a
   * fit.
   */
  public String describe() {
    if (crossValidated.isEmpty()) {
      return "";
    }
    String images = views == ValidationViews.PLAIN ? "validation" : "randomly framed validation";
    Errors before = crossValidated.get(Method.NONE);
    Errors after = crossValidated.get(method);
    return String.format(
        Locale.ROOT,
        "Calibration %s, fitted on %s images: cross-validated calibration error %.3f before,"
            + " %.3f after; log loss %.3f before, %.3f after.",
        method.key(),
        images,
        before.calibrationError(),
        after.calibrationError(),
        before.logLoss(),
        after.logLoss());
  }

  /** Share of the second of two classes to which the probabilities refer; else empty. */
  public OptionalDouble prevalence() {
    boolean known = shares.size() == 2 && shares.get(1) > 0 && shares.get(1) < 1;
    return known ? OptionalDouble.of(shares.get(1)) : OptionalDouble.empty();
  }

  /** Whether it changes nothing. */
  public boolean identity() {
    return slope == 1 && offset == 0;
  }

  /** Returns the calibration that undoes this one. */
  public ProbabilityCalibration inverse() {
    return new ProbabilityCalibration(
        method, 1 / slope, -offset / slope, shares, views, crossValidated);
  }

  /**
   * Calibrates a probability of the second of two classes.
   *
   * @param probability 0..1
   */
  public double apply(double probability) {
    return identity() ? probability : Logits.sigmoid(slope * Logits.of(probability) + offset);
  }

  /** Calibrates the probabilities of all classes of each image. */
  public SplitScores apply(SplitScores scores) {
    return identity()
        ? scores
        : new SplitScores(scores.examples().stream().map(this::apply).toList());
  }

  private ScoredExample apply(ScoredExample example) {
    List<Double> scores = example.scores();
    List<Double> calibrated =
        scores.size() == 2
            ? List.of(1 - apply(scores.get(1)), apply(scores.get(1)))
            : Logits.softmax(scores.stream().map(p -> slope * Logits.log(p)).toList());
    return new ScoredExample(example.id(), example.patient(), example.label(), calibrated);
  }
}
