package io.github.deepxray.datasets;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.github.deepxray.core.DeepXrayException;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * What the two classes of a data set are called. In files of JSON they are a list, label 0 first.
 *
 * @param negative the class with label 0, which {@link Label#NORMAL} stands for
 * @param positive the class with label 1, which {@link Label#PNEUMONIA} stands for: the one whose
 *     probability a classifier gives
 */
public record ClassNames(String negative, String positive) {
  /** Those of the chest X-rays of Kermany et al. */
  public static final ClassNames DEFAULT = new ClassNames("NORMAL", "PNEUMONIA");

  private static final int MAX_LENGTH = 100;

  /** Checks that they differ and can stand on a line. */
  public ClassNames {
    for (String name : List.of(negative, positive)) {
      if (name.isBlank()
          || name.length() > MAX_LENGTH
          || !name.equals(name.strip())
          || name.chars().anyMatch(Character::isISOControl)) {
        throw new IllegalArgumentException("\"" + name + "\" is no name of a class");
      }
    }
    if (negative.equals(positive)) {
      throw new IllegalArgumentException("both classes are called " + negative);
    }
  }

  /**
   * Reads two names.
   *
   * @param text {@code <negative>,<positive>}
   * @throws IllegalArgumentException if there are not two
   */
  public static ClassNames parse(String text) {
    return of(Arrays.stream(text.split(",", -1)).map(String::strip).toList());
  }

  @JsonCreator
  static ClassNames of(List<String> names) {
    if (names.size() != 2) {
      throw new IllegalArgumentException(
          "classes are two names, <negative>,<positive>, not " + names.size());
    }
    return new ClassNames(names.get(0), names.get(1));
  }

  /**
   * The classes of a data set that has these; unless told which is which, the first by alphabet has
   * label 0, as in Keras.
   *
   * @param source how messages name the data set
   * @throws DeepXrayException if there are not two, or others than those wanted
   */
  static ClassNames found(Collection<String> names, Optional<ClassNames> wanted, String source) {
    List<String> sorted = List.copyOf(new TreeSet<>(names));
    if (sorted.size() != 2) {
      List<String> first = sorted.subList(0, Math.min(5, sorted.size()));
      throw new DeepXrayException(
          source
              + " has "
              + sorted.size()
              + (sorted.size() == 1 ? " class (" : " classes (")
              + String.join(", ", first)
              + (sorted.size() > 5 ? ", ..." : "")
              + "); a classifier tells two apart: give images of two classes.");
    }
    try {
      ClassNames classes = wanted.orElse(of(sorted));
      if (sorted.containsAll(classes.list())) {
        return classes;
      }
    } catch (IllegalArgumentException e) {
      throw new DeepXrayException(source + ": " + e.getMessage() + "; rename it.", e);
    }
    throw new DeepXrayException(
        source
            + " has the classes "
            + String.join(" and ", sorted)
            + ", not "
            + String.join(" and ", wanted.get().list())
            + "; name them in --classes as they are.");
  }

  /** The names by label. */
  @JsonValue
  public List<String> list() {
    return List.of(negative, positive);
  }

  /** The name of a class. */
  public String of(Label label) {
    return label == Label.NORMAL ? negative : positive;
  }

  /** The class of this name, if there is one. */
  public Optional<Label> label(String name) {
    return name.equals(negative)
        ? Optional.of(Label.NORMAL)
        : name.equals(positive) ? Optional.of(Label.PNEUMONIA) : Optional.empty();
  }
}
