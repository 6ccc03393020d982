package io.github.deepxray.report.internal;

import io.github.deepxray.core.internal.io.Omittable;
import io.github.deepxray.datasets.DatasetOrigin;
import java.util.List;
import java.util.Optional;

/**
 * Content of the report that no other file of the bundle has: the content of {@code report.json}.
 *
 * @param format {@link #FORMAT}
 * @param name name of the model
 * @param purpose sentence about the task of the model
 * @param origin origin of the images
 * @param explained precision of the heat maps, if there are any
 * @param samples thumbnails of X-rays of each split and finer class
 * @param mistakes thumbnails of the worst mistakes among the test X-rays
 * @param shortcuts thumbnails of the training X-rays at both ends of the strongest shortcuts
 */
public record ReportExtras(
    String format,
    String name,
    String purpose,
    DatasetOrigin origin,
    Optional<HeatMapCheck> explained,
    List<Picture> samples,
    List<Picture> mistakes,
    @Omittable List<Picture> shortcuts) {
  /** The format that this version writes and reads. */
  public static final String FORMAT = "deepxray-report/1";

  /** The name of the file. */
  public static final String FILE = "report.json";

  /** Copies the lists. */
  public ReportExtras {
    samples = List.copyOf(samples);
    mistakes = List.copyOf(mistakes);
    shortcuts = shortcuts == null ? List.of() : List.copyOf(shortcuts);
  }
}
