package io.github.deepxray.datasets;

import io.github.deepxray.core.internal.Keyed;
import java.util.Locale;
import java.util.Optional;

/** The parts of a data set; {@link #key()} begins the names of their shards. */
public enum Split implements Keyed {
  /** Images to train on. */
  TRAIN,
  /** Images to choose thresholds and stop training on. In an archive: its folder {@code val}. */
  VALIDATION,
  /** Images that are looked at once, at the end. */
  TEST;

  /** The split that a folder, a column or a file names, in any case, if it is one. */
  static Optional<Split> named(String name) {
    return switch (name.strip().toLowerCase(Locale.ROOT)) {
      case "train", "training" -> Optional.of(TRAIN);
      case "val", "valid", "validation" -> Optional.of(VALIDATION);
      case "test", "testing" -> Optional.of(TEST);
      default -> Optional.empty();
    };
  }
}
