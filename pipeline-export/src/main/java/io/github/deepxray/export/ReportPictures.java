package io.github.deepxray.export;

import io.github.deepxray.core.explain.Explainer;
import io.github.deepxray.core.image.HeatMap;
import io.github.deepxray.datasets.DatasetManifest.SplitSummary;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayReader;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.export.report.Mistakes;
import io.github.deepxray.export.report.Picture;
import io.github.deepxray.tflite.TfLiteEngine;
import io.github.deepxray.train.Predictions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Makes the small copies of X-rays that the report shows. */
final class ReportPictures {
  /** A row of the page. */
  private static final int SAMPLES = 8;

  private static final int SAMPLE_SIZE = 112;
  private static final int MISTAKE_SIZE = 192;

  private ReportPictures() {}

  /** X-rays of the training and the test split, at equal distances within each finer class. */
  static List<Picture> samples(PreparedDataset dataset) throws IOException {
    List<Picture> samples = new ArrayList<>();
    for (Split split : List.of(Split.TRAIN, Split.TEST)) {
      Map<Slice, Integer> sizes = new EnumMap<>(Slice.class);
      dataset.manifest().splits().stream()
          .filter(summary -> summary.split() == split)
          .map(SplitSummary::slices)
          .forEach(sizes::putAll);
      Map<Slice, List<Picture>> pictures = new EnumMap<>(Slice.class);
      Map<Slice, Integer> seen = new EnumMap<>(Slice.class);
      try (XrayReader reader = dataset.read(split)) {
        for (Optional<XrayRecord> r = reader.next(); r.isPresent(); r = reader.next()) {
          Slice slice = r.get().slice();
          int index = seen.merge(slice, 1, Integer::sum) - 1;
          int all = Math.max(1, sizes.getOrDefault(slice, 0));
          int shown = Math.min(SAMPLES, all);
          List<Picture> row = pictures.computeIfAbsent(slice, s -> new ArrayList<>());
          // The middle of each of as many equal parts as are shown.
          if (row.size() < shown && index >= (2L * row.size() + 1) * all / (2L * shown)) {
            row.add(Picture.of(r.get(), split, SAMPLE_SIZE, Optional.empty()));
          }
        }
      }
      pictures.values().forEach(samples::addAll);
    }
    return samples;
  }

  /**
   * The test X-rays that are decided most wrongly: false alarms, then missed ones, the worst first.
   *
   * @param threshold from which probability on is decided for the positive class
   * @param explaining the model that draws heat maps, if there is one
   */
  static List<Picture> mistakes(
      PreparedDataset dataset, Predictions predictions, double threshold, Optional<Path> explaining)
      throws IOException {
    Mistakes mistakes = Mistakes.of(predictions, threshold);
    List<String> files =
        Stream.of(mistakes.falseAlarms(), mistakes.missed())
            .flatMap(kind -> kind.stream().limit(Mistakes.SHOWN))
            .map(row -> row.example().id())
            .toList();
    Map<String, XrayRecord> records = new HashMap<>();
    try (XrayReader reader = dataset.read(Split.TEST)) {
      for (Optional<XrayRecord> r = reader.next(); r.isPresent(); r = reader.next()) {
        if (files.contains(r.get().filename())) {
          records.put(r.get().filename(), r.get());
        }
      }
    }
    List<Picture> pictures = new ArrayList<>();
    if (explaining.isEmpty()) {
      for (String file : files) {
        pictures.add(Picture.of(records.get(file), Split.TEST, MISTAKE_SIZE, Optional.empty()));
      }
      return pictures;
    }
    Path model = explaining.get();
    try (Explainer explainer =
        new Explainer(TfLiteEngine.load(model, TfLiteEngine.Options.DEFAULT), model.toString())) {
      for (String file : files) {
        HeatMap map = explainer.explain(records.get(file).decode()).heatMap();
        pictures.add(Picture.of(records.get(file), Split.TEST, MISTAKE_SIZE, Optional.of(map)));
      }
    }
    return pictures;
  }
}
