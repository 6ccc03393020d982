/**
 * Data sets from Kaggle, in kagglehub's cache or downloaded to it.
 *
 * <p>Start with {@link io.github.deepxray.datasets.internal.kaggle.Kaggle#fromEnvironment}.
 */
package io.github.deepxray.datasets.internal.kaggle;
