package io.github.deepxray.train;

/**
 * What an epoch came to.
 *
 * @param epoch from 0
 * @param loss the mean training loss of its batches, smoothing, class weights and penalty counted
 *     in
 * @param validationLoss the mean negative log likelihood on the validation split, each class
 *     weighted as in training
 * @param validationAuc the area under the ROC curve on the validation split
 * @param learningRate the learning rate of its last step
 */
public record EpochResult(
    int epoch, double loss, double validationLoss, double validationAuc, double learningRate) {}
