package io.github.deepxray.datasets;

import java.util.List;

/**
 * How sentences speak of the images of a class.
 *
 * @param name the class, such as {@code normal}
 * @param one one image of it, such as {@code a normal image}
 * @param many several images of it, such as {@code normal images}
 * @param having what such images are, behind their number, such as {@code with pneumonia}
 */
public record ClassPhrases(String name, String one, String many, String having) {
  private static final int MAX_LENGTH = 200;

  /** Checks that the phrases can stand on a line. */
  public ClassPhrases {
    require(List.of(name, one, many, having));
  }

  /** Checks that phrases can stand on a line. */
  static void require(List<String> phrases) {
    for (String phrase : phrases) {
      if (phrase.isBlank()
          || phrase.length() > MAX_LENGTH
          || !phrase.equals(phrase.strip())
          || phrase.chars().anyMatch(Character::isISOControl)) {
        throw new IllegalArgumentException("\"" + phrase + "\" is no phrase of a sentence");
      }
    }
  }

  /** The phrases for a class of which nothing but its name is known. */
  static ClassPhrases of(String name) {
    return new ClassPhrases(name, "an image of " + name, "images of " + name, "labelled " + name);
  }
}
