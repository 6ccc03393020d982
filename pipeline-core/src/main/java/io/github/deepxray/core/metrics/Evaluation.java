package io.github.deepxray.core.metrics;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * The metrics of one set of examples, each with a 95 % percentile bootstrap interval. The bootstrap
 * resamples patients, because images of one patient are correlated (Efron and Tibshirani 1993;
 * Field and Welsh 2007 for the cluster bootstrap). Resamples without a class are skipped for
 * metrics that are undefined without it.
 *
 * @param images the number of examples of each class, by label
 * @param patients the number of patients
 * @param probabilities the metrics that do not depend on a decision rule
 * @param decisions the metrics of each decision rule, by its name
 */
public record Evaluation(
    List<Long> images,
    long patients,
    Measurements probabilities,
    Map<String, AtDecision> decisions) {

  /** Number of bootstrap resamples. */
  public static final int RESAMPLES = PatientBootstrap.RESAMPLES;

  /** Checks the counts and keeps the order of the decisions. */
  public Evaluation {
    images = List.copyOf(images);
    decisions = Collections.unmodifiableMap(new LinkedHashMap<>(decisions));
    long total = images.stream().mapToLong(Long::longValue).sum();
    int classes = images.size();
    if (images.stream().anyMatch(count -> count < 0) || patients < 0 || patients > total) {
      throw new IllegalArgumentException(patients + " patients of " + images + " images");
    }
    for (AtDecision decision : decisions.values()) {
      require(decision.measurements.classes().size(), classes);
      require(decision.confusion.classes(), classes);
    }
    require(probabilities.classes().size(), classes);
  }

  private static void require(int classes, int expected) {
    if (classes != expected) {
      throw new IllegalArgumentException(
          "metrics of %s classes are not of %s".formatted(classes, expected));
    }
  }

  /**
   * Metrics of a decision rule.
   *
   * @param threshold the decision threshold of a binary classifier; empty for the most probable
   *     class
   * @param confusion the confusion matrix
   * @param measurements the metrics
   */
  public record AtDecision(
      @JsonInclude(JsonInclude.Include.NON_ABSENT) OptionalDouble threshold,
      ConfusionMatrix confusion,
      Measurements measurements) {}

  /**
   * Evaluates with {@link #RESAMPLES} resamples.
   *
   * @param scores the scores, at least one example
   * @param decisions the decision rules by name, in the order of reports
   * @param seed the seed of the bootstrap
   */
  public static Evaluation of(SplitScores scores, Map<String, Decision> decisions, long seed) {
    WeightedExamples examples = sorted(scores);
    List<MetricColumns> parts = new ArrayList<>(List.of(MetricColumns.ofProbabilities(examples)));
    decisions.values().forEach(decision -> parts.add(MetricColumns.of(examples, decision)));
    int size = parts.stream().mapToInt(MetricColumns::size).sum();
    List<Interval> intervals =
        PatientBootstrap.intervals(
            examples.patients(),
            weights -> {
              double[] values = new double[size];
              int from = 0;
              for (MetricColumns part : parts) {
                part.write(values, from, weights);
                from += part.size();
              }
              return values;
            },
            seed);
    Map<String, AtDecision> measured = new LinkedHashMap<>();
    int from = parts.get(0).size();
    for (Map.Entry<String, Decision> decision : decisions.entrySet()) {
      MetricColumns part = parts.get(1 + measured.size());
      measured.put(
          decision.getKey(),
          new AtDecision(
              decision.getValue().threshold(),
              examples.once(examples.decided(decision.getValue())).confusion().counts(),
              part.read(intervals, from)));
      from += part.size();
    }
    return new Evaluation(
        scores.counts(),
        examples.patients().stream().distinct().count(),
        parts.get(0).read(intervals, 0),
        measured);
  }

  /** Sorts the examples by id, so that results do not depend on their order. */
  private static WeightedExamples sorted(SplitScores scores) {
    return new WeightedExamples(
        scores.examples().stream()
            .sorted(
                Comparator.<ScoredExample>comparingDouble(e -> e.score(1))
                    .thenComparing(ScoredExample::id))
            .toList());
  }

  /**
   * Label of a slice with examples of one kind: the positive class, which is evaluated together
   * with all negatives, or the negative class if the slice has only negatives.
   */
  public int sliceLabel() {
    return images.get(1) > 0 ? 1 : 0;
  }

  /** Number of examples. */
  public long total() {
    return images.stream().mapToLong(Long::longValue).sum();
  }

  /** Overall value of a metric. */
  public Interval of(Metric metric, String decision) {
    return measurements(metric, decision).of(metric);
  }

  /** Value of a metric of a class. */
  public Interval of(Metric metric, String decision, int label) {
    return measurements(metric, decision).of(metric, label);
  }

  private Measurements measurements(Metric metric, String decision) {
    return metric.input().needsDecision() ? decisions.get(decision).measurements : probabilities;
  }

  /** Overall values of all metrics. */
  public Map<Metric, Interval> overall(String decision) {
    Map<Metric, Interval> all = new EnumMap<>(Metric.class);
    Arrays.stream(Metric.values()).forEach(metric -> all.put(metric, of(metric, decision)));
    return all;
  }
}
