package io.github.deepxray.train;

import io.github.deepxray.train.stage.EpochResult;
import io.github.deepxray.train.stage.EpochResult.Scores;
import java.util.List;

/**
 * What a fine-tuning came to.
 *
 * @param model the classifier, saved in the folder
 * @param before the loss and AUC on the validation split before training
 * @param augmentedBefore the same on strong views of it
 * @param epochs what each epoch came to
 * @param activations how many activations were computed; the others came from the cache
 * @param activationsPerSecond how fast, reading and decoding included; NaN if none was
 * @param examplesPerSecond how many images were trained on in a second, without validation; NaN if
 *     none was
 * @param epochSeconds the mean time of an epoch, validation counted in; NaN if none was trained
 */
public record FineTuningResult(
    TrainedModel model,
    Scores before,
    Scores augmentedBefore,
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
