/**
 * Pruning: zeros for the least important weights (unstructured, 2:4, 1x4 blocks), in one step or
 * gradually during training, and removal of expanded channels.
 *
 * <p>Training code asks for masks; calibration uses an {@link
 * io.github.deepxray.core.engine.EngineFactory}.
 */
package io.github.deepxray.optimize.internal.prune;
