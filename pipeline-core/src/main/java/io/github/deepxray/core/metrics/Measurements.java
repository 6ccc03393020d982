package io.github.deepxray.core.metrics;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Metrics with their intervals.
 *
 * @param overall the value of each metric; for a metric of a class, the mean over the {@link
 *     TargetClasses}
 * @param classes the metrics of each class, by label
 */
public record Measurements(Map<Metric, Interval> overall, List<Map<Metric, Interval>> classes) {
  /** Copies the maps and sorts them by metric. */
  public Measurements {
    overall = ordered(overall);
    classes = classes.stream().map(Measurements::ordered).toList();
  }

  /** Sorts metrics in the order of the enum. */
  static Map<Metric, Interval> ordered(Map<Metric, Interval> metrics) {
    Map<Metric, Interval> copy = new EnumMap<>(Metric.class);
    copy.putAll(metrics);
    return Collections.unmodifiableMap(copy);
  }

  /** Overall value of a metric; unknown if an earlier version did not measure it. */
  public Interval of(Metric metric) {
    return overall.getOrDefault(metric, Interval.UNKNOWN);
  }

  /** Value of a metric of a class; unknown if an earlier version did not measure it. */
  public Interval of(Metric metric, int label) {
    return classes.get(label).getOrDefault(metric, Interval.UNKNOWN);
  }
}
