package io.github.deepxray.optimize.quantize;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.optimize.internal.LayerPatterns;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Range methods of tensors.
 *
 * @param method the default method
 * @param rules the rules for some tensors; the first match applies
 */
public record RangeSelection(RangeMethod method, List<Rule> rules) {
  /**
   * Method for some tensors.
   *
   * @param tensors names and patterns, see {@link LayerPatterns}
   * @param method the method
   */
  public record Rule(String tensors, RangeMethod method) {
    /**
     * Parses {@code <tensors>=<method>}, such as {@code stem=percentile:0.999}.
     *
     * @throws DeepXrayException if the text has another form
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

  /** Returns a selection of one method for all tensors. */
  public static RangeSelection of(RangeMethod method) {
    return new RangeSelection(method, List.of());
  }

  /** Returns a copy with a rule before all others. */
  public RangeSelection with(String tensors, RangeMethod other) {
    List<Rule> all = new ArrayList<>();
    all.add(new Rule(tensors, other));
    all.addAll(rules);
    return new RangeSelection(method, all);
  }

  /** Finds the rule's method for a tensor. */
  public Optional<RangeMethod> rule(String tensor) {
    return rules.stream()
        .filter(rule -> LayerPatterns.matches(rule.tensors(), tensor))
        .map(Rule::method)
        .findFirst();
  }
}
