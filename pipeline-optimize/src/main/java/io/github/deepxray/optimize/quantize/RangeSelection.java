package io.github.deepxray.optimize.quantize;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.optimize.internal.LayerPatterns;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which tensors get their range by which method.
 *
 * @param method for all that no other rule is for
 * @param rules rules for some tensors, the first that fits decides
 */
public record RangeSelection(RangeMethod method, List<Rule> rules) {
  /**
   * A method for some tensors.
   *
   * @param tensors names and patterns, see {@link LayerPatterns}
   * @param method their method
   */
  public record Rule(String tensors, RangeMethod method) {
    /**
     * Reads {@code <tensors>=<method>}, such as {@code stem=percentile:0.999}.
     *
     * @throws DeepXrayException if it is not of that form
     */
    public static Rule of(String text) {
      int equals = text.indexOf('=');
      if (equals < 1) {
        throw new DeepXrayException(
            "Range override %s must be <layers>=<method>, such as stem=percentile:0.999."
                .formatted(text));
      }
      return new Rule(text.substring(0, equals), RangeMethod.of(text.substring(equals + 1)));
    }

    @Override
    public String toString() {
      return tensors + "=" + method;
    }
  }

  /** Copies the list. */
  public RangeSelection {
    rules = List.copyOf(rules);
  }

  /** One method for all. */
  public static RangeSelection of(RangeMethod method) {
    return new RangeSelection(method, List.of());
  }

  /** The same with a rule that comes before all others. */
  public RangeSelection with(String tensors, RangeMethod other) {
    List<Rule> all = new ArrayList<>();
    all.add(new Rule(tensors, other));
    all.addAll(rules);
    return new RangeSelection(method, all);
  }

  /** The method that a rule names for a tensor, if one does. */
  public Optional<RangeMethod> rule(String tensor) {
    return rules.stream()
        .filter(rule -> LayerPatterns.matches(rule.tensors(), tensor))
        .map(Rule::method)
        .findFirst();
  }
}
