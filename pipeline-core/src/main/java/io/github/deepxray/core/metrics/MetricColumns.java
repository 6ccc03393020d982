package io.github.deepxray.core.metrics;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;

/**
 * Values of metrics in a fixed order for the bootstrap: the values of each class and their mean
 * over the {@link TargetClasses} for a metric of a class, one value for others.
 */
final class MetricColumns {
  private final WeightedExamples examples;
  private final List<Metric> metrics;
  private final int[] decided;

  private MetricColumns(WeightedExamples examples, List<Metric> metrics, int... decided) {
    this.examples = examples;
    this.metrics = metrics;
    this.decided = decided;
  }

  /** Columns of the metrics that do not depend on a decision rule. */
  static MetricColumns ofProbabilities(WeightedExamples examples) {
    return new MetricColumns(examples, Metric.ofProbabilities());
  }

  /** Columns of the metrics that depend on a decision rule. */
  static MetricColumns of(WeightedExamples examples, Decision decision) {
    return new MetricColumns(examples, Metric.ofDecisions(), examples.decided(decision));
  }

  int size() {
    return metrics.stream().mapToInt(this::size).sum();
  }

  private int size(Metric metric) {
    return metric.input().isOfClass() ? examples.classes + 1 : 1;
  }

  /**
   * Computes the values.
   *
   * @param values the target of {@link #size} values
   * @param from the position of the first value
   * @param weights the weight of each example
   */
  void write(double[] values, int from, double... weights) {
    Resample resample = new Resample(examples, decided, weights);
    List<Integer> targets = TargetClasses.of(examples.classes);
    int at = from;
    for (Metric metric : metrics) {
      int last = at + size(metric) - 1;
      for (int i = at; i < last; i++) {
        values[i] = metric.of(resample, i - at);
      }
      if (metric.input().isOfClass()) {
        int first = at;
        values[last] = mean(targets, c -> values[first + c]);
      } else {
        values[last] = metric.of(resample, 0);
      }
      at = last + 1;
    }
  }

  /** Computes the overall values only. */
  void writeOverall(double[] values, int from, double... weights) {
    Resample resample = new Resample(examples, decided, weights);
    List<Integer> targets = TargetClasses.of(examples.classes);
    for (int m = 0; m < metrics.size(); m++) {
      Metric metric = metrics.get(m);
      values[from + m] =
          metric.input().isOfClass()
              ? mean(targets, c -> metric.of(resample, c))
              : metric.of(resample, 0);
    }
  }

  private static double mean(List<Integer> targets, IntToDoubleFunction value) {
    double mean = targets.isEmpty() ? Double.NaN : 0;
    for (int c : targets) {
      mean += value.applyAsDouble(c) / targets.size();
    }
    return mean;
  }

  /** Reads the metrics that {@link #write} computed. */
  Measurements read(List<Interval> intervals, int from) {
    Map<Metric, Interval> overall = new EnumMap<>(Metric.class);
    List<Map<Metric, Interval>> classes = new ArrayList<>();
    for (int c = 0; c < examples.classes; c++) {
      classes.add(new EnumMap<>(Metric.class));
    }
    int at = from;
    for (Metric metric : metrics) {
      int last = at + size(metric) - 1;
      for (int i = at; i < last; i++) {
        classes.get(i - at).put(metric, intervals.get(i));
      }
      overall.put(metric, intervals.get(last));
      at = last + 1;
    }
    return new Measurements(overall, classes);
  }
}
