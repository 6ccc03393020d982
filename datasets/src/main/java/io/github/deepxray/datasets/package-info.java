/**
 * Data sets: audits sources of images, splits them by patient, and writes and reads TFRecord
 * shards.
 *
 * <p>Start with {@link io.github.deepxray.datasets.PreparedDataset#prepare}, which creates a
 * folder, and {@link io.github.deepxray.datasets.PreparedDataset#open}, which opens one.
 */
package io.github.deepxray.datasets;
