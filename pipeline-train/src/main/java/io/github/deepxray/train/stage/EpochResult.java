package io.github.deepxray.train.stage;

import io.github.deepxray.train.recipe.ValidationViews;
import java.util.Optional;

/**
 * Result of an epoch.
 *
 * @param epoch number of the epoch, from 0
 * @param loss mean training loss of the batches, with label smoothing, class weights and L2 penalty
 * @param validationLoss mean negative log likelihood on the validation split, each class weighted
 *     as in training
 * @param validationAuc the area under the ROC curve on the validation split
 * @param framed loss and AUC on randomly framed views of the validation split, if evaluated
 * @param learningRate learning rate of the last step
 * @param sparsity share of zeros among the weights to prune, if weights are pruned gradually
 */
public record EpochResult(
    int epoch,
    double loss,
    double validationLoss,
    double validationAuc,
    Optional<Scores> framed,
    double learningRate,
    Optional<Double> sparsity) {
  /**
   * Loss and AUC on a split.
   *
   * @param loss the mean negative log likelihood, each class weighted as in training
   * @param auc the area under the ROC curve
   */
  public record Scores(double loss, double auc) {}

  /**
   * Returns the loss on the validation images.
   *
   * @throws IllegalStateException if it was not evaluated on these views
   */
  public double loss(ValidationViews views) {
    return switch (views) {
      case PLAIN -> validationLoss;
      case FRAMED -> framed.orElseThrow(IllegalStateException::new).loss();
    };
  }
}
