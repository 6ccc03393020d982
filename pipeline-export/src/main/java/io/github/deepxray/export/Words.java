package io.github.deepxray.export;

import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetProfile;

/** How texts speak of the classes. */
final class Words {
  private Words() {}

  /** The positive class within a sentence; of more than two classes each of them. */
  static String positive(ClassNames classes) {
    return classes.size() > 2
        ? "each class"
        : DatasetProfile.of(classes).hasSlices() ? "pneumonia" : classes.positive();
  }

  /** All images of the positive class within a sentence. */
  static String positives(ClassNames classes) {
    return DatasetProfile.of(classes).hasSlices()
        ? "the pneumonias"
        : "the images of " + positive(classes);
  }
}
