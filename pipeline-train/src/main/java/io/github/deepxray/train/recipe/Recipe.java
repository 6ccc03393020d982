package io.github.deepxray.train.recipe;

import java.util.Locale;
import java.util.Optional;

/** Complete settings of a training: head, decision threshold and fine-tuning. */
public enum Recipe {
  /** The head of the original Python project, on the unchanged images. */
  ORIGINAL(HeadSpec.preset("original"), 0.95, ValidationViews.PLAIN, Optional.empty()),

  /** Frozen backbone and an ensemble of two heads, on randomly framed views: the default. */
  FAST(HeadSpec.DEFAULT, 0.93, ValidationViews.FRAMED, Optional.empty()),

  /** As {@link #FAST}, then fine-tuning of the last blocks on framed views. */
  BEST(HeadSpec.DEFAULT, 0.93, ValidationViews.FRAMED, Optional.of(FineTuningRecipe.DEFAULT));

  private final HeadSpec head;
  private final double targetSensitivity;
  private final ValidationViews thresholdViews;
  private final Optional<FineTuningRecipe> fineTuning;

  Recipe(
      HeadSpec head,
      double targetSensitivity,
      ValidationViews thresholdViews,
      Optional<FineTuningRecipe> fineTuning) {
    this.head = head;
    this.targetSensitivity = targetSensitivity;
    this.thresholdViews = thresholdViews;
    this.fineTuning = fineTuning;
  }

  /** Name on the command line. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The head. */
  public HeadSpec head() {
    return head;
  }

  /** Sensitivity of the decision threshold on the validation images, 0..1. */
  public double targetSensitivity() {
    return targetSensitivity;
  }

  /** Validation images on which the threshold reaches its sensitivity. */
  public ValidationViews thresholdViews() {
    return thresholdViews;
  }

  /** Fine-tuning of the backbone; empty for a frozen one. */
  public Optional<FineTuningRecipe> fineTuning() {
    return fineTuning;
  }
}
