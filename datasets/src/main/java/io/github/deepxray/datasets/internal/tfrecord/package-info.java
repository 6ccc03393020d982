/**
 * TensorFlow's record files: lengths, bytes and masked CRC-32C checksums, plain or gzipped. What
 * the bytes mean is not known here.
 */
package io.github.deepxray.datasets.internal.tfrecord;
