package io.github.deepxray.datasets;

import io.github.deepxray.core.Keyed;

/** What becomes of the validation split that a data set brings along. */
public enum OfficialVal implements Keyed {
  /**
   * As {@link #VALIDATION} if there is one, but as {@link #TRAIN} for the 16 images of the Kaggle
   * archive, on which nothing can be chosen. The default.
   */
  AUTO,
  /** Its images are trained on; validation images are drawn from the train split by patient. */
  TRAIN,
  /**
   * Its images are the validation images and none are drawn. A train image whose patient is also
   * there goes with it.
   */
  VALIDATION;
}
