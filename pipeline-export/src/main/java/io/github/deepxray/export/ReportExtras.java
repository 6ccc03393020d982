package io.github.deepxray.export;

import io.github.deepxray.export.report.Picture;
import java.util.List;
import java.util.Optional;

/**
 * What the report shows and no other file of the bundle holds: the content of {@code report.json}.
 *
 * @param format {@link #FORMAT}
 * @param name of the model
 * @param purpose what the model does, in a sentence
 * @param origin where the images come from
 * @param explained how far the heat maps are from exact ones, if there are some
 * @param samples small copies of some X-rays of each split and finer class
 * @param mistakes small copies of the test X-rays that are decided most wrongly
 */
record ReportExtras(
    String format,
    String name,
    String purpose,
    ImageOrigin origin,
    Optional<HeatMapCheck> explained,
    List<Picture> samples,
    List<Picture> mistakes) {
  static final String FORMAT = "deepxray-report/1";

  /** The name of the file. */
  static final String FILE = "report.json";

  ReportExtras {
    samples = List.copyOf(samples);
    mistakes = List.copyOf(mistakes);
  }
}
