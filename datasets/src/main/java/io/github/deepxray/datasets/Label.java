package io.github.deepxray.datasets;

import java.util.Optional;

/** What an X-ray shows; the names are those of the archive's folders. */
public enum Label {
  /** No pneumonia, label 0. */
  NORMAL,
  /** Pneumonia, label 1. */
  PNEUMONIA;

  /** The value in a record: 0 or 1. */
  public int index() {
    return this == PNEUMONIA ? 1 : 0;
  }

  /** The label of a record's value, if it is 0 or 1. */
  public static Optional<Label> of(long index) {
    return index == 0
        ? Optional.of(NORMAL)
        : index == 1 ? Optional.of(PNEUMONIA) : Optional.empty();
  }
}
