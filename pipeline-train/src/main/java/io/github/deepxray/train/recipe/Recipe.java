package io.github.deepxray.train.recipe;

import io.github.deepxray.core.internal.Keyed;
import java.util.Optional;

/** Complete settings of a training: head, decision threshold and fine-tuning. */
public enum Recipe implements Keyed {
  /** The head of the original Python project, on the unchanged images. */
  ORIGINAL,

  /** Frozen backbone and an ensemble of two heads, on randomly framed views: the default. */
  FAST,

  /** As {@link #FAST}, then fine-tuning of the last blocks on framed views. */
  BEST;

  /** The head. */
  public HeadSpec head() {
    return switch (this) {
      case ORIGINAL -> HeadSpec.preset("original");
      case FAST, BEST -> HeadSpec.DEFAULT;
    };
  }

  /**
   * Sensitivity of the decision threshold on the validation images, 0..1. {@link #FAST} and {@link
   * #BEST} aim at that of Kermany et al. 2018 (Cell 172), .932.
   */
  public double targetSensitivity() {
    return switch (this) {
      case ORIGINAL -> 0.95;
      case FAST, BEST -> 0.93;
    };
  }

  /** Validation images on which the threshold reaches its sensitivity. */
  public ValidationViews thresholdViews() {
    return switch (this) {
      case ORIGINAL -> ValidationViews.PLAIN;
      case FAST, BEST -> ValidationViews.FRAMED;
    };
  }

  /** Calibration of the probabilities. */
  public CalibrationMode calibration() {
    return this == ORIGINAL ? CalibrationMode.NONE : CalibrationMode.AUTO;
  }

  /** Input guard. */
  public GuardMode guard() {
    return this == ORIGINAL ? GuardMode.NONE : GuardMode.AUTO;
  }

  /** Fine-tuning of the backbone; empty for a frozen one. */
  public Optional<FineTuningRecipe> fineTuning() {
    return switch (this) {
      case ORIGINAL, FAST -> Optional.empty();
      case BEST -> Optional.of(FineTuningRecipe.DEFAULT);
    };
  }
}
