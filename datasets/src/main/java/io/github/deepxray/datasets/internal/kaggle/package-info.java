/**
 * Data sets from Kaggle: found where kagglehub keeps them, or downloaded to there.
 *
 * <p>Start with {@link io.github.deepxray.datasets.internal.kaggle.Kaggle#fromEnvironment}.
 */
package io.github.deepxray.datasets.internal.kaggle;
