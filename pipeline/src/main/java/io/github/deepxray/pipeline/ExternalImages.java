package io.github.deepxray.pipeline;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.DatasetAudit.Quarantined;
import io.github.deepxray.datasets.LabelledImage;
import io.github.deepxray.datasets.LabelledImages.Reading;
import io.github.deepxray.datasets.SeenImages;
import io.github.deepxray.datasets.Split;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/** Choice and checks of images of another source than that of the training. */
final class ExternalImages {
  private ExternalImages() {}

  /**
   * Returns the images of a split, or all.
   *
   * @throws DeepXrayException if there are none
   */
  static List<LabelledImage> chosen(
      Path source, List<LabelledImage> images, Optional<Split> wanted) {
    List<LabelledImage> chosen =
        images.stream().filter(image -> wanted.isEmpty() || wanted.equals(image.split())).toList();
    if (chosen.isEmpty()) {
      throw new DeepXrayException(
          "%s has no labelled images%s; %s."
              .formatted(
                  source,
                  wanted.map(split -> " in the split " + split.key()).orElse(""),
                  wanted.isPresent()
                      ? "leave out the split to use all images"
                      : "give images in folders of their classes, or a table of path,label"));
    }
    return chosen;
  }

  /**
   * Refuses a source with too many bad files.
   *
   * @throws DeepXrayException if their share is larger than allowed, or no file is good
   */
  static void refuseBad(Path source, Reading<?> reading, double maxBad) {
    List<Quarantined> bad = reading.quarantined();
    int files = reading.images().size() + bad.size();
    if (bad.size() > maxBad * files || reading.images().isEmpty()) {
      throw new DeepXrayException(
          String.format(
              Locale.ROOT,
              "%s: %d of %d image files (%.2f %%) are bad, more than the %.2f %% allowed, the first"
                  + " is %s: %s. Repair them or raise --max-bad.",
              source,
              bad.size(),
              files,
              100.0 * bad.size() / files,
              100 * maxBad,
              bad.get(0).file(),
              bad.get(0).detail()));
    }
  }

  /**
   * Counts the images that the classifier was trained or chosen on.
   *
   * @throws DeepXrayException if there are some and they are not allowed
   */
  static int seen(Path source, Reading<?> reading, SeenImages hashes, boolean allowed) {
    List<String> seen =
        reading.images().stream()
            .filter(image -> hashes.hashes().contains(image.sha256()))
            .map(image -> image.image().path())
            .toList();
    if (!seen.isEmpty() && !allowed) {
      throw new DeepXrayException(
          String.format(
              Locale.ROOT,
              "%s: the model was trained or chosen on %,d of the %,d images, such as %s, so its"
                  + " metrics would be too good; leave them out, or use them anyway with"
                  + " --allow-seen.",
              source,
              seen.size(),
              reading.images().size(),
              seen.get(0)));
    }
    return seen.size();
  }

  /** Number of patients with an image of each class, by label. */
  static List<Long> patients(SplitScores scores) {
    return IntStream.range(0, scores.classes())
        .mapToObj(
            label ->
                scores.examples().stream()
                    .filter(e -> e.label() == label)
                    .map(ScoredExample::patient)
                    .distinct()
                    .count())
        .toList();
  }
}
