package io.github.deepxray.report.internal;

import java.util.List;
import java.util.Optional;

/**
 * How fast a model is.
 *
 * @param milliseconds the median time of one image on one thread
 * @param speedup how many times as fast as what it is compared with, measured in turns with it
 */
public record ModelSpeed(double milliseconds, double speedup) {
  /** Both numbers for a table; dashes if speed was not measured. */
  static List<Cell> cells(Optional<ModelSpeed> speed) {
    return List.of(
        Cell.of(speed.map(s -> Numbers.decimals(s.milliseconds, 2)).orElse(Numbers.NONE)),
        Cell.of(
            speed
                .filter(s -> !Double.isNaN(s.speedup))
                .map(s -> Numbers.decimals(s.speedup, 2) + " ×")
                .orElse(Numbers.NONE)));
  }
}
