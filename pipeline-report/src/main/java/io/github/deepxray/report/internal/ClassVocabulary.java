package io.github.deepxray.report.internal;

import io.github.deepxray.core.metrics.TargetClasses;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.DatasetProfile.ClassPhrases;
import io.github.deepxray.datasets.Label;
import java.util.List;
import java.util.Locale;

/**
 * How texts speak of the classes of a data set.
 *
 * @param profile what the data set is about
 */
public record ClassVocabulary(DatasetProfile profile) {
  /** How much of a name has room in a chart. */
  private static final int ROOM = 20;

  /** From this code point on, most characters are twice as wide as Latin ones. */
  private static final int WIDE = 0x2e80;

  /** What the classes are called. */
  public ClassNames classes() {
    return profile.classes();
  }

  /** How many classes there are. */
  public int size() {
    return classes().size();
  }

  /** The classes that curves are drawn of, see {@link TargetClasses}. */
  public List<Label> targets() {
    return TargetClasses.of(size()).stream().map(Label::new).toList();
  }

  private ClassPhrases phrases(Label label) {
    return profile.phrases(label);
  }

  /** A class within a sentence. */
  public String name(Label label) {
    return phrases(label).name();
  }

  /** One image of a class. */
  public String one(Label label) {
    return phrases(label).one();
  }

  /** Images of a class. */
  public String many(Label label) {
    return phrases(label).many();
  }

  /** What images of a class are, behind their number or share. */
  public String having(Label label) {
    return phrases(label).having();
  }

  /** What a classifier gives the probability of: the positive one of two classes, else each. */
  public String scored() {
    return profile.positive().map(this::name).orElse("each class");
  }

  /** What a heat map speaks for: the positive one of two classes, else the most probable. */
  public String explained() {
    return profile.positive().map(this::name).orElse("the most probable class");
  }

  /** Any class but this: of two classes the other. */
  public String otherThan(Label label) {
    return size() == 2 ? name(new Label(1 - label.index())) : "otherwise";
  }

  /** A text as a sentence begins with it. */
  public static String capitalized(String text) {
    int first = text.offsetByCodePoints(0, 1);
    return text.substring(0, first).toUpperCase(Locale.ROOT) + text.substring(first);
  }

  /** About how many Latin characters are as wide. */
  static int width(String text) {
    return text.codePoints().map(c -> c < WIDE ? 1 : 2).sum();
  }

  /** The name of a class where there is little room; the text beside it has the whole. */
  String brief(Label label) {
    String own = cut(name(label));
    // Two names that begin alike must not become one.
    boolean alike =
        classes().labels().stream()
            .anyMatch(other -> !other.equals(label) && cut(name(other)).equals(own));
    return alike ? "label " + label.index() : own;
  }

  /** All classes but one, where there is little room. */
  String briefOthers(Label label) {
    return size() == 2 ? brief(new Label(1 - label.index())) : "the others";
  }

  /** A text where there is little room. */
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
