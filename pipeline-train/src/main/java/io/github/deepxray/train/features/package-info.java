/** Feature vectors of images. */
package io.github.deepxray.train.features;
