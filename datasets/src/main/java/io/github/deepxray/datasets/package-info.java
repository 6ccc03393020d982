/**
 * Chest X-ray archives to audited, patient-grouped TFRecord shards, and back.
 *
 * <p>Start with {@link io.github.deepxray.datasets.PreparedDataset#prepare}, which makes a folder,
 * and {@link io.github.deepxray.datasets.PreparedDataset#open}, which reads one.
 */
package io.github.deepxray.datasets;
