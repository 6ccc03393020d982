/**
 * Pipeline as a library: from an archive of chest X-rays to a verified bundle, and experiments that
 * compare such runs. {@link io.github.deepxray.pipeline.Pipeline#run} does what the command {@code
 * deepxray run} does.
 */
package io.github.deepxray.pipeline;
