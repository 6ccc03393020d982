package io.github.deepxray.optimize.quantize;

import io.github.deepxray.core.DeepXrayException;

/**
 * Limits of the search for layers to keep in floats.
 *
 * @param layers the largest number of convolutions (with their activations) or other layers
 * @param cost the largest cost
 */
public record SearchLimits(int layers, double cost) {
  /** Checks the number. */
  public SearchLimits {
    if (layers < 0) {
      throw new DeepXrayException(
          "The largest number of float layers must be 0 or more, not " + layers + ".");
    }
  }
}
