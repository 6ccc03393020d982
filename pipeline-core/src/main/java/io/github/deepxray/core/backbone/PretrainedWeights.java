package io.github.deepxray.core.backbone;

import io.github.deepxray.core.weights.Weights;

/**
 * Pretrained weights of a backbone.
 *
 * @param weights the tensors by the names of the network's weights
 * @param source the source of the weights, as text for a model card
 */
public record PretrainedWeights(Weights weights, String source) {}
