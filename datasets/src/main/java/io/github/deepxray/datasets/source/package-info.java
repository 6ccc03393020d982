/** Sources of images: Kaggle data sets, limits, and files to ignore. */
package io.github.deepxray.datasets.source;
