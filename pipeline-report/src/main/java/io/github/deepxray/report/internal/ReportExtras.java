package io.github.deepxray.report.internal;

import io.github.deepxray.core.internal.io.Omittable;
import io.github.deepxray.datasets.DatasetOrigin;
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
 * @param shortcuts small copies of the training X-rays at both ends of the strongest shortcuts
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
