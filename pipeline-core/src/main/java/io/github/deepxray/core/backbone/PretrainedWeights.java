package io.github.deepxray.core.backbone;

import io.github.deepxray.core.weights.Weights;

/**
 * Weights of a backbone.
 *
 * @param weights by the names of the network's weights
 * @param source where they are from, in words for a model card
 */
public record PretrainedWeights(Weights weights, String source) {}
