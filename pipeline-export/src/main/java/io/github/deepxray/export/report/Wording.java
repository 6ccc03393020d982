package io.github.deepxray.export.report;

import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.Label;
import java.util.Locale;

/**
 * How the report speaks of the classes: in the words of medicine for the default names, else with
 * the names as they are.
 *
 * @param classes what the classes are called
 */
record Wording(ClassNames classes) {
  /** How much of a name has room in a chart. */
  private static final int ROOM = 20;

  /** From this code point on, most characters are twice as wide as Latin ones. */
  private static final int WIDE = 0x2e80;

  /** Whether the finer classes bacterial and viral mean something. */
  boolean hasSlices() {
    return DatasetProfile.of(classes).hasSlices();
  }

  /** A class within a sentence. */
  String name(Label label) {
    return hasSlices() ? classes.of(label).toLowerCase(Locale.ROOT) : classes.of(label);
  }

  /** The class whose probability is given, within a sentence. */
  String positive() {
    return name(Label.PNEUMONIA);
  }

  /** The other class within a sentence. */
  String negative() {
    return name(Label.NORMAL);
  }

  /** Images of the positive class. */
  String positives() {
    return hasSlices() ? "pneumonias" : "images of " + positive();
  }

  /** Images of the negative class. */
  String negatives() {
    return hasSlices() ? "normal images" : "images of " + negative();
  }

  /** One image of the positive class. */
  String onePositive() {
    return hasSlices() ? "a pneumonia" : "an image of " + positive();
  }

  /** One image of the negative class. */
  String oneNegative() {
    return hasSlices() ? "a normal image" : "one of " + negative();
  }

  /** An image of the negative class in the test split. */
  String negativeOfTest() {
    return hasSlices() ? "normal test image" : "test image of " + negative();
  }

  /** The same in the plural. */
  String negativesOfTest() {
    return hasSlices() ? "normal test images" : "test images of " + negative();
  }

  /** An image of the positive class in the test split. */
  String positiveOfTest() {
    return hasSlices() ? "pneumonia of the test split" : "test image of " + positive();
  }

  /** The same in the plural. */
  String positivesOfTest() {
    return hasSlices() ? "pneumonias of the test split" : "test images of " + positive();
  }

  /** Images of the negative class, where there is little room. */
  String negativesInCharts() {
    return hasSlices() ? negatives() : negative();
  }

  /** Images of the positive class, where there is little room. */
  String positivesInCharts() {
    return hasSlices() ? positives() : positive();
  }

  /** Images of a class or a finer class. */
  String images(String name) {
    return hasSlices() ? name + " images" : "images of " + name;
  }

  /** What some images are, behind their number or share. */
  String positiveOnes() {
    return hasSlices() ? "with pneumonia" : "labelled " + positive();
  }

  /** What to call one image of a finer class, or of a class where there are none. */
  String image(String slice) {
    return slice + (hasSlices() ? " X-ray" : " image");
  }

  /** About how many Latin characters are as wide. */
  static int width(String text) {
    return text.codePoints().map(c -> c < WIDE ? 1 : 2).sum();
  }

  /** The same words with names as short as charts need; the text beside them has the whole. */
  Wording inCharts() {
    if (width(classes.negative()) <= ROOM && width(classes.positive()) <= ROOM) {
      return this;
    }
    String negative = cut(classes.negative());
    String positive = cut(classes.positive());
    // Two names that begin alike must not become one.
    return new Wording(
        negative.equals(positive)
            ? new ClassNames("label 0", "label 1")
            : new ClassNames(negative, positive));
  }

  private static String cut(String name) {
    if (width(name) <= ROOM) {
      return name;
    }
    StringBuilder kept = new StringBuilder();
    int room = ROOM - 1;
    for (int i = 0; i < name.length(); i = name.offsetByCodePoints(i, 1)) {
      String next = Character.toString(name.codePointAt(i));
      room -= width(next);
      if (room < 0) {
        break;
      }
      kept.append(next);
    }
    return kept.toString().strip() + "…";
  }
}
