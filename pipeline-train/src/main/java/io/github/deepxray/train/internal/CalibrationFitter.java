package io.github.deepxray.train.internal;

import io.github.deepxray.core.internal.math.LogisticRegression;
import io.github.deepxray.core.internal.math.Logits;
import io.github.deepxray.core.internal.math.PatientFolds;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.train.ProbabilityCalibration;
import io.github.deepxray.train.ProbabilityCalibration.Errors;
import io.github.deepxray.train.ProbabilityCalibration.Method;
import io.github.deepxray.train.recipe.ValidationViews;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Fit of a {@link ProbabilityCalibration} and choice of its method by cross-validation over
 * patients.
 *
 * <p>The classes are not taken as certain: with {@code N} images of the true class of {@code K}, it
 * has the probability {@code (N + 1) / (N + K)} and each other class {@code 1 / (N + K)}. For two
 * classes these are the targets of Platt (1999), which keep the slope finite where the classes are
 * separable.
 */
public final class CalibrationFitter {
  private static final int BISECTIONS = 60;

  private final SplitScores validation;
  private final ValidationViews views;

  /**
   * Creates a fitter.
   *
   * @param validation uncalibrated scores of the validation images
   * @param views views of these images
   */
  public CalibrationFitter(SplitScores validation, ValidationViews views) {
    this.validation = validation;
    this.views = views;
  }

  /**
   * Returns the calibration with the lowest cross-validated log loss, the simpler one of equals.
   * Returns {@link ProbabilityCalibration#NONE} if a class has too few patients for a
   * cross-validation.
   */
  public ProbabilityCalibration fit() {
    List<ScoredExample> all = validation.examples();
    int[] folds =
        PatientFolds.of(
            all.stream().map(ScoredExample::patient).toList(),
            all.stream().map(ScoredExample::label).toList(),
            validation.classes());
    if (folds.length == 0) {
      return ProbabilityCalibration.NONE;
    }
    Map<Method, Errors> errors = new EnumMap<>(Method.class);
    for (Method method : Method.values()) {
      crossValidated(method, folds).ifPresent(scores -> errors.put(method, errors(scores)));
    }
    Method best = Method.NONE;
    for (Method method : errors.keySet()) {
      best = errors.get(method).logLoss() < errors.get(best).logLoss() ? method : best;
    }
    ProbabilityCalibration fitted = fit(best, validation).orElse(ProbabilityCalibration.NONE);
    List<Long> counts = validation.counts();
    return new ProbabilityCalibration(
        fitted.method(),
        fitted.slope(),
        fitted.offset(),
        counts.stream().map(n -> (double) n / all.size()).toList(),
        views,
        errors);
  }

  /** Returns the scores of each image by a fit without its part; empty if a fit fails. */
  private Optional<SplitScores> crossValidated(Method method, int... folds) {
    ScoredExample[] scored = new ScoredExample[folds.length];
    for (int fold = 0; fold < PatientFolds.COUNT; fold++) {
      int part = fold;
      List<Integer> held =
          IntStream.range(0, folds.length).filter(i -> folds[i] == part).boxed().toList();
      List<Integer> others =
          IntStream.range(0, folds.length).filter(i -> folds[i] != part).boxed().toList();
      Optional<ProbabilityCalibration> fitted = fit(method, validation.of(others));
      if (fitted.isEmpty()) {
        return Optional.empty();
      }
      List<ScoredExample> calibrated = fitted.get().apply(validation.of(held)).examples();
      for (int i = 0; i < held.size(); i++) {
        scored[held.get(i)] = calibrated.get(i);
      }
    }
    return Optional.of(new SplitScores(List.of(scored)));
  }

  private static Errors errors(SplitScores scores) {
    return new Errors(
        scores.of(Metric.LOG_LOSS),
        scores.of(Metric.BRIER),
        scores.of(Metric.CALIBRATION_ERROR),
        scores.adaptiveCalibrationError());
  }

  /** Fits a method; empty if it does not apply or its function would not increase. */
  private static Optional<ProbabilityCalibration> fit(Method method, SplitScores scores) {
    return switch (method) {
      case NONE -> Optional.of(ProbabilityCalibration.NONE);
      case TEMPERATURE -> temperature(scores);
      case PLATT -> scores.classes() == 2 ? platt(scores) : Optional.empty();
    };
  }

  private static Optional<ProbabilityCalibration> calibration(
      Method method, double slope, double offset) {
    ProbabilityCalibration none = ProbabilityCalibration.NONE;
    return slope > 0
        ? Optional.of(
            new ProbabilityCalibration(method, slope, offset, List.of(), none.views(), Map.of()))
        : Optional.empty();
  }

  private static Optional<ProbabilityCalibration> platt(SplitScores scores) {
    List<ScoredExample> examples = scores.examples();
    double[][] logits = new double[examples.size()][];
    double[] targets = new double[examples.size()];
    List<Long> counts = scores.counts();
    for (int i = 0; i < targets.length; i++) {
      logits[i] = new double[] {Logits.of(examples.get(i).score(1))};
      targets[i] = target(counts, examples.get(i).label(), 1);
    }
    double[] fitted = LogisticRegression.fit(logits, targets, 0).coefficients();
    return calibration(Method.PLATT, fitted[0], fitted[1]);
  }

  /** Probability of a class for an image with a label. */
  private static double target(List<Long> counts, int label, int c) {
    double images = counts.get(label);
    return (label == c ? images + 1 : 1) / (images + counts.size());
  }

  /** Finds the zero of the log loss's derivative by the slope, which increases. */
  private static Optional<ProbabilityCalibration> temperature(SplitScores scores) {
    double low = StrictMath.log(1e-3);
    double high = StrictMath.log(1e3);
    List<Long> counts = scores.counts();
    List<Example> examples =
        scores.examples().stream().map(example -> Example.of(example, counts)).toList();
    if (derivative(examples, StrictMath.exp(low)) >= 0) {
      return Optional.empty();
    }
    for (int i = 0; i < BISECTIONS; i++) {
      double middle = (low + high) / 2;
      if (derivative(examples, StrictMath.exp(middle)) < 0) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return calibration(Method.TEMPERATURE, StrictMath.exp((low + high) / 2), 0);
  }

  /** Logits of an image, and their mean weighted by its targets. */
  private static final class Example {
    private final List<Double> logits;
    private final double wanted;

    private Example(List<Double> logits, double wanted) {
      this.logits = logits;
      this.wanted = wanted;
    }

    private static Example of(ScoredExample example, List<Long> counts) {
      List<Double> logits =
          counts.size() == 2
              ? List.of(0.0, Logits.of(example.score(1)))
              : example.scores().stream().map(Logits::log).toList();
      double wanted = 0;
      for (int c = 0; c < logits.size(); c++) {
        wanted += target(counts, example.label(), c) * logits.get(c);
      }
      return new Example(logits, wanted);
    }
  }

  private static double derivative(List<Example> examples, double slope) {
    double sum = 0;
    for (Example example : examples) {
      List<Double> p = Logits.softmax(example.logits.stream().map(z -> slope * z).toList());
      sum -= example.wanted;
      for (int c = 0; c < p.size(); c++) {
        sum += p.get(c) * example.logits.get(c);
      }
    }
    return sum;
  }
}
