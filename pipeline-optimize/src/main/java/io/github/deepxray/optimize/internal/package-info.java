/**
 * Passes: transformations of a {@link io.github.deepxray.core.network.Model} that keep its results
 * (folding) or approximate them (quantization), independent of engines.
 */
package io.github.deepxray.optimize.internal;
