/**
 * From a trained classifier to files that others deploy: the bundle, its verification and
 * prediction with what is in it. {@link io.github.deepxray.export.Pipeline} runs everything from
 * the archive to the bundle.
 */
package io.github.deepxray.export;
