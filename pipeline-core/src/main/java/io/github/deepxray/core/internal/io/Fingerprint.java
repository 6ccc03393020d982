package io.github.deepxray.core.internal.io;

import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Hashes of values by their components: equal values have equal hashes in every run and on every
 * platform; another component or another component value gives another hash.
 *
 * <p>A value is a record, an enum constant, a text, a number, a boolean, or a list, set, map or
 * optional of values. Everything else is rejected, so that nothing is hashed by identity.
 */
public final class Fingerprint {
  private Fingerprint() {}

  /**
   * Returns the SHA-256 of a value in lower-case hexadecimal digits.
   *
   * @throws IllegalArgumentException if the object, or a part of it, is no value
   */
  public static String of(Object value) {
    return Hashes.sha256(text(value));
  }

  /** Unique text of a value. */
  private static String text(Object value) {
    if (value instanceof Record record) {
      return name(value.getClass())
          + Stream.of(value.getClass().getRecordComponents())
              .map(component -> component.getName() + "=" + text(get(component, record)))
              .collect(Collectors.joining(",", "{", "}"));
    }
    if (value instanceof List<?> list) {
      return joined("[", list.stream().map(Fingerprint::text), "]");
    }
    if (value instanceof Set<?> set) {
      return joined("(", set.stream().map(Fingerprint::text).sorted(), ")");
    }
    if (value instanceof Map<?, ?> map) {
      return joined(
          "<",
          map.entrySet().stream().map(e -> text(e.getKey()) + ":" + text(e.getValue())).sorted(),
          ">");
    }
    return optional(value).map(list -> "?" + text(list)).orElseGet(() -> scalar(value));
  }

  private static String joined(String open, Stream<String> texts, String close) {
    return texts.collect(Collectors.joining(",", open, close));
  }

  /** Converts an optional of any kind to a list. */
  private static Optional<List<?>> optional(Object value) {
    Function<Object, List<?>> one = List::of;
    if (value instanceof Optional<?> any) {
      return Optional.of(any.<List<?>>map(one).orElse(List.of()));
    }
    if (value instanceof OptionalInt number) {
      return Optional.of(number.stream().boxed().toList());
    }
    if (value instanceof OptionalLong number) {
      return Optional.of(number.stream().boxed().toList());
    }
    if (value instanceof OptionalDouble number) {
      return Optional.of(number.stream().boxed().toList());
    }
    return Optional.empty();
  }

  private static String scalar(Object value) {
    if (value instanceof String string) {
      return '"' + string.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
    if (value instanceof Enum<?> constant) {
      return name(constant.getDeclaringClass()) + "." + constant.name();
    }
    if (value instanceof Boolean
        || value instanceof Integer
        || value instanceof Long
        || value instanceof Double
        || value instanceof Float) {
      return name(value.getClass()) + " " + value;
    }
    throw new IllegalArgumentException(
        (value instanceof Collection<?> || value == null ? value : value.getClass())
            + " has no fingerprint");
  }

  /** Simple name: the package does not affect the hash. */
  private static String name(Class<?> type) {
    return type.getSimpleName();
  }

  private static Object get(RecordComponent component, Record record) {
    try {
      // The record itself may be private.
      component.getAccessor().trySetAccessible();
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(record.getClass() + " cannot be read", e);
    }
  }
}
