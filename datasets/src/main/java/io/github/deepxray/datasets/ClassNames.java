package io.github.deepxray.datasets;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.github.deepxray.core.DeepXrayException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * What the classes of a data set are called, two or more. In files of JSON they are a list, label 0
 * first.
 *
 * @param list the names by label
 */
public record ClassNames(@JsonValue List<String> list) {
  /** The most classes that a data set may have. */
  public static final int MOST = 1000;

  private static final int MAX_LENGTH = 100;
  private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,18}(\\.[0-9]{0,18})?");

  /** Checks that there are at least two, that they differ and can stand on a line. */
  public ClassNames {
    list = List.copyOf(list);
    if (list.size() < 2 || list.size() > MOST) {
      throw new IllegalArgumentException(
          "classes are two names or more, at most " + MOST + ", not " + list.size());
    }
    Set<String> seen = new HashSet<>();
    for (String name : list) {
      if (name.isBlank()
          || name.length() > MAX_LENGTH
          || !name.equals(name.strip())
          || name.chars().anyMatch(Character::isISOControl)) {
        throw new IllegalArgumentException("\"" + name + "\" is no name of a class");
      }
      if (!seen.add(name)) {
        throw new IllegalArgumentException(
            (list.size() == 2 ? "both classes are called " : "two classes are called ") + name);
      }
    }
  }

  /**
   * Two classes.
   *
   * @param negative the class with label 0, which {@link Label#NEGATIVE} stands for
   * @param positive the class with label 1, which {@link Label#POSITIVE} stands for: the one whose
   *     probability a classifier gives
   */
  public ClassNames(String negative, String positive) {
    this(List.of(negative, positive));
  }

  /**
   * Reads names.
   *
   * @param text {@code <negative>,<positive>}, or the names of more classes, label 0 first
   * @throws IllegalArgumentException if there are not two or more
   */
  public static ClassNames parse(String text) {
    return of(Arrays.stream(text.split(",", -1)).map(String::strip).toList());
  }

  @JsonCreator
  static ClassNames of(List<String> names) {
    return new ClassNames(names);
  }

  /** Names of what has nothing to be found, in lower case. */
  private static final Pattern HEALTHY =
      Pattern.compile(
          "normals?|healthy|negatives?|controls?|clear|none|nothing|no[ _-]?findings?"
              + "|(no|non|not|without)[ _-].+");

  /** Whether a name says that nothing is found in images of the class, as normal or healthy do. */
  static boolean isHealthy(String name) {
    return HEALTHY.matcher(name.strip().toLowerCase(Locale.ROOT)).matches();
  }

  /**
   * The classes of a data set that has these. Unless told which is which, they are labelled by
   * alphabet, as in Keras; but of two, one whose name says that nothing is found comes first, so
   * that the other is the positive one.
   *
   * @param source how messages name the data set
   * @throws DeepXrayException if there are not two or more, or others than those wanted
   */
  static ClassNames found(Collection<String> names, Optional<ClassNames> wanted, String source) {
    List<String> sorted = List.copyOf(new TreeSet<>(names));
    if (sorted.size() < 2 || sorted.size() > MOST) {
      List<String> first = sorted.subList(0, Math.min(5, sorted.size()));
      throw new DeepXrayException(
          source
              + " has "
              + sorted.size()
              + (sorted.size() == 1 ? " class (" : " classes (")
              + String.join(", ", first)
              + (sorted.size() > 5 ? ", ..." : "")
              + (sorted.size() > MOST
                  ? "); a classifier tells at most " + MOST + " apart: give fewer classes."
                  : "); a classifier tells two or more apart: give images of two classes."));
    }
    refuseAlike(sorted, source);
    try {
      boolean reversed =
          sorted.size() == 2 && isHealthy(sorted.get(1)) && !isHealthy(sorted.get(0));
      ClassNames classes =
          wanted.orElse(of(reversed ? List.of(sorted.get(1), sorted.get(0)) : sorted));
      if (new TreeSet<>(classes.list).equals(new TreeSet<>(sorted))) {
        return classes;
      }
    } catch (IllegalArgumentException e) {
      throw new DeepXrayException(source + ": " + e.getMessage() + "; rename it.", e);
    }
    throw new DeepXrayException(
        "%s has the classes %s, not %s; name them in --classes as they are."
            .formatted(
                source, String.join(" and ", sorted), String.join(" and ", wanted.get().list)));
  }

  /** Names that differ by case or as numbers are written are one class, misspelt. */
  private static void refuseAlike(List<String> names, String source) {
    Map<String, String> seen = new HashMap<>();
    List<String> alike = new ArrayList<>();
    for (String name : names) {
      String plain = name.strip().toLowerCase(Locale.ROOT);
      if (NUMBER.matcher(plain).matches()) {
        plain = new BigDecimal(plain).stripTrailingZeros().toPlainString();
      }
      String other = seen.putIfAbsent(plain, name);
      if (other != null) {
        alike.add(other + " and " + name);
      }
    }
    if (!alike.isEmpty()) {
      throw new DeepXrayException(
          "%s has classes that look alike (%s); write each in one way."
              .formatted(source, String.join("; ", alike.subList(0, Math.min(5, alike.size())))));
    }
  }

  /** How many classes there are. */
  public int size() {
    return list.size();
  }

  /** The labels in order. */
  public List<Label> labels() {
    return IntStream.range(0, list.size()).mapToObj(Label::new).toList();
  }

  /**
   * The class with label 1 of two.
   *
   * @throws IllegalStateException if there are more
   */
  public String positive() {
    if (list.size() != 2) {
      throw new IllegalStateException("of " + list.size() + " classes none is the positive one");
    }
    return of(Label.POSITIVE);
  }

  /** The name of a class. */
  public String of(Label label) {
    return list.get(label.index());
  }

  /** The class of this name, if there is one. */
  public Optional<Label> label(String name) {
    int index = list.indexOf(name);
    return index < 0 ? Optional.empty() : Optional.of(new Label(index));
  }
}
