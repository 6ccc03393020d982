package io.github.deepxray.datasets;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What becomes of the archive's own validation folder, 16 images in the Kaggle archive. */
public enum OfficialVal {
  /**
   * Its images are trained on; validation images are drawn from the train folder by patient. The
   * default: nothing can be chosen on 16 images.
   */
  TRAIN,
  /**
   * Its images are the validation images and none are drawn. A train image whose patient is also
   * there goes with it.
   */
  VALIDATION;

  /** The name in files: lower case. */
  @JsonValue
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
