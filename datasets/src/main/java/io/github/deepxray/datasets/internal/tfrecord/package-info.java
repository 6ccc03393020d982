/** TFRecord files: lengths, bytes and masked CRC-32C checksums, plain or compressed. */
package io.github.deepxray.datasets.internal.tfrecord;
