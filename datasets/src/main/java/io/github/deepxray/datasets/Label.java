package io.github.deepxray.datasets;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Optional;

/**
 * Label of an image: the index of its class in {@link ClassNames}; a number in files.
 *
 * @param index the value in a record: 0, 1, ... up to {@link ClassNames#MOST} - 1
 */
public record Label(@JsonValue int index) implements Comparable<Label> {
  /** Label 0: the negative of two classes. */
  public static final Label NEGATIVE = new Label(0);

  /** Label 1: the positive of two classes. */
  public static final Label POSITIVE = new Label(1);

  /** Checks the range. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public Label {
    if (index < 0 || index >= ClassNames.MOST) {
      throw new IllegalArgumentException("invalid label " + index);
    }
  }

  /** Returns the label of a record's value, if valid. */
  public static Optional<Label> of(long index) {
    return index >= 0 && index < ClassNames.MOST
        ? Optional.of(new Label((int) index))
        : Optional.empty();
  }

  /** Parses a JSON field name, which is always text. */
  @JsonCreator
  static Label parse(String text) {
    if (!text.matches("0|[1-9][0-9]{0,2}")) {
      throw new IllegalArgumentException("invalid label " + text);
    }
    return new Label(Integer.parseInt(text));
  }

  @Override
  public int compareTo(Label other) {
    return Integer.compare(index, other.index);
  }

  /** Formats the number. */
  @Override
  public String toString() {
    return String.valueOf(index);
  }
}
