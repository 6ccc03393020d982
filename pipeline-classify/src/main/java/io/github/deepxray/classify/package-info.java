/**
 * Opens what was exported and classifies images with it: bundles, their artifacts and the gate's
 * verdict on them, and {@link io.github.deepxray.classify.Classifier}.
 *
 * <p>Engines are found as services: TensorFlow Lite is there by default, TensorFlow where {@code
 * deepxray-pipeline-tensorflow} is added.
 */
package io.github.deepxray.classify;
