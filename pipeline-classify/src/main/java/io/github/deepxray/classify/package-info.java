/**
 * Bundles and classification with exported models: a bundle, its artifacts and the gate's verdicts,
 * and {@link io.github.deepxray.classify.Classifier}.
 *
 * <p>Engines are services: TensorFlow Lite is included, TensorFlow needs {@code
 * deepxray-pipeline-tensorflow} on the class path.
 */
package io.github.deepxray.classify;
