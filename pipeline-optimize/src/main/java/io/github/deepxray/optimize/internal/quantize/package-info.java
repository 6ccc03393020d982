/**
 * Post-training quantization: calibration of activation ranges ({@link
 * io.github.deepxray.optimize.internal.quantize.Calibrator}), range methods ({@link
 * io.github.deepxray.optimize.quantize.RangeMethod}), passes that quantize float models, a report
 * of the noise of each layer, and a search for layers to keep in floats.
 *
 * <p>Engines are passed as an {@link io.github.deepxray.core.engine.EngineFactory}.
 */
package io.github.deepxray.optimize.internal.quantize;
