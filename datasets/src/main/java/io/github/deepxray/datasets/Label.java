package io.github.deepxray.datasets;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Optional;

/**
 * The class of an image, by its place among the {@link ClassNames}. In files of JSON it is {@code
 * "NORMAL"} or {@code "PNEUMONIA"} for 0 and 1 of two classes, whatever they are called, and else
 * the number.
 *
 * @param index the value in a record: 0, 1, ... up to {@link ClassNames#MOST} - 1
 */
public record Label(int index) implements Comparable<Label> {
  /** No pneumonia, label 0; of two classes the negative one. */
  public static final Label NORMAL = new Label(0);

  /** Pneumonia, label 1; of two classes the positive one. */
  public static final Label PNEUMONIA = new Label(1);

  /** Checks the range. */
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

  /** Reads what {@link #toString} gives, or a number. */
  @JsonCreator
  static Label parse(String text) {
    return switch (text) {
      case "NORMAL" -> NORMAL;
      case "PNEUMONIA" -> PNEUMONIA;
      default -> {
        if (!text.matches("[0-9]{1,4}")) {
          throw new IllegalArgumentException("there is no label " + text);
        }
        yield new Label(Integer.parseInt(text));
      }
    };
  }

  @Override
  public int compareTo(Label other) {
    return Integer.compare(index, other.index);
  }

  /** The name in files. */
  @JsonValue
  @Override
  public String toString() {
    return switch (index) {
      case 0 -> "NORMAL";
      case 1 -> "PNEUMONIA";
      default -> String.valueOf(index);
    };
  }
}
