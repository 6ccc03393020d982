package io.github.deepxray.report.internal;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.ArtifactReport.FileSizes;
import io.github.deepxray.classify.GateLimits;
import io.github.deepxray.classify.Verdict;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.HeatMap;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.network.Sparsity;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetAudit;
import io.github.deepxray.datasets.DatasetManifest;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.datasets.source.Junk;
import io.github.deepxray.train.DecisionRule;
import io.github.deepxray.train.DecisionRule.MostProbable;
import io.github.deepxray.train.DecisionRule.Thresholds;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.ProbabilityCalibration;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.internal.Mistakes;
import io.github.deepxray.train.recipe.GuardMode;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.recipe.ValidationViews;
import io.github.deepxray.train.stage.EpochResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Contents to draw, made up. */
final class ReportContents {
  static final Thresholds THRESHOLDS =
      new Thresholds(0.5, 0.25, 0.375, 0.1, 0.95, ValidationViews.PLAIN);

  static final List<ModelMetrics.Reliance> SHORTCUTS =
      List.of(
          new ModelMetrics.Reliance("aspect ratio", 0.31, List.of(0.85, 0.93, 0.97, 0.99)),
          new ModelMetrics.Reliance(hostile("dependence"), -0.04, List.of(0.94, 0.93, 0.95, 0.92)));

  /** Names of classes that try to be markup; no name may have a control character. */
  static final ClassNames NAMES = new ClassNames(plain(hostile("neg")), plain(hostile("pos")));

  private ReportContents() {}

  /** A guard that finds half of the inverted images. */
  static InputGuard.Description guard() {
    return new InputGuard.Description(
        InputGuard.FORMAT,
        hostile("model"),
        hostile("dataset"),
        64,
        Map.of("validation", 0.01, InputGuard.FRAMED, 0.02, "test", 0.031),
        Map.of(hostile("inverted"), new InputGuard.Detection(true, 60, 0.987, 0.5)));
  }

  private static String plain(String text) {
    return text.replace("\u0007", "");
  }

  /** A name that tries to be markup. */
  static String hostile(String name) {
    return "<img src=\"http://x.example/" + name + "\" onerror='alert(1)'>&</code></table>\u0007";
  }

  /** Images whose probabilities have something to do with their class. */
  static Predictions predictions(String split, int images, long seed, DatasetProfile profile) {
    SplittableRandom random = new SplittableRandom(seed);
    int classes = profile.classes().size();
    List<Predictions.Row> rows = new ArrayList<>();
    for (int i = 0; i < images; i++) {
      int label = classes == 2 ? Math.min(1, i % 3) : i % classes;
      String id = hostile(split + i);
      rows.add(
          new Predictions.Row(
              new ScoredExample(
                  id, hostile("p" + split + i / 2), label, scores(classes, label, random)),
              profile.slice(
                  i % 2 == 0 ? "person1_bacteria_1" : "person1_virus_1", new Label(label))));
    }
    return new Predictions(rows);
  }

  private static List<Double> scores(int classes, int label, SplittableRandom random) {
    if (classes == 2) {
      double probability = Math.min(1, random.nextDouble() * 0.6 + (label == 1 ? 0.4 : 0));
      return List.of(1 - probability, probability);
    }
    double[] scores = new double[classes];
    for (int c = 0; c < classes; c++) {
      scores[c] = random.nextDouble() + (c == label ? 0.5 : 0);
    }
    double sum = Arrays.stream(scores).sum();
    return Arrays.stream(scores).mapToObj(score -> score / sum).toList();
  }

  private static DecisionRule decision(DatasetProfile profile) {
    int classes = profile.classes().size();
    return classes == 2
        ? THRESHOLDS
        : new MostProbable(Collections.nCopies(classes, 1.0 / classes));
  }

  static ModelMetrics metrics(Map<String, Predictions> predictions, DatasetProfile profile) {
    DecisionRule decision = decision(profile);
    Map<String, Evaluation> splits = new TreeMap<>();
    Map<String, Map<String, Evaluation>> slices = new TreeMap<>();
    predictions.forEach(
        (split, rows) -> {
          splits.put(split, Evaluation.of(rows.scores(), decision.decisions(), 1));
          Map<String, Evaluation> kinds = new TreeMap<>();
          for (String slice : profile.slices()) {
            List<ScoredExample> members =
                rows.rows().stream()
                    .filter(row -> row.example().label() == 0 || row.slice().equals(slice))
                    .map(Predictions.Row::example)
                    .toList();
            kinds.put(slice, Evaluation.of(new SplitScores(members), decision.decisions(), 1));
          }
          slices.put(split, kinds);
        });
    return new ModelMetrics(
        ModelMetrics.FORMAT,
        "weights",
        "data",
        profile.classes(),
        decision,
        splits,
        slices,
        splits.get("validation"),
        SHORTCUTS,
        Map.of());
  }

  private static DatasetManifest dataset(DatasetProfile profile) {
    DatasetAudit.Sizes sizes =
        new DatasetAudit.Sizes(
            new DatasetAudit.SizeRange(127, 888, 2663),
            new DatasetAudit.SizeRange(384, 1281, 2916),
            2,
            List.of(new DatasetAudit.SizeCount(888, 1281, 3)));
    List<DatasetAudit.Folder> folders = new ArrayList<>();
    List<DatasetManifest.SplitSummary> splits = new ArrayList<>();
    for (Split split : Split.values()) {
      for (Label label : profile.classes().labels()) {
        folders.add(
            new DatasetAudit.Folder(
                split,
                label,
                60,
                30,
                1,
                1_500_000,
                profile.hasSlices()
                    ? Map.of(label.equals(Label.NEGATIVE) ? "normal" : "viral", 60)
                    : Map.of(),
                Map.of("jpeg", 59, "png", 1),
                Map.of(1, 50, 3, 10),
                Map.of(),
                sizes));
      }
      splits.add(
          new DatasetManifest.SplitSummary(
              split,
              60 * profile.classes().size(),
              60,
              profile.classes().labels().stream()
                  .collect(Collectors.toMap(label -> label, label -> 60)),
              profile.hasSlices() ? Map.of("normal", 60, "bacterial", 30, "viral", 30) : Map.of(),
              0));
    }
    List<DatasetAudit.IdenticalGroup> identical = new ArrayList<>();
    List<DatasetAudit.Quarantined> quarantined = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      identical.add(
          new DatasetAudit.IdenticalGroup(
              "0", List.of(hostile("a" + i), hostile("b" + i)), i % 2 == 0));
      quarantined.add(
          new DatasetAudit.Quarantined(
              hostile("q" + i), DatasetAudit.Reason.UNREADABLE, hostile("reason")));
    }
    return new DatasetManifest(
        DatasetManifest.FORMAT,
        hostile("fingerprint"),
        new DatasetManifest.Source("zip", hostile("source")),
        DatasetOptions.DEFAULT,
        new DatasetAudit(
            1360,
            folders,
            identical,
            List.of(
                new DatasetAudit.PatientOverlap(
                    hostile("patient"), Map.of(Split.TRAIN, 2, Split.TEST, 1))),
            quarantined,
            new DatasetAudit.Skipped(1, 2, Map.of(Junk.MACOSX, 3), Map.of("txt", 6))),
        splits,
        List.of(),
        profile,
        List.of(
            new DatasetManifest.Shortcut(
                "aspect ratio",
                true,
                new Interval(0.861, 0.848, 0.874),
                List.of(hostile("narrow"), hostile("narrower")),
                List.of(hostile("wide"))),
            new DatasetManifest.Shortcut(
                hostile("column"), false, new Interval(0.52, 0.49, 0.55), List.of(), List.of())),
        Fit.CROP);
  }

  /** Noise compresses worst. */
  static XrayRecord noise(String name, long seed) {
    byte[] pixels = new byte[224 * 224 * 3];
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < pixels.length; i += 3) {
      pixels[i] = (byte) random.nextInt(256);
      pixels[i + 1] = pixels[i];
      pixels[i + 2] = pixels[i];
    }
    return XrayRecord.of(
        ImageCodec.encodeJpeg(RgbImage.of(224, 224, pixels), 95), Label.NEGATIVE, name, "p");
  }

  static Picture picture(DatasetProfile profile, String name, Split split, int size, boolean heat) {
    SplittableRandom random = new SplittableRandom(name.hashCode());
    float[] values = new float[49];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble();
    }
    Picture picture =
        Picture.of(noise(name, name.hashCode()), split, profile.slice(name, Label.NEGATIVE), size);
    return heat ? picture.with(HeatMap.of(7, 7, values)) : picture;
  }

  private static ArtifactReport artifact(
      Artifact artifact,
      OptionalDouble threshold,
      Map<String, Comparison> comparisons,
      List<String> objections) {
    return new ArtifactReport(
        artifact.key(),
        artifact.path(),
        hostile("form"),
        threshold,
        new FileSizes(4_652_057, 3_451_261, 3_451_397),
        artifact.equals(Artifact.FLOAT32)
            ? Optional.empty()
            : Optional.of(new Sparsity.Count(4_049_571, 2_034_567)),
        GateLimits.QUANTIZATION,
        new Verdict(comparisons, objections));
  }

  /** Everything that a report can show, with hostile names wherever a file can have them. */
  static ReportContent full() throws IOException {
    return of(DatasetProfile.CHEST_XRAY_PNEUMONIA);
  }

  /** The same of classes that have names of their own, and no finer ones. */
  static ReportContent named(ClassNames classes) throws IOException {
    return of(DatasetProfile.of(classes));
  }

  private static ReportContent of(DatasetProfile profile) throws IOException {
    Map<String, Predictions> predictions = new LinkedHashMap<>();
    predictions.put("validation", predictions("validation", 90, 1, profile));
    predictions.put("test", predictions("test", 120, 2, profile));
    SplitScores test = predictions.get("test").scores();
    DecisionRule rule = decision(profile);
    Decision decision = rule.decision();
    Map<String, Comparison> same = Map.of("test", Comparison.of(test, decision, test, decision, 1));
    ModelMetrics metrics = metrics(predictions, profile);
    List<Picture> wrong = new ArrayList<>();
    Mistakes.of(predictions.get("test"), decision)
        .shown()
        .rows()
        .forEach(row -> wrong.add(picture(profile, row.example().id(), Split.TEST, 192, true)));
    List<Picture> samples = new ArrayList<>();
    for (int i = 0; i < 56; i++) {
      samples.add(picture(profile, hostile("sample" + i), Split.TRAIN, 112, false));
    }
    List<EpochResult> head = new ArrayList<>();
    List<EpochResult> tuned = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      head.add(
          new EpochResult(
              i, 1.0 / (i + 1), 0.5 / (i + 1), 0.99, Optional.empty(), 1e-3, Optional.empty()));
      tuned.add(
          new EpochResult(
              i,
              0.1,
              0.2,
              i == 0 ? Double.NaN : 0.98,
              Optional.of(new EpochResult.Scores(0.3, 0.97)),
              1e-5,
              Optional.empty()));
    }
    Map<String, List<EpochResult>> histories = new LinkedHashMap<>();
    histories.put("train", head);
    histories.put("finetune", tuned);
    return new ReportContent(
        hostile("name"),
        hostile("purpose"),
        hostile("data"),
        hostile("from"),
        List.of(hostile("limit"), "another"),
        hostile("backbone"),
        new TrainedModel.Description(
            "f",
            hostile("b0"),
            224,
            hostile("weights"),
            "hash",
            HeadSpec.of("ensemble"),
            1,
            "tflite",
            "data",
            Optional.of(0.5),
            30,
            rule,
            Optional.empty(),
            Optional.empty(),
            Map.of(),
            Optional.empty(),
            Fit.CROP,
            ProbabilityCalibration.NONE,
            GuardMode.NONE),
        hostile("hash"),
        metrics,
        guard(),
        predictions,
        dataset(profile),
        List.of(
            artifact(Artifact.FLOAT32, decision.threshold(), same, List.of()),
            artifact(Artifact.INT8, decision.threshold(), same, List.of(hostile("objection"))),
            artifact(
                Artifact.of("int16x8"), decision.threshold(), Map.of(), List.of("cannot be run"))),
        List.of(
            new ReportContent.Other("model.keras", 16_400_000, hostile("other"), false),
            new ReportContent.Other("reports/" + hostile("page"), 500_000, "a page", true)),
        Optional.of(
            new ReportContent.Speed(hostile("machine"), Map.of("float32", 12.345, "int8", 6.5))),
        histories,
        samples,
        wrong,
        List.of(picture(profile, hostile("wide"), Split.TRAIN, 16, false)),
        Optional.of(hostile("heat")),
        Map.of(hostile("option"), hostile("value"), "a", "b", "c", "d", "e", "f"),
        Map.of("deepxray", hostile("version")),
        Map.of("os", hostile("os")));
  }

  /** What is there in any case: of an older bundle, whose test split has normal images alone. */
  static ReportContent least() throws IOException {
    ReportContent full = full();
    Map<String, Predictions> predictions = new LinkedHashMap<>(full.predictions());
    predictions.put(
        "test",
        new Predictions(
            full.predictions().get("test").rows().stream()
                .filter(row -> row.example().label() == 0)
                .toList()));
    return new ReportContent(
        "name",
        "",
        "data",
        "from",
        List.of(),
        "backbone",
        full.training(),
        "hash",
        metrics(predictions, DatasetProfile.CHEST_XRAY_PNEUMONIA),
        InputGuard.NONE.description(),
        predictions,
        full.dataset(),
        full.artifacts(),
        List.of(),
        Optional.empty(),
        Map.of(),
        List.of(),
        List.of(),
        List.of(),
        Optional.empty(),
        Map.of(),
        Map.of(),
        Map.of());
  }
}
