package io.github.deepxray.core.internal;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** An enum whose constants have names in files. */
public interface Keyed {
  /** The constant's own name. */
  String name();

  /** The name in files: lower case, words divided by a hyphen. */
  @JsonValue
  default String key() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
