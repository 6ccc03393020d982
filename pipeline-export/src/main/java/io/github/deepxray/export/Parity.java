package io.github.deepxray.export;

import io.github.deepxray.classify.Verdict;

/**
 * An artifact against the trained model.
 *
 * @param artifact its name
 * @param verdict the comparison on each split and what the gate says
 * @param imagesPerSecond how fast one engine ran, decoding left out; NaN if that was not measured
 */
public record Parity(String artifact, Verdict verdict, double imagesPerSecond) {
  /** Whether the gate blesses it. */
  public boolean passed() {
    return verdict.blessed();
  }
}
