package io.github.deepxray.report.internal;

import io.github.deepxray.classify.Explainer;
import io.github.deepxray.core.image.HeatMap;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.datasets.DatasetManifest.SplitSummary;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayReader;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.internal.Mistakes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/** Thumbnails of X-rays for the report. */
public final class ReportPictures {
  /** Number of samples in a row of the page. */
  private static final int SAMPLES = 8;

  private static final int MOST_ROWS = 20;
  private static final int SAMPLE_SIZE = 112;
  private static final int MISTAKE_SIZE = 192;

  private ReportPictures() {}

  /**
   * Returns images of the training and the test split, at equal distances within each finer class,
   * or within each class if there are no finer ones.
   *
   * @throws IOException if the data set cannot be read
   */
  public static List<Picture> samples(PreparedDataset dataset) throws IOException {
    List<Picture> samples = new ArrayList<>(samples(dataset, Split.TRAIN));
    samples.addAll(samples(dataset, Split.TEST));
    return samples;
  }

  private static List<Picture> samples(PreparedDataset dataset, Split split) throws IOException {
    DatasetProfile profile = dataset.manifest().profile();
    Map<String, Integer> sizes = new LinkedHashMap<>();
    dataset.manifest().splits().stream()
        .filter(summary -> summary.split() == split)
        .map(summary -> sizes(summary, profile))
        .forEach(sizes::putAll);
    Map<String, List<Picture>> pictures = new LinkedHashMap<>();
    sizes.keySet().stream()
        .limit(MOST_ROWS)
        .forEach(slice -> pictures.put(slice, new ArrayList<>()));
    Map<String, Integer> seen = new HashMap<>();
    try (XrayReader reader = dataset.read(split)) {
      for (Optional<XrayRecord> r = reader.next(); r.isPresent(); r = reader.next()) {
        String slice = profile.slice(r.get().filename(), r.get().label());
        int index = seen.merge(slice, 1, Integer::sum) - 1;
        int all = Math.max(1, sizes.getOrDefault(slice, 0));
        int shown = Math.min(SAMPLES, all);
        List<Picture> row = pictures.getOrDefault(slice, List.of());
        // Take the middle of equal parts.
        if (pictures.containsKey(slice)
            && row.size() < shown
            && index >= (2L * row.size() + 1) * all / (2L * shown)) {
          row.add(Picture.of(r.get(), split, slice, SAMPLE_SIZE));
        }
      }
    }
    return pictures.values().stream().flatMap(List::stream).toList();
  }

  /**
   * Returns training images at both ends of the strongest shortcuts.
   *
   * @throws IOException if the data set cannot be read
   */
  public static List<Picture> shortcuts(PreparedDataset dataset) throws IOException {
    List<String> files =
        ShortcutsTable.pictured(dataset.manifest())
            .flatMap(shortcut -> Stream.of(shortcut.lowest(), shortcut.highest()))
            .flatMap(List::stream)
            .distinct()
            .toList();
    DatasetProfile profile = dataset.manifest().profile();
    Map<String, XrayRecord> records = records(dataset, Split.TRAIN, files);
    return files.stream()
        .map(records::get)
        .map(
            record ->
                Picture.of(
                    record,
                    Split.TRAIN,
                    profile.slice(record.filename(), record.label()),
                    SAMPLE_SIZE))
        .toList();
  }

  /** Returns the records of some files of a split, by name. */
  private static Map<String, XrayRecord> records(
      PreparedDataset dataset, Split split, List<String> files) throws IOException {
    Set<String> wanted = Set.copyOf(files);
    Map<String, XrayRecord> records = new HashMap<>();
    try (XrayReader reader = dataset.read(split)) {
      for (Optional<XrayRecord> r = reader.next(); r.isPresent(); r = reader.next()) {
        if (wanted.contains(r.get().filename())) {
          records.put(r.get().filename(), r.get());
        }
      }
    }
    return records;
  }

  /** Returns the number of images of each finer class, or of each class. */
  private static Map<String, Integer> sizes(SplitSummary summary, DatasetProfile profile) {
    if (profile.hasSlices()) {
      return summary.slices();
    }
    Map<String, Integer> sizes = new LinkedHashMap<>();
    for (Label label : profile.classes().labels()) {
      sizes.put(profile.classes().of(label), summary.labels().getOrDefault(label, 0));
    }
    return sizes;
  }

  /**
   * Returns the worst mistakes among the test images, class by class, the worst first.
   *
   * @param decision decision of the classifier
   * @throws IOException if the data set cannot be read
   */
  public static List<Picture> mistakes(
      PreparedDataset dataset, Predictions predictions, Decision decision) throws IOException {
    return mistakes(dataset, predictions, decision, image -> Optional.empty());
  }

  /**
   * Returns the worst mistakes with heat maps.
   *
   * @param decision decision of the classifier
   * @param explainer model that computes the heat maps
   * @throws IOException if the data set cannot be read
   */
  public static List<Picture> mistakes(
      PreparedDataset dataset, Predictions predictions, Decision decision, Explainer explainer)
      throws IOException {
    return mistakes(
        dataset, predictions, decision, image -> Optional.of(explainer.explain(image).heatMap()));
  }

  private static List<Picture> mistakes(
      PreparedDataset dataset,
      Predictions predictions,
      Decision decision,
      Function<RgbImage, Optional<HeatMap>> heat)
      throws IOException {
    List<String> files =
        Mistakes.of(predictions, decision).shown().rows().stream()
            .map(row -> row.example().id())
            .toList();
    Map<String, XrayRecord> records = records(dataset, Split.TEST, files);
    List<Picture> pictures = new ArrayList<>();
    DatasetProfile profile = dataset.manifest().profile();
    for (String file : files) {
      XrayRecord record = records.get(file);
      String slice = profile.slice(record.filename(), record.label());
      Picture picture = Picture.of(record, Split.TEST, slice, MISTAKE_SIZE);
      pictures.add(heat.apply(record.decode()).map(picture::with).orElse(picture));
    }
    return pictures;
  }
}
