package io.github.deepxray.classify;

import io.github.deepxray.core.metrics.Comparison;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether a deployed model is close enough to the trained one to be handed out.
 *
 * @param splits the comparison on each split, by the split's name
 * @param limits those that were used on each split: wider than the bundle's where a class has few
 *     images
 * @param objections why the model is refused, a line each; none if it is blessed
 */
public record Verdict(
    Map<String, Comparison> splits, Map<String, GateLimits> limits, List<String> objections) {
  /** Copies all. */
  public Verdict {
    splits = Collections.unmodifiableMap(new LinkedHashMap<>(splits));
    limits = Collections.unmodifiableMap(new LinkedHashMap<>(limits));
    objections = List.copyOf(objections);
  }

  /** A verdict that names no limits. */
  public Verdict(Map<String, Comparison> splits, List<String> objections) {
    this(splits, Map.of(), objections);
  }

  /** The verdict with one more objection. */
  public Verdict with(String objection) {
    List<String> all = new ArrayList<>(objections);
    all.add(objection);
    return new Verdict(splits, limits, all);
  }

  /** Whether the model may be handed out. */
  public boolean blessed() {
    return objections.isEmpty();
  }
}
