package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.Classifier;
import io.github.deepxray.classify.LogitMap;
import io.github.deepxray.classify.Prediction;
import io.github.deepxray.classify.Unfamiliarity;
import io.github.deepxray.classify.ValidationDistribution;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.format.ModelNotes;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.CalibrationBin;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.PatientShare;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.metrics.TargetClasses;
import io.github.deepxray.core.metrics.UnpairedDifference;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.InputStatistics;
import io.github.deepxray.datasets.LabelledImage;
import io.github.deepxray.datasets.LabelledImages;
import io.github.deepxray.datasets.LabelledImages.Analyzed;
import io.github.deepxray.datasets.LabelledImages.Reading;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.ExternalValidation;
import io.github.deepxray.report.ExternalValidation.SliceMetrics;
import io.github.deepxray.report.internal.ExternalPage;
import io.github.deepxray.train.Predictions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * External validation of a bundle.
 *
 * @param bundle the bundle
 * @param spec the options
 * @param progress notified after each image
 */
record ExternalEvaluator(Bundle bundle, ExternalSpec spec, Progress progress) {
  private static final String PREDICTIONS = "predictions.csv";

  /** Most values of a column of slices: each slice needs patients. */
  private static final int MOST_VALUES = 50;

  /** Prediction for an image, with its statistics. */
  private record Scored(Prediction prediction, InputStatistics input) {}

  /**
   * Evaluates the bundle and writes the files.
   *
   * @param source the path of the images
   * @param folder the output folder
   */
  ExternalValidation evaluate(Path source, Path folder) throws IOException {
    BundleContent own = BundleContent.of(bundle);
    DatasetOptions options = DatasetOptions.DEFAULT.withLayout(spec.layout());
    try (LabelledImages images = LabelledImages.open(source, own.classes(), options);
        Classifier classifier =
            Classifier.open(
                bundle.folder(), Classifier.Options.DEFAULT.withArtifact(spec.artifact()))) {
      List<LabelledImage> chosen = ExternalImages.chosen(source, images.images(), spec.split());
      requireColumns(source, chosen);
      images.table().forEach(progress::note);
      int side = own.dataset().options().imageSize();
      Fit fit = classifier.fit();
      Reading<Scored> reading =
          images.read(
              chosen,
              spec.cores(),
              progress,
              (image, decoded) -> {
                RgbImage input = fit.apply(decoded, side, side);
                return new Scored(classifier.classify(input), InputStatistics.of(decoded, input));
              });
      ExternalImages.refuseBad(source, reading, spec.maxBad());
      Optional<Integer> seen =
          own.seen()
              .map(hashes -> ExternalImages.seen(source, reading, hashes, spec.seenAllowed()));
      return write(folder, own, new Input(source, reading, seen));
    }
  }

  private void requireColumns(Path source, List<LabelledImage> images) {
    TreeSet<String> columns = new TreeSet<>(images.get(0).attributes().keySet());
    for (String column : spec.slices()) {
      if (!columns.contains(column)) {
        throw new DeepXrayException(
            "%s has no column %s for slices; %s."
                .formatted(
                    source,
                    column,
                    columns.isEmpty()
                        ? "give a CSV file with more columns than path, label, patient and split"
                        : "choose of " + String.join(", ", columns)));
      }
      long values = images.stream().map(image -> image.attributes().get(column)).distinct().count();
      if (values > MOST_VALUES) {
        throw new DeepXrayException(
            ("The column %s of %s has %s values, more than the %s that can be slices; add a column"
                    + " of groups.")
                .formatted(column, source, values, MOST_VALUES));
      }
    }
  }

  /**
   * External images.
   *
   * @param seen the number that the classifier was trained or chosen on, if known
   */
  private record Input(Path source, Reading<Scored> reading, Optional<Integer> seen) {
    Predictions predictions() {
      return new Predictions(reading.images().stream().map(Input::row).toList());
    }

    private static Predictions.Row row(Analyzed<Scored> of) {
      LabelledImage image = of.image();
      return new Predictions.Row(
          new ScoredExample(
              image.path(),
              image.patient(),
              image.label().index(),
              of.value().prediction().probabilities()),
          image.slice());
    }

    /** Unfamiliarity of each image; empty without an input guard. */
    Optional<List<Unfamiliarity>> unfamiliarity() {
      List<Unfamiliarity> of =
          reading.images().stream()
              .flatMap(image -> image.value().prediction().unfamiliarity().stream())
              .toList();
      return of.isEmpty() ? Optional.empty() : Optional.of(of);
    }

    /** Columns of the input guard by name; none without one. */
    Map<String, List<String>> guardColumns() {
      Map<String, List<String>> columns = new LinkedHashMap<>();
      unfamiliarity()
          .ifPresent(
              guard -> {
                columns.put(
                    ModelNotes.UNFAMILIARITY,
                    // Shortest decimals that are parsed to the same floats.
                    guard.stream().map(of -> Float.toString((float) of.value())).toList());
                columns.put(
                    "unfamiliar",
                    guard.stream().map(of -> Boolean.toString(of.exceeded())).toList());
              });
      return columns;
    }

    int identical() {
      List<Analyzed<Scored>> images = reading.images();
      return images.size() - (int) images.stream().map(Analyzed::sha256).distinct().count();
    }
  }

  private ExternalValidation write(Path folder, BundleContent own, Input input) throws IOException {
    Predictions predictions = input.predictions();
    SplitScores scores = predictions.scores();
    long seed = own.records().provenance().training().seed();
    Map<String, Decision> decisions =
        Map.of(ExternalValidation.DECISION, bundle.decision(spec.artifact()));
    ExternalValidation result =
        new ExternalValidation(
            ExternalValidation.FORMAT,
            new ExternalValidation.Model(
                own.records().name(),
                own.metrics().model(),
                spec.artifact().key(),
                own.dataset().profile()),
            new ExternalValidation.Data(
                String.valueOf(input.source.getFileName()),
                input.reading.source(),
                spec.split(),
                ExternalImages.patients(scores),
                input.seen,
                input.identical(),
                input.reading.quarantined()),
            Evaluation.of(scores, decisions, seed),
            reference(own, scores, decisions, seed),
            reliability(own.classes(), scores),
            slices(input, predictions, decisions, seed),
            new ExternalDrift(
                    own.classes(), scores, bundle.adaptation().apply(own.predictions().scores()))
                .of(
                    input.reading.images().stream().map(image -> image.value().input()).toList(),
                    own.inputs()),
            guard(input, scores, decisions, seed));
    predictions.write(folder.resolve(PREDICTIONS), input.guardColumns());
    AtomicFiles.write(
        folder.resolve(ExternalPage.FILE),
        ExternalPage.html(result, predictions, own.predictions(), seed));
    Json.write(folder.resolve(ExternalValidation.FILE), result);
    return result;
  }

  /** Share of unfamiliar images, and metrics without them; empty without an input guard. */
  private Optional<ExternalValidation.Guard> guard(
      Input input, SplitScores scores, Map<String, Decision> decisions, long seed)
      throws IOException {
    Optional<List<Unfamiliarity>> guard = input.unfamiliarity();
    if (guard.isEmpty()) {
      return Optional.empty();
    }
    List<Boolean> unfamiliar = guard.get().stream().map(Unfamiliarity::exceeded).toList();
    List<Integer> familiar =
        IntStream.range(0, unfamiliar.size()).filter(i -> !unfamiliar.get(i)).boxed().toList();
    boolean some = !familiar.isEmpty() && familiar.size() < unfamiliar.size();
    SplitScores others = scores.of(familiar);
    return Optional.of(
        new ExternalValidation.Guard(
            guard.get().get(0).limit(),
            unfamiliar.size() - familiar.size(),
            PatientShare.of(
                scores.examples().stream().map(ScoredExample::patient).toList(), unfamiliar, seed),
            ValidationDistribution.reference(bundle, spec.artifact(), LogitMap.IDENTITY)
                .unfamiliar(),
            some
                ? Optional.of(
                    new ExternalValidation.Familiar(
                        ExternalImages.patients(others), Evaluation.of(others, decisions, seed)))
                : Optional.empty()));
  }

  private static ExternalValidation.Reference reference(
      BundleContent own, SplitScores scores, Map<String, Decision> decisions, long seed) {
    SplitScores before = own.predictions().scores();
    Evaluation measured = own.metrics().of(Split.TEST);
    return new ExternalValidation.Reference(
        measured.images(),
        ExternalImages.patients(before),
        measured.overall(own.metrics().decision().name()),
        UnpairedDifference.of(
                new UnpairedDifference.Decided(before, own.metrics().decision().decision()),
                new UnpairedDifference.Decided(scores, decisions.get(ExternalValidation.DECISION)),
                seed)
            .differences());
  }

  private static Map<String, List<CalibrationBin>> reliability(
      ClassNames classes, SplitScores scores) {
    Map<String, List<CalibrationBin>> bins = new LinkedHashMap<>();
    TargetClasses.ofCharts(classes.size())
        .forEach(label -> bins.put(classes.list().get(label), CalibrationBin.of(scores, label)));
    return bins;
  }

  private List<SliceMetrics> slices(
      Input input, Predictions predictions, Map<String, Decision> decisions, long seed) {
    List<SliceMetrics> slices = new ArrayList<>();
    for (String column : spec.slices()) {
      Map<String, List<ScoredExample>> byValue = new TreeMap<>();
      for (int i = 0; i < predictions.rows().size(); i++) {
        String value = input.reading.images().get(i).image().attributes().get(column);
        byValue
            .computeIfAbsent(value, v -> new ArrayList<>())
            .add(predictions.rows().get(i).example());
      }
      byValue.forEach(
          (value, examples) -> {
            SplitScores of = new SplitScores(examples);
            slices.add(
                new SliceMetrics(
                    column,
                    value,
                    ExternalImages.patients(of),
                    Evaluation.of(of, decisions, seed)));
          });
    }
    return slices;
  }
}
