/** Properties of images that should not predict the class, and the regression that does. */
package io.github.deepxray.datasets.internal.shortcuts;
