/** Measurement of shortcuts: properties of images that predict the class and should not. */
package io.github.deepxray.datasets.internal.shortcuts;
