package io.github.deepxray.optimize.quantize;

import io.github.deepxray.core.DeepXrayException;

/**
 * Where the search for layers to keep in floats gives up.
 *
 * @param layers how many convolutions (with their activations) or other layers may be kept
 * @param cost the highest cost allowed
 */
public record SearchLimits(int layers, double cost) {
  /** Checks the number. */
  public SearchLimits {
    if (layers < 0) {
      throw new DeepXrayException(
          "At most " + layers + " layers in floats makes no sense; give 0 or more.");
    }
  }
}
