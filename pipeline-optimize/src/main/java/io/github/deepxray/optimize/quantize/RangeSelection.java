package io.github.deepxray.optimize.quantize;

import io.github.deepxray.core.DeepXrayException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which tensors get their range by which method.
 *
 * @param method for all that no other rule is for
 * @param overrides rules for some tensors, the first that fits decides
 */
public record RangeSelection(RangeMethod method, List<Override> overrides) {
  /**
   * A method for some tensors.
   *
   * @param tensors names and patterns, see {@link LayerPatterns}
   * @param method their method
   */
  public record Override(String tensors, RangeMethod method) {
    /**
     * Reads {@code <tensors>=<method>}, such as {@code stem=percentile:0.999}.
     *
     * @throws DeepXrayException if it is not of that form
     */
    public static Override of(String text) {
      int equals = text.indexOf('=');
      if (equals < 1) {
        throw new DeepXrayException(
            "Range override "
                + text
                + " must be <layers>=<method>, such as stem=percentile:0.999.");
      }
      return new Override(text.substring(0, equals), RangeMethod.of(text.substring(equals + 1)));
    }

    @java.lang.Override
    public String toString() {
      return tensors + "=" + method;
    }
  }

  /** Copies the list. */
  public RangeSelection {
    overrides = List.copyOf(overrides);
  }

  /** One method for all. */
  public static RangeSelection of(RangeMethod method) {
    return new RangeSelection(method, List.of());
  }

  /** The same with a rule that comes before all others. */
  public RangeSelection with(String tensors, RangeMethod other) {
    List<Override> rules = new ArrayList<>();
    rules.add(new Override(tensors, other));
    rules.addAll(overrides);
    return new RangeSelection(method, rules);
  }

  /** The method that a rule names for a tensor, if one does. */
  Optional<RangeMethod> override(String tensor) {
    return overrides.stream()
        .filter(rule -> LayerPatterns.matches(rule.tensors(), tensor))
        .map(Override::method)
        .findFirst();
  }
}
