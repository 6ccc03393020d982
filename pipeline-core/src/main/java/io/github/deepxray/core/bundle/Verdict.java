package io.github.deepxray.core.bundle;

import io.github.deepxray.core.metrics.Comparison;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether a deployed model is close enough to the trained one to be handed out.
 *
 * @param splits the comparison on each split, by the split's name
 * @param objections why the model is refused, a line each; none if it is blessed
 */
public record Verdict(Map<String, Comparison> splits, List<String> objections) {
  /** Copies both. */
  public Verdict {
    splits = Collections.unmodifiableMap(new LinkedHashMap<>(splits));
    objections = List.copyOf(objections);
  }

  /** Whether the model may be handed out. */
  public boolean blessed() {
    return objections.isEmpty();
  }
}
