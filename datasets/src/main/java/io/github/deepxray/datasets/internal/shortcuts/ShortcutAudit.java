package io.github.deepxray.datasets.internal.shortcuts;

import io.github.deepxray.core.internal.concurrent.Workers;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Measures how well each property that should not matter predicts the class of training images: the
 * area under the ROC curve of a logistic regression on that property alone, cross-validated in five
 * parts that share no patient (Zech et al. 2018 and DeGrave et al. 2021 on shortcuts in chest
 * X-rays).
 *
 * @param images the training images
 * @param classes the number of classes
 */
public record ShortcutAudit(List<Image> images, int classes) {
  private static final int FOLDS = 5;
  private static final int MOST_LEVELS = 10;

  /** Number of files named at each end. */
  private static final int NAMED = 4;

  /** The penalty of the coefficients, of few features and of the many of the frame. */
  private static final double PENALTY = 1;

  private static final double FRAME_PENALTY = 30;

  /** The seed of the bootstrap. */
  private static final long SEED = 0;

  /**
   * Training image.
   *
   * @param file the name of the file
   * @param patient the patient, unique if unknown
   * @param label the number of the class
   * @param appearance the properties of the file
   * @param columns the values of the other columns of a table
   */
  public record Image(
      String file, String patient, int label, Appearance appearance, Map<String, String> columns) {}

  /**
   * A measured property.
   *
   * @param name the name of the property
   * @param inPicture whether a network can see it; false for file names
   * @param auc the area under the ROC curve, of more than two classes their mean, with its 95 %
   *     interval by patient
   * @param lowest the files with the lowest scores of the last class, the lowest first
   * @param highest the files with the highest scores of the last class, the highest first
   */
  public record Measured(
      String name, boolean inPicture, Interval auc, List<String> lowest, List<String> highest) {}

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
  public List<Measured> measure(int cores) throws IOException {
    int[] folds = folds();
    if (folds.length == 0) {
      return List.of();
    }
    List<Features> all = features();
    Measured[] measured = new Measured[all.size()];
    AtomicInteger next = new AtomicInteger();
    Workers.run(
        Math.max(1, Math.min(cores, all.size())),
        (worker, work) -> {
          for (int f = next.getAndIncrement();
              f < all.size() && !work.stopped();
              f = next.getAndIncrement()) {
            measured[f] = measure(all.get(f), folds);
          }
        });
    return IntStream.range(0, measured.length)
        .mapToObj(f -> measured[f])
        .sorted(
            Comparator.<Measured, Boolean>comparing(m -> !m.inPicture())
                .thenComparing(m -> -m.auc().value()))
        .toList();
  }

  /** Returns the part of each image, equal for a patient; empty if a class lacks patients. */
  private int[] folds() {
    Map<String, Integer> labels = new HashMap<>();
    images.forEach(image -> labels.putIfAbsent(image.patient(), image.label()));
    Map<Integer, TreeMap<String, String>> patients = new TreeMap<>();
    labels.forEach(
        (patient, label) ->
            patients
                .computeIfAbsent(label, l -> new TreeMap<>())
                .put(Hashes.sha256(patient.getBytes(StandardCharsets.UTF_8)), patient));
    if (patients.size() < classes || patients.values().stream().anyMatch(p -> p.size() < FOLDS)) {
      return new int[0];
    }
    Map<String, Integer> folds = new HashMap<>();
    patients
        .values()
        .forEach(hashed -> hashed.values().forEach(p -> folds.put(p, folds.size() % FOLDS)));
    return images.stream().mapToInt(image -> folds.get(image.patient())).toArray();
  }

  private List<Features> features() {
    List<Features> all = new ArrayList<>();
    for (String name : images.get(0).appearance().numbers().keySet()) {
      add(all, name, image -> image.appearance().numbers().get(name), PENALTY, true);
    }
    add(
        all,
        "frame of the picture",
        image -> grey(image.appearance().frame()),
        FRAME_PENALTY,
        false);
    addLevels(all, "file format", image -> image.appearance().format());
    TreeSet<String> columns = new TreeSet<>();
    images.forEach(image -> columns.addAll(image.columns().keySet()));
    for (String column : columns) {
      addColumn(all, column);
    }
    return all;
  }

  private static double[] grey(byte[] frame) {
    double[] values = new double[frame.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = frame[i] & 0xff;
    }
    return values;
  }

  /** Adds standardized features, optionally with their squares; nothing if all are constant. */
  private void add(
      List<Features> all,
      String name,
      Function<Image, double[]> of,
      double penalty,
      boolean squares) {
    double[][] raw = images.stream().map(of).toArray(double[][]::new);
    List<double[]> columns = new ArrayList<>();
    for (int f = 0; f < raw[0].length; f++) {
      int column = f;
      standardized(IntStream.range(0, raw.length).mapToDouble(i -> raw[i][column]).toArray())
          .ifPresent(columns::add);
    }
    if (squares) {
      for (double[] column : List.copyOf(columns)) {
        double[] squared = new double[column.length];
        for (int i = 0; i < squared.length; i++) {
          squared[i] = column[i] * column[i];
        }
        standardized(squared).ifPresent(columns::add);
      }
    }
    if (!columns.isEmpty()) {
      double[][] values = new double[raw.length][columns.size()];
      for (int i = 0; i < raw.length; i++) {
        for (int f = 0; f < columns.size(); f++) {
          values[i][f] = columns.get(f)[i];
        }
      }
      all.add(new Features(name, values, penalty));
    }
  }

  private static Optional<double[]> standardized(double[] values) {
    double mean = 0;
    for (double value : values) {
      mean += value / values.length;
    }
    double variance = 0;
    for (double value : values) {
      variance += (value - mean) * (value - mean) / values.length;
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
  private void addLevels(List<Features> all, String name, Function<Image, String> of) {
    Map<String, Integer> counts = new TreeMap<>();
    images.forEach(image -> counts.merge(of.apply(image), 1, Integer::sum));
    List<String> levels =
        counts.entrySet().stream()
            .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
            .limit(MOST_LEVELS)
            .map(Map.Entry::getKey)
            .toList();
    // Text that differs for most images is a name.
    if (counts.size() > 1 && counts.size() <= images.size() / 2) {
      add(
          all,
          name,
          image ->
              levels.stream().mapToDouble(level -> level.equals(of.apply(image)) ? 1 : 0).toArray(),
          PENALTY,
          false);
    }
  }

  private void addColumn(List<Features> all, String column) {
    Map<Image, Double> numbers = new LinkedHashMap<>();
    for (Image image : images) {
      try {
        double number = Double.parseDouble(image.columns().getOrDefault(column, ""));
        if (Double.isFinite(number)) {
          numbers.put(image, number);
        }
      } catch (NumberFormatException e) {
        // Not a number: a missing value, or the column is text.
      }
    }
    if (numbers.size() < 0.9 * images.size()) {
      addLevels(all, "column " + column, image -> image.columns().getOrDefault(column, ""));
      return;
    }
    double mean = numbers.values().stream().mapToDouble(Double::doubleValue).average().orElse(0);
    add(
        all,
        "column " + column,
        image -> {
          boolean known = numbers.containsKey(image);
          return new double[] {known ? numbers.get(image) : mean, known ? 0 : 1};
        },
        PENALTY,
        true);
  }

  private Measured measure(Features features, int[] folds) {
    double[][] scores = new double[images.size()][classes];
    for (int label = classes == 2 ? 1 : 0; label < classes; label++) {
      crossValidate(features, folds, label, scores);
    }
    List<ScoredExample> scored = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      Image image = images.get(i);
      scores[i][0] = classes == 2 ? 1 - scores[i][1] : scores[i][0];
      scored.add(
          new ScoredExample(
              image.file(),
              image.patient(),
              image.label(),
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
        features.name,
        !features.name.equals(Appearance.FILE_NUMBERS),
        new SplitScores(scored).auc(SEED),
        List.copyOf(ordered.subList(0, named)),
        List.copyOf(highest));
  }

  private void crossValidate(Features features, int[] folds, int label, double[][] scores) {
    for (int fold = 0; fold < FOLDS; fold++) {
      int part = fold;
      int[] train = IntStream.range(0, folds.length).filter(i -> folds[i] != part).toArray();
      boolean[] positive = new boolean[train.length];
      double[][] values = new double[train.length][];
      for (int i = 0; i < train.length; i++) {
        positive[i] = images.get(train[i]).label() == label;
        values[i] = features.values[train[i]];
      }
      LogisticRegression model = LogisticRegression.fit(values, positive, features.penalty);
      IntStream.range(0, folds.length)
          .filter(i -> folds[i] == part)
          .forEach(i -> scores[i][label] = model.probability(features.values[i]));
    }
  }
}
