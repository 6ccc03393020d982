package io.github.deepxray.train.recipe;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Views of the validation images by which something is chosen. */
public enum ValidationViews {
  /** The unchanged images, whose framing gives the class away as in training. */
  @JsonProperty("plain")
  PLAIN,

  /**
   * Three random framings of each image, see {@link Augmentation#FRAMING}: they tell how the
   * classifier does on images that are framed otherwise than those of the training split.
   */
  @JsonProperty("framed")
  FRAMED
}
