/** Fingerprints, manifests and histories of stages. */
package io.github.deepxray.train.internal.stage;
