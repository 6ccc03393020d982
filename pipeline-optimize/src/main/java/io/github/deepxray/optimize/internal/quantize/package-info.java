/**
 * Post-training quantization: what range each activation has ({@link
 * io.github.deepxray.optimize.internal.quantize.Calibrator}), how much of it to keep ({@link
 * io.github.deepxray.optimize.quantize.RangeMethod}), passes that turn a model of floats into one
 * of smaller numbers, a report of what each layer loses by it, and a search for the layers that
 * should stay in floats.
 *
 * <p>It knows no engine; where a model must run, the caller gives an {@link
 * io.github.deepxray.core.engine.EngineFactory}.
 */
package io.github.deepxray.optimize.internal.quantize;
