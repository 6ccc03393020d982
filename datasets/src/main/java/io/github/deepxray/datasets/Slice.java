package io.github.deepxray.datasets;

import io.github.deepxray.core.internal.Keyed;

/** Slices of the known chest X-rays, encoded in file names. */
public enum Slice implements Keyed {
  /** No pneumonia. */
  NORMAL,
  /** Pneumonia whose file name contains {@code bacteria}. */
  BACTERIAL,
  /** Pneumonia whose file name contains {@code virus}. */
  VIRAL,
  /** Pneumonia whose file name contains neither. */
  UNSPECIFIED;
}
