/** Measurement of how well the class of an image is told from what should not matter. */
package io.github.deepxray.datasets.internal.shortcuts;
