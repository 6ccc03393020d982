package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetManifest;
import io.github.deepxray.datasets.InputStatistics;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.SeenImages;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.internal.BundleRecords;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Content of a bundle with which images of another source are compared.
 *
 * @param records the records of the bundle
 * @param metrics the metrics of the trained model
 * @param dataset the data set of its training
 * @param predictions the predictions of the trained model on the test split
 * @param inputs the statistics of the test images by file name; empty in bundles of earlier builds
 * @param seen the hashes of the images that it was trained or chosen on, if recorded
 */
record BundleContent(
    BundleRecords records,
    ModelMetrics metrics,
    DatasetManifest dataset,
    Predictions predictions,
    Map<String, InputStatistics> inputs,
    Optional<SeenImages> seen) {
  /**
   * Reads the content of a bundle.
   *
   * @throws io.github.deepxray.core.DeepXrayException if a file is damaged
   */
  static BundleContent of(Bundle bundle) throws IOException {
    Path folder = bundle.folder();
    String predictions = Predictions.fileName(Split.TEST.key());
    List<String> read =
        List.of(
            ModelMetrics.FILE,
            PreparedDataset.MANIFEST,
            predictions,
            SeenImages.FILE,
            InputStatistics.fileName(Split.TEST));
    bundle.requireIntact(read::contains);
    BundleRecords records = new BundleRecords(bundle);
    ModelMetrics metrics = records.metrics();
    return new BundleContent(
        records,
        metrics,
        DatasetManifest.read(folder.resolve(PreparedDataset.MANIFEST), "export the bundle again"),
        records.predictions(Split.TEST.key(), metrics),
        InputStatistics.read(folder, Split.TEST),
        SeenImages.read(folder));
  }

  ClassNames classes() {
    return metrics.classes();
  }
}
