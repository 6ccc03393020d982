package io.github.deepxray.datasets;

import io.github.deepxray.core.internal.Keyed;

/** The finer classes that the names of the known chest X-rays tell. */
public enum Slice implements Keyed {
  /** No pneumonia. */
  NORMAL,
  /** Pneumonia whose file name says {@code bacteria}. */
  BACTERIAL,
  /** Pneumonia whose file name says {@code virus}. */
  VIRAL,
  /** Pneumonia whose file name says neither. */
  UNSPECIFIED;
}
