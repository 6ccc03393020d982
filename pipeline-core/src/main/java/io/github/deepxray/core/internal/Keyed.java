package io.github.deepxray.core.internal;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Enum whose constants have names in files. */
public interface Keyed {
  /** Name of the constant. */
  String name();

  /** Name in files: lower case, words separated by hyphens. */
  @JsonValue
  default String key() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
