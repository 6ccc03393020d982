package io.github.deepxray.classify;

import io.github.deepxray.core.metrics.Comparison;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Result of the gate: whether a deployed model is close enough to the trained one for release.
 *
 * @param splits the comparison on each split, by the split's name
 * @param limits the limits used on each split: wider than the bundle's where a class has few images
 * @param objections the violated limits, a line each; none if the model is blessed
 */
public record Verdict(
    Map<String, Comparison> splits, Map<String, GateLimits> limits, List<String> objections) {
  /** Copies the collections. */
  public Verdict {
    splits = Collections.unmodifiableMap(new LinkedHashMap<>(splits));
    limits = Collections.unmodifiableMap(new LinkedHashMap<>(limits));
    objections = List.copyOf(objections);
  }

  /** Creates a verdict without limits. */
  public Verdict(Map<String, Comparison> splits, List<String> objections) {
    this(splits, Map.of(), objections);
  }

  /** Returns a copy with one more objection. */
  public Verdict with(String objection) {
    List<String> all = new ArrayList<>(objections);
    all.add(objection);
    return new Verdict(splits, limits, all);
  }

  /** Whether the model may be released. */
  public boolean blessed() {
    return objections.isEmpty();
  }
}
