/**
 * Stage that quantizes a classifier: calibration, refitting of heads and choice of thresholds on
 * the data set of its training.
 */
package io.github.deepxray.train.internal.quantize;
