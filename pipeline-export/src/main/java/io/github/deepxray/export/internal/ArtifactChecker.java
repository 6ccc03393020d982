package io.github.deepxray.export.internal;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.Classifier;
import io.github.deepxray.classify.GateLimits;
import io.github.deepxray.classify.Verdict;
import io.github.deepxray.classify.internal.Gate;
import io.github.deepxray.classify.internal.Gate.Compared;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.internal.engine.ImageFileEngine;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.internal.BundleRecords;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.internal.ArtifactScorer;
import io.github.deepxray.train.internal.embedding.Distortion;
import java.io.IOException;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** Check of artifacts: runs them and compares them with the trained model by the gate. */
final class ArtifactChecker {
  private final Bundle bundle;
  private final PreparedDataset dataset;
  private final ModelMetrics trained;
  private final InputGuard.Description guard;
  private final int cores;
  private final Progress progress;

  /**
   * Creates a checker.
   *
   * @param bundle bundle with artifacts and predictions
   * @param dataset data set with the images
   * @param trained metrics of the trained model
   * @param guard description of the trained model's input guard
   * @param cores number of processor cores to use
   * @param progress notified after each image
   */
  ArtifactChecker(
      Bundle bundle,
      PreparedDataset dataset,
      ModelMetrics trained,
      InputGuard.Description guard,
      int cores,
      Progress progress) {
    this.bundle = bundle;
    this.dataset = dataset;
    this.trained = trained;
    this.guard = guard;
    this.cores = cores;
    this.progress = progress;
  }

  /**
   * Result of a check.
   *
   * @param verdict result of the gate
   * @param imagesPerSecond images per second of one engine, without decoding; NaN if the artifact
   *     could not be run
   * @param scores outputs of the artifact by split; empty if it could not be run
   * @param unfamiliarityLimit limit of its input guard, chosen on the validation split; empty
   *     without a guard, or if it could not be run
   * @param failure reason why the artifact could not be run on all splits, if it failed
   */
  record Checked(
      Verdict verdict,
      double imagesPerSecond,
      Map<Split, ArtifactScorer.Scores> scores,
      OptionalDouble unfamiliarityLimit,
      Optional<String> failure) {}

  /**
   * Artifact to check.
   *
   * @param artifact the artifact
   * @param decision its decision
   * @param unfamiliarityLimit limit of its input guard; if empty, it is chosen on the validation
   *     split
   * @param limits limits of its differences from the trained model
   * @param splits splits to run it on
   */
  record Task(
      Artifact artifact,
      Decision decision,
      OptionalDouble unfamiliarityLimit,
      GateLimits limits,
      List<Split> splits) {}

  /**
   * Runs an artifact on splits. It is refused if it cannot be loaded or run, or if its outputs are
   * not probabilities; the comparisons of that split and of later splits are then missing.
   *
   * @throws IOException if the images or the trained model's predictions cannot be read
   */
  Checked check(Task task) throws IOException {
    Artifact artifact = task.artifact();
    Map<String, Compared> compared = new LinkedHashMap<>();
    Map<Split, ArtifactScorer.Scores> scored = new EnumMap<>(Split.class);
    ArtifactScorer several = new ArtifactScorer(dataset, cores, progress);
    ArtifactScorer scorer = artifact.usesAllCores() ? several.withOneEngine() : several;
    String part = task.splits().get(0).key();
    try {
      for (Split split : task.splits()) {
        part = split.key();
        SplitScores expected = predictions(part);
        ArtifactScorer.Scores scores =
            scorer.score(
                "check " + artifact.key(),
                threads -> load(artifact, expected.classes(), threads),
                split);
        scored.put(split, scores);
        compared.put(
            part,
            Compared.of(expected, trained.decision().decision(), scores.scores(), task.decision()));
      }
      part = Split.TEST.key() + " bytes";
      Optional<Compared> bytes = compareBytes(scorer, artifact, task.decision());
      if (bytes.isPresent()) {
        compared.put(part, bytes.get());
      }
      part = "input guard";
      GuardCheck check = new GuardCheck(guard, scored);
      OptionalDouble limit = check.limit(task.unfamiliarityLimit());
      List<Double> distorted = limit.isPresent() ? distorted(scorer, task) : List.of();
      Verdict verdict = Gate.judge(task.limits(), compared);
      for (String objection : check.objections(limit, distorted)) {
        verdict = verdict.with(objection);
      }
      return checked(verdict, scored, limit);
    } catch (ArtifactScorer.UnusableException e) {
      Verdict verdict =
          Gate.judge(task.limits(), compared).with(part + ": cannot be run: " + e.getMessage());
      return new Checked(
          verdict, Double.NaN, Map.of(), OptionalDouble.empty(), Optional.of(e.getMessage()));
    }
  }

  private static Checked checked(
      Verdict verdict, Map<Split, ArtifactScorer.Scores> scored, OptionalDouble limit) {
    double seconds = 0;
    long images = 0;
    for (ArtifactScorer.Scores scores : scored.values()) {
      seconds += scores.engineSeconds();
      images += scores.scores().images().size();
    }
    return new Checked(verdict, images / seconds, scored, limit, Optional.empty());
  }

  /** Runs the input guard on distorted validation images, where the validation split is checked. */
  private List<Double> distorted(ArtifactScorer scorer, Task task) throws IOException {
    return task.splits().contains(Split.VALIDATION)
        ? scorer.unfamiliarities(
            "check guard of " + task.artifact().key(),
            threads -> task.artifact().load(bundle, threads),
            Split.VALIDATION,
            List.of(Distortion.values()),
            GuardCheck.IMAGES)
        : List.of();
  }

  private SplitScores predictions(String split) throws IOException {
    return new BundleRecords(bundle).predictions(split, trained).scores();
  }

  private InferenceEngine load(Artifact artifact, int classes, int threads) throws IOException {
    InferenceEngine engine = artifact.load(bundle, threads);
    try {
      Classifier.requireClassifier(engine, classes, bundle.folder().resolve(artifact.path()));
      return engine;
    } catch (DeepXrayException e) {
      engine.close();
      throw e;
    }
  }

  /** Returns the comparison of the signature that decodes image files, if the model has one. */
  private Optional<Compared> compareBytes(
      ArtifactScorer scorer, Artifact artifact, Decision decision) throws IOException {
    SplitScores expected = predictions(Split.TEST.key());
    try (InferenceEngine engine = artifact.load(bundle, cores)) {
      if (!(engine instanceof ImageFileEngine decoding)) {
        return Optional.empty();
      }
      String name = "check " + artifact.key() + " bytes";
      SplitScores scored = scorer.scoreBytes(name, decoding, Split.TEST).scores();
      return Optional.of(
          Compared.of(expected.inOrderOf(scored), trained.decision().decision(), scored, decision));
    }
  }
}
