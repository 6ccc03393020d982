package io.github.deepxray.train;

import io.github.deepxray.train.stage.EpochResult;
import io.github.deepxray.train.stage.EpochResult.Scores;
import java.util.List;

/**
 * Result of fine-tuning.
 *
 * @param model fine-tuned classifier, saved in the folder
 * @param before loss and AUC on the validation split before fine-tuning
 * @param framedBefore loss and AUC on randomly framed views of the validation split before
 *     fine-tuning
 * @param epochs result of each epoch
 * @param activations number of activations that were computed; the others came from the cache
 * @param activationsPerSecond activations per second, reading and decoding included; NaN if none
 *     was computed
 * @param examplesPerSecond training images per second, without validation; NaN if no epoch was
 *     trained
 * @param epochSeconds mean seconds of an epoch, validation included; NaN if no epoch was trained
 */
public record FineTuningResult(
    TrainedModel model,
    Scores before,
    Scores framedBefore,
    List<EpochResult> epochs,
    long activations,
    double activationsPerSecond,
    double examplesPerSecond,
    double epochSeconds) {
  /** Copies the list. */
  public FineTuningResult {
    epochs = List.copyOf(epochs);
  }
}
