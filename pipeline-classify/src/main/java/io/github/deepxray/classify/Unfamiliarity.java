package io.github.deepxray.classify;

import com.fasterxml.jackson.annotation.JsonGetter;

/**
 * Result of a classifier's input guard: how unlike the training images an image is. The result of
 * an image beyond the limit must not be used.
 *
 * @param value the score of the image, 0..1; higher is less like the training images
 * @param limit the score above which an image is unfamiliar, 0..1
 */
public record Unfamiliarity(double value, double limit) {
  /** The limit of models outside of a bundle, which records its own. */
  public static final double DEFAULT_LIMIT = 0.5;

  /** What users are told about an unfamiliar image. */
  public static final String WARNING = "unlike the training images: do not use the result";

  /** Checks that both are 0..1. */
  public Unfamiliarity {
    if (!(value >= 0 && value <= 1 && limit >= 0 && limit <= 1)) {
      throw new IllegalArgumentException(
          "an unfamiliarity and its limit must be 0..1, not " + value + " and " + limit);
    }
  }

  /** Whether the image is unfamiliar: its score is above the limit. */
  @JsonGetter
  public boolean exceeded() {
    return value > limit;
  }
}
