package io.github.deepxray.datasets;

import io.github.deepxray.core.internal.Keyed;
import java.util.Locale;
import java.util.Optional;

/** Splits of a data set; {@link #key()} is the prefix of their shards' names. */
public enum Split implements Keyed {
  /** Images for training. */
  TRAIN,
  /** Images for early stopping and choosing thresholds; the folder {@code val} of an archive. */
  VALIDATION,
  /** Images for the final evaluation only. */
  TEST;

  /** Finds the split of a folder, column or file name, ignoring case. */
  static Optional<Split> named(String name) {
    return switch (name.strip().toLowerCase(Locale.ROOT)) {
      case "train", "training" -> Optional.of(TRAIN);
      case "val", "valid", "validation" -> Optional.of(VALIDATION);
      case "test", "testing" -> Optional.of(TEST);
      default -> Optional.empty();
    };
  }
}
