/**
 * What all stages of the pipeline have in common: the {@link
 * io.github.deepxray.train.stage.Context} they run in, their fingerprints and what they report.
 */
package io.github.deepxray.train.stage;
