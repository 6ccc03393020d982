/**
 * Passes: each turns a {@link io.github.deepxray.core.network.Model} into another that computes the
 * same (folding) or nearly the same with less (quantization). They know no engine.
 */
package io.github.deepxray.optimize.internal;
