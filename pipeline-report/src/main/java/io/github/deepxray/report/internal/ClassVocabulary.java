package io.github.deepxray.report.internal;

import io.github.deepxray.core.metrics.TargetClasses;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.DatasetProfile.ClassPhrases;
import io.github.deepxray.datasets.Label;
import java.util.List;
import java.util.Locale;

/**
 * Words for the classes of a data set in texts.
 *
 * @param profile profile of the data set
 */
public record ClassVocabulary(DatasetProfile profile) {
  /** Maximum width of a name in a chart. */
  private static final int ROOM = 20;

  /** First code point of characters that are mostly twice as wide as Latin ones. */
  private static final int WIDE = 0x2e80;

  /** Class names. */
  public ClassNames classes() {
    return profile.classes();
  }

  /** Number of classes. */
  public int size() {
    return classes().size();
  }

  /** Returns the classes with curves, see {@link TargetClasses}. */
  public List<Label> targets() {
    return TargetClasses.of(size()).stream().map(Label::new).toList();
  }

  private ClassPhrases phrases(Label label) {
    return profile.phrases(label);
  }

  /** Returns the name of a class within a sentence. */
  public String name(Label label) {
    return phrases(label).name();
  }

  /** Returns the words for one image of a class. */
  public String one(Label label) {
    return phrases(label).one();
  }

  /** Returns the words for images of a class. */
  public String many(Label label) {
    return phrases(label).many();
  }

  /** Returns the words for images of a class after a number or share. */
  public String having(Label label) {
    return phrases(label).having();
  }

  /** Returns the words for the scored class: the positive one of two classes, else each class. */
  public String scored() {
    return profile.positive().map(this::name).orElse("each class");
  }

  /**
   * Returns the words for the class of heat maps: the positive one of two classes, else the most
   * probable.
   */
  public String explained() {
    return profile.positive().map(this::name).orElse("the most probable class");
  }

  /** Returns the words for all other classes; of two classes the other one. */
  public String otherThan(Label label) {
    return size() == 2 ? name(new Label(1 - label.index())) : "another class";
  }

  /** Returns the text with a capital first letter. */
  public static String capitalized(String text) {
    int first = text.offsetByCodePoints(0, 1);
    return text.substring(0, first).toUpperCase(Locale.ROOT) + text.substring(first);
  }

  /** Returns the approximate width of a text in Latin characters. */
  static int width(String text) {
    return text.codePoints().map(c -> c < WIDE ? 1 : 2).sum();
  }

  /** Returns the shortened name of a class, for charts whose text has the full name. */
  String brief(Label label) {
    String own = cut(name(label));
    // Shortened names must stay different.
    boolean alike =
        classes().labels().stream()
            .anyMatch(other -> !other.equals(label) && cut(name(other)).equals(own));
    return alike ? "label " + label.index() : own;
  }

  /** Returns the short words for all other classes. */
  String briefOthers(Label label) {
    return size() == 2 ? brief(new Label(1 - label.index())) : "the others";
  }

  /** Returns a shortened text. */
  static String cut(String text) {
    if (width(text) <= ROOM) {
      return text;
    }
    StringBuilder kept = new StringBuilder();
    int room = ROOM - 1;
    for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
      String next = Character.toString(text.codePointAt(i));
      room -= width(next);
      if (room < 0) {
        break;
      }
      kept.append(next);
    }
    return kept.toString().strip() + "…";
  }
}
