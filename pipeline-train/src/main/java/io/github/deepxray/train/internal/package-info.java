/** Stages train, prune and evaluate, and scoring of images. */
package io.github.deepxray.train.internal;
