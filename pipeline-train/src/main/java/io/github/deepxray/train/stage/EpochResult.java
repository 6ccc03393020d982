package io.github.deepxray.train.stage;

import java.util.Optional;

/**
 * What an epoch came to.
 *
 * @param epoch from 0
 * @param loss the mean training loss of its batches, smoothing, class weights and penalty counted
 *     in
 * @param validationLoss the mean negative log likelihood on the validation split, each class
 *     weighted as in training
 * @param validationAuc the area under the ROC curve on the validation split
 * @param augmented the same on strongly changed views of the validation split, where they are
 *     looked at
 * @param learningRate the learning rate of its last step
 * @param sparsity the share of zeros among the weights to prune, where weights are pruned gradually
 */
public record EpochResult(
    int epoch,
    double loss,
    double validationLoss,
    double validationAuc,
    Optional<Scores> augmented,
    double learningRate,
    Optional<Double> sparsity) {
  /**
   * How well a split is told apart.
   *
   * @param loss the mean negative log likelihood, each class weighted as in training
   * @param auc the area under the ROC curve
   */
  public record Scores(double loss, double auc) {}
}
