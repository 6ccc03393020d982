package io.github.deepxray.core.metrics;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Metric of a classifier. All outputs list the metrics in this order: metric files, tables, model
 * cards, reports, TensorBoard, MLflow.
 *
 * <p>A metric of a class is one-vs-rest. Its overall value is the mean over the {@link
 * TargetClasses} ("macro"), which of two classes is the value of the positive class. The mean is
 * NaN where the value of one of these classes is undefined.
 */
public enum Metric {
  /**
   * Area under the ROC curve (Hanley and McNeil 1982), 0..1; with more than two classes
   * scikit-learn's {@code roc_auc_score} with {@code multi_class="ovr"}.
   */
  AUC("auc", "AUC", Input.CLASS_PROBABILITIES, Better.HIGHER, Resample::auc),

  /**
   * Half the mean squared difference between probabilities and one-hot labels (Brier 1950), 0..1.
   */
  BRIER("brier", "Brier score", Better.LOWER, Resample::brier),

  /** The mean negative log likelihood of the true class in nats, 0 or more. */
  LOG_LOSS("log_loss", "log loss", Better.LOWER, Resample::logLoss),

  /**
   * Expected calibration error: mean difference between the predicted probability and the observed
   * frequency of a class, over 15 equally wide bins of the probability (Naeini et al. 2015;
   * classwise as in Kull et al. 2019), 0..1.
   */
  CALIBRATION_ERROR(
      "calibration_error",
      "calibration error",
      Input.CLASS_PROBABILITIES,
      Better.LOWER,
      Resample::calibrationError),

  /** Share of correct decisions, 0..1. */
  ACCURACY("accuracy", "accuracy", WeightedConfusion::accuracy),

  /** Mean sensitivity of all classes, 0..1; of two classes, both count. */
  BALANCED_ACCURACY("balanced_accuracy", "balanced accuracy", WeightedConfusion::balancedAccuracy),

  /** Share of the examples of a class that are classified as the class (recall), 0..1. */
  SENSITIVITY("sensitivity", "sensitivity", Input.CLASS_DECISIONS, BinaryCounts::sensitivity),

  /** Share of the other examples that are not classified as the class, 0..1. */
  SPECIFICITY("specificity", "specificity", Input.CLASS_DECISIONS, BinaryCounts::specificity),

  /** Share of the decisions for a class that are correct, 0..1. */
  PRECISION("precision", "precision", Input.CLASS_DECISIONS, BinaryCounts::precision),

  /** Harmonic mean of precision and sensitivity, 0..1. */
  F1("f1", "F1", Input.CLASS_DECISIONS, BinaryCounts::f1),

  /**
   * Matthews' correlation coefficient (Matthews 1975), with more than two classes Gorodkin's
   * (2004): the correlation of labels and decisions, -1..1. It is 0 if all examples are classified
   * as one class, and NaN if all are of one class.
   */
  MATTHEWS("matthews_correlation", "Matthews correlation", WeightedConfusion::matthews);

  /** Input of a metric. */
  public enum Input {
    /** Probabilities of all classes. */
    PROBABILITIES,
    /** Probabilities of one class. */
    CLASS_PROBABILITIES,
    /** Decisions. */
    DECISIONS,
    /** Decisions about one class. */
    CLASS_DECISIONS;

    /** Whether the metric has a value for each class. */
    public boolean isOfClass() {
      return this == CLASS_PROBABILITIES || this == CLASS_DECISIONS;
    }

    /** Whether the value depends on a decision rule. */
    public boolean needsDecision() {
      return this == DECISIONS || this == CLASS_DECISIONS;
    }
  }

  /** Direction of improvement. */
  public enum Better {
    /** Higher values are better. */
    HIGHER,
    /** Lower values are better. */
    LOWER
  }

  /** Computes a metric; the class is ignored by metrics without classes. */
  @FunctionalInterface
  interface Function {
    double of(Resample examples, int label);
  }

  /** Metrics of small tables. */
  public static final List<Metric> HEADLINES = List.of(AUC, ACCURACY, SENSITIVITY, SPECIFICITY);

  private final String id;
  private final String title;
  private final Input input;
  private final Better better;

  // Lambdas without state.
  @SuppressWarnings("ImmutableEnumChecker")
  private final Function function;

  Metric(String id, String title, Input input, Better better, Function function) {
    this.id = id;
    this.title = title;
    this.input = input;
    this.better = better;
    this.function = function;
  }

  Metric(String id, String title, Better better, ToDoubleFunction<Resample> function) {
    this(id, title, Input.PROBABILITIES, better, (r, none) -> function.applyAsDouble(r));
  }

  Metric(String id, String title, ToDoubleFunction<WeightedConfusion> function) {
    this(
        id,
        title,
        Input.DECISIONS,
        Better.HIGHER,
        (r, none) -> function.applyAsDouble(r.confusion()));
  }

  Metric(String id, String title, Input input, ToDoubleFunction<BinaryCounts> function) {
    this(
        id,
        title,
        input,
        Better.HIGHER,
        (r, label) -> function.applyAsDouble(r.confusion().ofClass(label)));
  }

  /** Metrics that do not depend on a decision rule, in their order. */
  public static List<Metric> ofProbabilities() {
    return Arrays.stream(values()).filter(m -> !m.input.needsDecision()).toList();
  }

  /** Metrics with a value for each class, in their order. */
  public static List<Metric> ofClasses() {
    return Arrays.stream(values()).filter(m -> m.input.isOfClass()).toList();
  }

  /** Metrics that depend on a decision rule, in their order. */
  public static List<Metric> ofDecisions() {
    return Arrays.stream(values()).filter(m -> m.input.needsDecision()).toList();
  }

  /** Name in files. */
  @JsonValue
  public String id() {
    return id;
  }

  /** Display name. */
  public String title() {
    return title;
  }

  /**
   * Display name of the overall value; a mean over several classes is a macro value.
   *
   * @param classes the number of classes
   */
  public String title(int classes) {
    return input.isOfClass() && TargetClasses.of(classes).size() > 1 ? "macro " + title : title;
  }

  /** Input of the metric. */
  public Input input() {
    return input;
  }

  /** Direction of improvement. */
  public Better better() {
    return better;
  }

  double of(Resample examples, int label) {
    return function.of(examples, label);
  }
}
