package io.github.deepxray.train.recipe;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.deepxray.train.internal.embedding.View;

/** How much a {@link View} may change an image. */
public enum Augmentation {
  /**
   * Mirrored in half of the cases, turned by up to 10 degrees, scaled by 0.9 to 1.1, shifted by up
   * to 6 % of the size, contrast times 0.85 to 1.15, brightness plus or minus 0.08 of the range.
   */
  @JsonProperty("mild")
  MILD,

  /**
   * For data from elsewhere, taken with other machines: mirrored in half of the cases, turned by up
   * to 15 degrees, scaled by 0.85 to 1.25, shifted by up to 8 % of the size; gamma exp(-0.4) to
   * exp(0.4), contrast times 0.7 to 1.3, brightness plus or minus 0.12 of the range; a Gaussian
   * blur of 0.3 to 1.3 pixels with probability 0.3 and Gaussian noise of 1 to 8 grey levels with
   * probability 0.2.
   */
  @JsonProperty("strong")
  STRONG
}
