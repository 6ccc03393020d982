package io.github.deepxray.track.internal;

import io.github.deepxray.train.stage.EpochResult;
import java.util.LinkedHashMap;
import java.util.Map;

/** Values of an epoch, named as in {@code history.csv}. */
public final class EpochNumbers {
  private EpochNumbers() {}

  /** Returns the finite values by name: losses, AUCs, learning rate, sparsity. */
  public static Map<String, Double> of(EpochResult result) {
    Map<String, Double> all = new LinkedHashMap<>();
    all.put("loss", result.loss());
    all.put("validation_loss", result.validationLoss());
    all.put("validation_auc", result.validationAuc());
    result
        .framed()
        .ifPresent(
            scores -> {
              all.put("framed_loss", scores.loss());
              all.put("framed_auc", scores.auc());
            });
    all.put("learning_rate", result.learningRate());
    result.sparsity().ifPresent(share -> all.put("sparsity", share));
    all.values().removeIf(value -> !Double.isFinite(value));
    return all;
  }
}
