/**
 * Pruning: weights that matter least become zero (unstructured, 2:4, 1x4 blocks), at once or
 * gradually while something else trains the model, and whole expansion channels are removed.
 *
 * <p>Nothing here trains or runs a model; who does asks for masks, and calibration is given an
 * {@link io.github.deepxray.core.engine.EngineFactory}.
 */
package io.github.deepxray.optimize.internal.prune;
