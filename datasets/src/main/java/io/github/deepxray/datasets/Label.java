package io.github.deepxray.datasets;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Optional;

/**
 * The class of an image, by its place among the {@link ClassNames}: in files the number alone.
 *
 * @param index the value in a record: 0, 1, ... up to {@link ClassNames#MOST} - 1
 */
public record Label(@JsonValue int index) implements Comparable<Label> {
  /** Label 0: of two classes the negative one. */
  public static final Label NEGATIVE = new Label(0);

  /** Label 1: of two classes the positive one. */
  public static final Label POSITIVE = new Label(1);

  /** Checks the range. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public Label {
    if (index < 0 || index >= ClassNames.MOST) {
      throw new IllegalArgumentException("there is no label " + index);
    }
  }

  /** The label of a record's value, if there may be such a label. */
  public static Optional<Label> of(long index) {
    return index >= 0 && index < ClassNames.MOST
        ? Optional.of(new Label((int) index))
        : Optional.empty();
  }

  /** Reads the name of a field: JSON has no others than texts. */
  @JsonCreator
  static Label parse(String text) {
    if (!text.matches("0|[1-9][0-9]{0,2}")) {
      throw new IllegalArgumentException("there is no label " + text);
    }
    return new Label(Integer.parseInt(text));
  }

  @Override
  public int compareTo(Label other) {
    return Integer.compare(index, other.index);
  }

  /** The number. */
  @Override
  public String toString() {
    return String.valueOf(index);
  }
}
