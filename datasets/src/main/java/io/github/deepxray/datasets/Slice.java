package io.github.deepxray.datasets;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** The finer classes that the names of the known chest X-rays tell. */
public enum Slice {
  /** No pneumonia. */
  NORMAL,
  /** Pneumonia whose file name says {@code bacteria}. */
  BACTERIAL,
  /** Pneumonia whose file name says {@code virus}. */
  VIRAL,
  /** Pneumonia whose file name says neither. */
  UNSPECIFIED;

  /** The name in files: lower case. */
  @JsonValue
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
