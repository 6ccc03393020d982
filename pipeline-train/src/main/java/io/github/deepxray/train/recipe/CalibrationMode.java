package io.github.deepxray.train.recipe;

import io.github.deepxray.core.internal.Keyed;

/** Choice of the calibration of the probabilities. */
public enum CalibrationMode implements Keyed {
  /**
   * The method with the lowest cross-validated log loss on the validation images, see {@link
   * io.github.deepxray.train.ProbabilityCalibration.Method}.
   */
  AUTO,

  /** No calibration. */
  NONE
}
