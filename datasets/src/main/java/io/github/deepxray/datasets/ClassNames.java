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
 * Class names of a data set, two or more. In JSON files they are a list, label 0 first.
 *
 * @param list the names by label
 */
public record ClassNames(@JsonValue List<String> list) {
  /** Largest number of classes. */
  public static final int MOST = 1000;

  private static final int MAX_LENGTH = 100;
  private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,18}(\\.[0-9]{0,18})?");

  /** Checks that there are at least two names, that they differ and have no line breaks. */
  public ClassNames {
    list = List.copyOf(list);
    if (list.size() < 2 || list.size() > MOST) {
      throw new IllegalArgumentException(
          "give from two to " + MOST + " class names, not " + list.size());
    }
    Set<String> seen = new HashSet<>();
    for (String name : list) {
      if (name.isBlank()
          || name.length() > MAX_LENGTH
          || !name.equals(name.strip())
          || name.chars().anyMatch(Character::isISOControl)) {
        throw new IllegalArgumentException("\"" + name + "\" is not a class name");
      }
      if (!seen.add(name)) {
        throw new IllegalArgumentException(
            (list.size() == 2 ? "both classes have the name " : "two classes have the name ")
                + name);
      }
    }
  }

  /**
   * Creates the names of two classes.
   *
   * @param negative the class with label 0, {@link Label#NEGATIVE}
   * @param positive the class with label 1, {@link Label#POSITIVE}, whose probability a classifier
   *     returns
   */
  public ClassNames(String negative, String positive) {
    this(List.of(negative, positive));
  }

  /**
   * Parses names.
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

  /** Lower-case names of healthy classes. */
  private static final Pattern HEALTHY =
      Pattern.compile(
          "normals?|healthy|negatives?|controls?|clear|none|nothing|no[ _-]?findings?"
              + "|(no|non|not|without)[ _-].+");

  /** Whether a name denotes a class without findings, such as normal or healthy. */
  static boolean isHealthy(String name) {
    return HEALTHY.matcher(name.strip().toLowerCase(Locale.ROOT)).matches();
  }

  /**
   * Determines the class names of a data set. Without names from the user, labels follow the
   * alphabet, as in Keras; of two classes, one without findings comes first, so that the other is
   * the positive one.
   *
   * @param source the name of the data set in messages
   * @throws DeepXrayException if there are fewer than two, or others than those wanted
   */
  static ClassNames found(Collection<String> names, Optional<ClassNames> wanted, String source) {
    List<String> sorted = List.copyOf(new TreeSet<>(names));
    if (sorted.size() < 2 || sorted.size() > MOST) {
      List<String> first = sorted.subList(0, Math.min(5, sorted.size()));
      throw new OtherClassesException(
          source
              + " has "
              + sorted.size()
              + (sorted.size() == 1 ? " class (" : " classes (")
              + String.join(", ", first)
              + (sorted.size() > 5 ? ", ..." : "")
              + (sorted.size() > MOST
                  ? "); a classifier supports at most " + MOST + ": give fewer classes."
                  : "); a classifier needs two or more: give images of two classes."),
          first);
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
    throw new OtherClassesException(
        "%s has the classes %s, not %s; name them in --classes as they are."
            .formatted(
                source, String.join(" and ", sorted), String.join(" and ", wanted.get().list)),
        sorted);
  }

  /** Rejects names that differ only in case or number format, which are probably one class. */
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

  /** Number of classes. */
  public int size() {
    return list.size();
  }

  /** Labels in order. */
  public List<Label> labels() {
    return IntStream.range(0, list.size()).mapToObj(Label::new).toList();
  }

  /**
   * Positive class: label 1 of two.
   *
   * @throws IllegalStateException if there are more classes
   */
  public String positive() {
    if (list.size() != 2) {
      throw new IllegalStateException("of " + list.size() + " classes none is the positive one");
    }
    return of(Label.POSITIVE);
  }

  /** Name of a class. */
  public String of(Label label) {
    return list.get(label.index());
  }

  /** Finds the class of a name. */
  public Optional<Label> label(String name) {
    int index = list.indexOf(name);
    return index < 0 ? Optional.empty() : Optional.of(new Label(index));
  }
}
