/**
 * Decoding and resizing of images: one implementation for training, prediction and serving, equal
 * to TensorFlow's in an exported graph.
 */
package io.github.deepxray.core.image;
