package io.github.deepxray.datasets;

import io.github.deepxray.core.internal.math.LogisticRegression;
import io.github.deepxray.core.internal.math.PatientFolds;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.DatasetManifest.Shortcut;
import io.github.deepxray.datasets.internal.shortcuts.Appearance;
import io.github.deepxray.datasets.internal.source.FileSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Measures how well each property that should not matter predicts the class of training images: the
 * area under the ROC curve of a logistic regression on that property alone, cross-validated in five
 * parts that share no patient (Zech et al. 2018 and DeGrave et al. 2021 on shortcuts in chest
 * X-rays).
 *
 * @param images the training images, which alone are used, then the validation images
 * @param trained the number of training images
 * @param source the source of the other columns of a table
 * @param classes the number of classes
 */
record ShortcutAudit(List<SpooledImage> images, int trained, FileSource source, int classes) {
  private static final int MOST_LEVELS = 10;

  /** Number of files named at each end. */
  private static final int NAMED = 4;

  /** The penalty of the coefficients, of few features and of the many of the frame. */
  private static final double PENALTY = 1;

  private static final double FRAME_PENALTY = 30;

  /** The seed of the bootstrap. */
  private static final long SEED = 0;

  /**
   * Measured shortcut.
   *
   * @param shortcut the result on the training images
   * @param validation for each validation image, by its path, the probability that the shortcut
   *     alone gives to the image's class
   */
  record Measured(Shortcut shortcut, Map<String, Double> validation) {}

  private static final class Features {
    private final String name;
    private final double[][] values;
    private final double penalty;

    Features(String name, double[][] values, double penalty) {
      this.name = name;
      this.values = values;
      this.penalty = penalty;
    }
  }

  /**
   * Measures each property that differs between images, the strongest first, file names last.
   * Returns nothing if a class has too few patients for five parts.
   *
   * @param cores the number of threads; the result does not depend on it
   * @throws IOException never; threads pass it on
   */
  List<Measured> measure(int cores) throws IOException {
    int[] folds = folds();
    if (folds.length == 0) {
      return List.of();
    }
    List<Measured> measured = new ArrayList<>();
    OrderedWork.run(features(), cores, features -> measure(features, folds), measured::add);
    measured.sort(
        Comparator.<Measured, Boolean>comparing(found -> !found.shortcut.inPicture())
            .thenComparing(found -> -found.shortcut.auc().value()));
    return measured;
  }

  /** Returns the part of each image; empty if a class lacks patients. */
  private int[] folds() {
    return PatientFolds.of(
        training().stream().map(SpooledImage::patient).toList(),
        training().stream().map(ShortcutAudit::label).toList(),
        classes);
  }

  private List<SpooledImage> training() {
    return images.subList(0, trained);
  }

  private static int label(SpooledImage image) {
    return image.sourceImage().label().index();
  }

  private List<Features> features() {
    List<Features> all = new ArrayList<>();
    for (String name : images.get(0).appearance().numbers().keySet()) {
      add(
          all,
          name,
          withSquares(columns(image -> image.appearance().numbers().get(name))),
          PENALTY);
    }
    add(all, "frame of the picture", columns(image -> image.appearance().frame()), FRAME_PENALTY);
    addLevels(
        all, "file format", images.stream().map(image -> image.appearance().format()).toList());
    List<Map<String, String>> attributes =
        images.stream().map(image -> source.attributes(image.sourceImage().file())).toList();
    TreeSet<String> names = new TreeSet<>();
    attributes.forEach(of -> names.addAll(of.keySet()));
    for (String name : names) {
      addColumn(all, name, attributes.stream().map(of -> of.getOrDefault(name, "")).toList());
    }
    return all;
  }

  /** Adds features; nothing if all are constant. */
  private void add(List<Features> all, String name, List<double[]> columns, double penalty) {
    if (!columns.isEmpty()) {
      double[][] values =
          IntStream.range(0, images.size())
              .mapToObj(i -> columns.stream().mapToDouble(column -> column[i]).toArray())
              .toArray(double[][]::new);
      all.add(new Features(name, values, penalty));
    }
  }

  /** Returns the standardized values of each feature that is not constant. */
  private List<double[]> columns(Function<SpooledImage, double[]> of) {
    double[][] rows = images.stream().map(of).toArray(double[][]::new);
    return IntStream.range(0, rows[0].length)
        .mapToObj(f -> Arrays.stream(rows).mapToDouble(row -> row[f]).toArray())
        .flatMap(values -> standardized(values).stream())
        .toList();
  }

  private List<double[]> withSquares(List<double[]> columns) {
    List<double[]> all = new ArrayList<>(columns);
    columns.forEach(
        column ->
            standardized(Arrays.stream(column).map(v -> v * v).toArray()).ifPresent(all::add));
    return all;
  }

  /** Standardizes by the training images; nothing if they all have one value. */
  private Optional<double[]> standardized(double[] values) {
    double mean = 0;
    for (int i = 0; i < trained; i++) {
      mean += values[i] / trained;
    }
    double variance = 0;
    for (int i = 0; i < trained; i++) {
      variance += (values[i] - mean) * (values[i] - mean) / trained;
    }
    if (!(variance > 1e-12 * (1 + mean * mean))) {
      return Optional.empty();
    }
    double deviation = Math.sqrt(variance);
    double[] standardized = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      standardized[i] = (values[i] - mean) / deviation;
    }
    return Optional.of(standardized);
  }

  /** Adds one feature for each frequent value of a text. */
  private void addLevels(List<Features> all, String name, List<String> texts) {
    Map<String, Integer> counts = new TreeMap<>();
    texts.subList(0, trained).forEach(text -> counts.merge(text, 1, Integer::sum));
    // Text that differs for most images is a name.
    if (counts.size() > 1 && counts.size() <= trained / 2) {
      List<double[]> columns =
          counts.entrySet().stream()
              .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
              .limit(MOST_LEVELS)
              .map(level -> texts.stream().mapToDouble(t -> t.equals(level.getKey()) ? 1 : 0))
              .flatMap(values -> standardized(values.toArray()).stream())
              .toList();
      add(all, name, columns, PENALTY);
    }
  }

  private void addColumn(List<Features> all, String column, List<String> texts) {
    String name = "column " + column;
    double[] numbers = texts.stream().mapToDouble(ShortcutAudit::number).toArray();
    double[] missing = Arrays.stream(numbers).map(n -> Double.isNaN(n) ? 1 : 0).toArray();
    if (trained - Arrays.stream(missing, 0, trained).sum() < 0.9 * trained) {
      addLevels(all, name, texts);
      return;
    }
    double mean =
        Arrays.stream(numbers, 0, trained).filter(n -> !Double.isNaN(n)).average().orElse(0);
    double[] known = Arrays.stream(numbers).map(n -> Double.isNaN(n) ? mean : n).toArray();
    List<double[]> columns =
        Stream.of(known, missing).flatMap(values -> standardized(values).stream()).toList();
    add(all, name, withSquares(columns), PENALTY);
  }

  /** Returns a finite number; NaN if it is missing, or the text is another. */
  private static double number(String text) {
    try {
      double number = Double.parseDouble(text);
      return Double.isFinite(number) ? number : Double.NaN;
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }

  private Measured measure(Features features, int[] folds) {
    double[][] scores = new double[images.size()][classes];
    for (int label = classes == 2 ? 1 : 0; label < classes; label++) {
      crossValidate(features, folds, label, scores);
    }
    Map<String, Double> validation = new HashMap<>();
    List<ScoredExample> scored = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      SpooledImage image = images.get(i);
      scores[i][0] = classes == 2 ? 1 - scores[i][1] : scores[i][0];
      if (i >= trained) {
        validation.put(image.path(), scores[i][label(image)]);
        continue;
      }
      scored.add(
          new ScoredExample(
              image.path(),
              image.patient(),
              label(image),
              Arrays.stream(scores[i]).boxed().toList()));
    }
    List<String> ordered =
        scored.stream()
            .sorted(
                Comparator.<ScoredExample>comparingDouble(e -> e.score(classes - 1))
                    .thenComparing(ScoredExample::id))
            .map(ScoredExample::id)
            .toList();
    int named = Math.min(NAMED, ordered.size() / 2);
    List<String> highest = new ArrayList<>(ordered.subList(ordered.size() - named, ordered.size()));
    Collections.reverse(highest);
    return new Measured(
        new Shortcut(
            features.name,
            !features.name.equals(Appearance.FILE_NUMBERS),
            new SplitScores(scored).auc(SEED),
            List.copyOf(ordered.subList(0, named)),
            List.copyOf(highest)),
        validation);
  }

  /** Scores each training image without its fold, and the validation images with all. */
  private void crossValidate(Features features, int[] folds, int label, double[][] scores) {
    for (int fold = 0; fold < PatientFolds.COUNT; fold++) {
      int part = fold;
      LogisticRegression model =
          fit(features, label, IntStream.range(0, trained).filter(i -> folds[i] != part));
      IntStream.range(0, trained)
          .filter(i -> folds[i] == part)
          .forEach(i -> scores[i][label] = model.probability(features.values[i]));
    }
    LogisticRegression model = fit(features, label, IntStream.range(0, trained));
    for (int i = trained; i < images.size(); i++) {
      scores[i][label] = model.probability(features.values[i]);
    }
  }

  private LogisticRegression fit(Features features, int label, IntStream part) {
    int[] train = part.toArray();
    double[] targets = new double[train.length];
    double[][] values = new double[train.length][];
    for (int i = 0; i < train.length; i++) {
      targets[i] = label(images.get(train[i])) == label ? 1 : 0;
      values[i] = features.values[train[i]];
    }
    return LogisticRegression.fit(values, targets, features.penalty);
  }
}
