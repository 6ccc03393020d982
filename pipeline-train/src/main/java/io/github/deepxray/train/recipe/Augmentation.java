package io.github.deepxray.train.recipe;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.deepxray.train.internal.embedding.View;

/** Ranges of the random changes of a {@link View}. */
public enum Augmentation {
  /**
   * Horizontal flip with probability 0.5, rotation by up to 10 degrees, scaling by 0.9 to 1.1,
   * translation by up to 6 % of the size, contrast factor 0.85 to 1.15, brightness plus or minus
   * 0.08 of the range.
   */
  @JsonProperty("mild")
  MILD,

  /**
   * Stronger augmentation for images from other sites and devices: horizontal flip with probability
   * 0.5, rotation by up to 15 degrees, scaling by 0.85 to 1.25, translation by up to 8 % of the
   * size; gamma exp(-0.4) to exp(0.4), contrast factor 0.7 to 1.3, brightness plus or minus 0.12 of
   * the range; Gaussian blur of 0.3 to 1.3 pixels with probability 0.3, Gaussian noise of 1 to 8
   * grey levels with probability 0.2.
   */
  @JsonProperty("strong")
  STRONG,

  /**
   * Another framing of the same chest, so that the framing says less about the class: cropping to a
   * width/height ratio of exp(-0.4) to exp(0.4) times the image's and to 0.85 to 1 of its size,
   * stretched back, nearer the centre than the edge and never shrunk; horizontal flip with
   * probability 0.5, rotation by up to 8 degrees; gamma exp(-0.4) to exp(0.4), contrast factor
   * exp(-0.3) to exp(0.3), brightness plus or minus 0.1 of the range; Gaussian blur of 0.3 to 1.2
   * pixels with probability 0.5.
   */
  @JsonProperty("framing")
  FRAMING
}
