/** Fingerprints, manifests and histories that the stages leave. */
package io.github.deepxray.train.internal.stage;
