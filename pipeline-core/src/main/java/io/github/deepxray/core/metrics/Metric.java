package io.github.deepxray.core.metrics;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * A measure of how good a classifier is. Whatever shows metrics goes through these constants, in
 * their order: metric files, tables, model cards, reports, TensorBoard, MLflow.
 *
 * <p>A metric of a class measures it against all others. Its overall value is the mean over the
 * {@link TargetClasses} ("macro"): of two classes the value of the positive class alone. It is NaN
 * where the value of one of them is not defined.
 */
public enum Metric {
  /**
   * The area under the ROC curve (Hanley and McNeil 1982), 0..1; of more than two classes
   * scikit-learn's {@code roc_auc_score} with {@code multi_class="ovr"}.
   */
  AUC("auc", "AUC", Scope.CLASS_PROBABILITIES, Better.HIGHER, Resample::auc),

  /** Half the mean squared distance of the probabilities from the truth (Brier 1950), 0..1. */
  BRIER("brier", "Brier score", Better.LOWER, Resample::brier),

  /** The mean negative log likelihood of the true class in nats, 0 or more. */
  LOG_LOSS("log_loss", "log loss", Better.LOWER, Resample::logLoss),

  /**
   * The mean distance between the probability of a class and how often it came true, over 15
   * equally wide bins of the probability (Naeini et al. 2015; by class as of Kull et al. 2019),
   * 0..1.
   */
  CALIBRATION_ERROR(
      "calibration_error",
      "calibration error",
      Scope.CLASS_PROBABILITIES,
      Better.LOWER,
      Resample::calibrationError),

  /** The share decided rightly, 0..1. */
  ACCURACY("accuracy", "accuracy", WeightedConfusion::accuracy),

  /** The mean sensitivity of all classes, both of two, 0..1. */
  BALANCED_ACCURACY("balanced_accuracy", "balanced accuracy", WeightedConfusion::balancedAccuracy),

  /** The share of the examples of a class that are decided to be of it (recall), 0..1. */
  SENSITIVITY("sensitivity", "sensitivity", Scope.CLASS_DECISIONS, BinaryCounts::sensitivity),

  /** The share of the other examples that are not decided to be of a class, 0..1. */
  SPECIFICITY("specificity", "specificity", Scope.CLASS_DECISIONS, BinaryCounts::specificity),

  /** The share of the decisions for a class that are right, 0..1. */
  PRECISION("precision", "precision", Scope.CLASS_DECISIONS, BinaryCounts::precision),

  /** The harmonic mean of precision and sensitivity, 0..1. */
  F1("f1", "F1", Scope.CLASS_DECISIONS, BinaryCounts::f1),

  /**
   * Matthews' correlation coefficient (Matthews 1975), of more than two classes Gorodkin's (2004):
   * the correlation of truth and decisions, -1..1. 0 where all examples are decided to be of one
   * class; NaN where all are of one class.
   */
  MATTHEWS("matthews_correlation", "Matthews correlation", WeightedConfusion::matthews);

  /** What a metric is computed from. */
  public enum Scope {
    /** The probabilities of all classes. */
    PROBABILITIES,
    /** The probabilities of one class. */
    CLASS_PROBABILITIES,
    /** The decisions. */
    DECISIONS,
    /** The decisions about one class. */
    CLASS_DECISIONS;

    /** Whether there is a value for each class. */
    public boolean isOfClass() {
      return this == CLASS_PROBABILITIES || this == CLASS_DECISIONS;
    }

    /** Whether the value depends on how probabilities become decisions. */
    public boolean needsDecision() {
      return this == DECISIONS || this == CLASS_DECISIONS;
    }
  }

  /** Which of two values is the better one. */
  public enum Better {
    /** The higher one. */
    HIGHER,
    /** The lower one. */
    LOWER
  }

  /** Computes a metric; the class says nothing to metrics that are of none. */
  @FunctionalInterface
  interface Function {
    double of(Resample examples, int label);
  }

  /** The metrics that tables with little room show. */
  public static final List<Metric> HEADLINES = List.of(AUC, ACCURACY, SENSITIVITY, SPECIFICITY);

  private final String id;
  private final String title;
  private final Scope scope;
  private final Better better;

  // Functions without state.
  @SuppressWarnings("ImmutableEnumChecker")
  private final Function function;

  Metric(String id, String title, Scope scope, Better better, Function function) {
    this.id = id;
    this.title = title;
    this.scope = scope;
    this.better = better;
    this.function = function;
  }

  Metric(String id, String title, Better better, ToDoubleFunction<Resample> function) {
    this(id, title, Scope.PROBABILITIES, better, (r, none) -> function.applyAsDouble(r));
  }

  Metric(String id, String title, ToDoubleFunction<WeightedConfusion> function) {
    this(
        id,
        title,
        Scope.DECISIONS,
        Better.HIGHER,
        (r, none) -> function.applyAsDouble(r.confusion()));
  }

  Metric(String id, String title, Scope scope, ToDoubleFunction<BinaryCounts> function) {
    this(
        id,
        title,
        scope,
        Better.HIGHER,
        (r, label) -> function.applyAsDouble(r.confusion().ofClass(label)));
  }

  /** The metrics that do not depend on decisions, in their order. */
  public static List<Metric> ofProbabilities() {
    return Arrays.stream(values()).filter(m -> !m.scope.needsDecision()).toList();
  }

  /** The metrics of which there is a value for each class, in their order. */
  public static List<Metric> ofClasses() {
    return Arrays.stream(values()).filter(m -> m.scope.isOfClass()).toList();
  }

  /** The metrics that depend on decisions, in their order. */
  public static List<Metric> ofDecisions() {
    return Arrays.stream(values()).filter(m -> m.scope.needsDecision()).toList();
  }

  /** The name in files. */
  @JsonValue
  public String id() {
    return id;
  }

  /** The name in texts. */
  public String title() {
    return title;
  }

  /**
   * The name of the overall value in texts: a mean over several classes is a macro value.
   *
   * @param classes how many classes there are
   */
  public String title(int classes) {
    return scope.isOfClass() && TargetClasses.of(classes).size() > 1 ? "macro " + title : title;
  }

  /** What it is computed from. */
  public Scope scope() {
    return scope;
  }

  /** Which of two values is the better one. */
  public Better better() {
    return better;
  }

  double of(Resample examples, int label) {
    return function.of(examples, label);
  }
}
