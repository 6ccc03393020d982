/**
 * Event files that TensorBoard reads: scalars, histograms, images, precision-recall curves and
 * hyper-parameters.
 */
package io.github.deepxray.track.internal.tensorboard;
