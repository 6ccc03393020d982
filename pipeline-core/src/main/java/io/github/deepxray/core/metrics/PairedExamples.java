package io.github.deepxray.core.metrics;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.math.Correlation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Scores of two classifiers on the same examples. */
final class PairedExamples {
  /** All metrics, in the order of {@link #write}. */
  private static final List<Metric> METRICS =
      Stream.concat(Metric.ofProbabilities().stream(), Metric.ofDecisions().stream()).toList();

  private final Side reference;
  private final Side candidate;

  /** Scores of one classifier, sorted by id. */
  static final class Side {
    private final List<ScoredExample> examples;
    private final int[] decided;
    private final MetricColumns probabilities;
    private final MetricColumns decisions;

    Side(List<ScoredExample> examples, Decision decision) {
      this.examples = examples;
      WeightedExamples weighted = new WeightedExamples(examples);
      decided = weighted.decided(decision);
      probabilities = MetricColumns.ofProbabilities(weighted);
      decisions = MetricColumns.of(weighted, decision);
    }

    /** Overall values of all metrics, in that order. */
    double[] metrics(double... weights) {
      double[] values = new double[METRICS.size()];
      probabilities.writeOverall(values, 0, weights);
      decisions.writeOverall(values, Metric.ofProbabilities().size(), weights);
      return values;
    }

    /** Returns the overall metrics as a sample, in that order. */
    PatientBootstrap.Sample sample() {
      return new PatientBootstrap.Sample(
          examples.stream().map(ScoredExample::patient).toList(), this::metrics);
    }

    /** Probabilities of the target classes. */
    List<Double> probabilities() {
      return examples.stream()
          .flatMap(e -> TargetClasses.of(e.scores().size()).stream().map(e::score))
          .toList();
    }
  }

  /**
   * Pairs examples by their ids.
   *
   * @throws DeepXrayException if an example is missing in one of them or has another label
   */
  PairedExamples(
      SplitScores reference,
      Decision referenceDecision,
      SplitScores candidate,
      Decision candidateDecision) {
    List<ScoredExample> examples =
        candidate.examples().stream().sorted(Comparator.comparing(ScoredExample::id)).toList();
    this.reference = new Side(matching(reference.examples(), examples), referenceDecision);
    this.candidate = new Side(examples, candidateDecision);
  }

  private static List<ScoredExample> matching(
      List<ScoredExample> reference, List<ScoredExample> examples) {
    Map<String, ScoredExample> byId = new HashMap<>();
    reference.forEach(example -> byId.put(example.id(), example));
    List<ScoredExample> matching = new ArrayList<>();
    for (ScoredExample example : examples) {
      ScoredExample other = byId.get(example.id());
      if (other == null
          || other.label() != example.label()
          || other.scores().size() != example.scores().size()) {
        throw new DeepXrayException(
            "The two classifiers were not run on the same images: "
                + example.id()
                + (other == null ? " is missing" : " is of other classes")
                + " in one of them.");
      }
      matching.add(other);
    }
    if (matching.size() != reference.size()) {
      throw new DeepXrayException(
          "The two classifiers were not run on the same images: %s and %s."
              .formatted(reference.size(), matching.size()));
    }
    return matching;
  }

  int size() {
    return candidate.examples.size();
  }

  List<String> patients() {
    return candidate.examples.stream().map(ScoredExample::patient).toList();
  }

  /** Writes the candidate's overall metrics, followed by their differences. */
  void write(double[] values, double... weights) {
    double[] before = reference.metrics(weights);
    double[] after = candidate.metrics(weights);
    for (int m = 0; m < after.length; m++) {
      values[m] = after[m];
      values[after.length + m] = after[m] - before[m];
    }
  }

  /** Metrics of these intervals, in the order of {@link #write}. */
  static Map<Metric, Interval> metrics(List<Interval> intervals) {
    Map<Metric, Interval> metrics = new EnumMap<>(Metric.class);
    for (int m = 0; m < METRICS.size(); m++) {
      metrics.put(METRICS.get(m), intervals.get(m));
    }
    return metrics;
  }

  double correlation() {
    return Correlation.pearson(
        reference.probabilities().stream().mapToDouble(Double::doubleValue).toArray(),
        candidate.probabilities().stream().mapToDouble(Double::doubleValue).toArray());
  }

  double largestDifference() {
    List<Double> before = reference.probabilities();
    List<Double> after = candidate.probabilities();
    double largest = 0;
    for (int i = 0; i < before.size(); i++) {
      largest = Math.max(largest, Math.abs(after.get(i) - before.get(i)));
    }
    return largest;
  }

  int flipped() {
    int flipped = 0;
    for (int i = 0; i < candidate.decided.length; i++) {
      flipped += candidate.decided[i] == reference.decided[i] ? 0 : 1;
    }
    return flipped;
  }
}
