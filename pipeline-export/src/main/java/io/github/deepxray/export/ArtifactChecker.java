package io.github.deepxray.export;

import io.github.deepxray.core.bundle.Artifact;
import io.github.deepxray.core.bundle.Bundle;
import io.github.deepxray.core.bundle.ImageClassifier;
import io.github.deepxray.core.bundle.Limits;
import io.github.deepxray.core.bundle.Verdict;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.export.Gate.Compared;
import io.github.deepxray.tensorflow.SavedModelEngine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Runs the deployable forms of a classifier and lets the gate compare them with the trained one.
 */
final class ArtifactChecker {
  private final Bundle bundle;
  private final PreparedDataset dataset;
  private final double trainedThreshold;
  private final int cores;
  private final Progress progress;

  /**
   * Prepares.
   *
   * @param bundle where artifacts and predictions are
   * @param dataset where the images are
   * @param trainedThreshold the threshold of the trained model
   * @param cores how many processor cores to use
   * @param progress told of every image
   */
  ArtifactChecker(
      Bundle bundle,
      PreparedDataset dataset,
      double trainedThreshold,
      int cores,
      Progress progress) {
    this.bundle = bundle;
    this.dataset = dataset;
    this.trainedThreshold = trainedThreshold;
    this.cores = cores;
    this.progress = progress;
  }

  /**
   * What came out.
   *
   * @param verdict what the gate says
   * @param imagesPerSecond how fast one engine ran, decoding left out
   */
  record Checked(Verdict verdict, double imagesPerSecond) {}

  /**
   * Runs an artifact on splits.
   *
   * @throws IOException if something cannot be read
   */
  Checked check(Artifact artifact, double threshold, Limits limits, List<Split> splits)
      throws IOException {
    Map<String, Compared> compared = new LinkedHashMap<>();
    double seconds = 0;
    long images = 0;
    ArtifactScorer scorer = new ArtifactScorer(dataset, cores, progress);
    for (Split split : splits) {
      List<ScoredExample> trained = new BundleRecords(bundle).predictions(split.key()).examples();
      ArtifactScorer.Scores scores =
          scorer.score(
              "check " + artifact.key(),
              !artifact.needsTensorFlow(),
              threads -> {
                InferenceEngine engine = artifact.load(bundle, threads);
                ImageClassifier.requireClassifier(engine, bundle.folder().resolve(artifact.path()));
                return engine;
              },
              split);
      seconds += scores.engineSeconds();
      images += scores.examples().size();
      compared.put(
          split.key(), Compared.of(trained, trainedThreshold, scores.examples(), threshold));
    }
    if (artifact.needsTensorFlow()) {
      compared.put(
          Split.TEST.key() + " bytes",
          compareBytes(scorer, "check " + artifact.key() + " bytes", threshold));
    }
    return new Checked(Gate.judge(limits, compared), images / seconds);
  }

  private Compared compareBytes(ArtifactScorer scorer, String name, double threshold)
      throws IOException {
    Map<String, ScoredExample> trained =
        new BundleRecords(bundle)
            .predictions(Split.TEST.key()).examples().stream()
                .collect(Collectors.toMap(ScoredExample::id, Function.identity()));
    try (SavedModelEngine engine =
        new SavedModelEngine(bundle.folder().resolve(Bundle.SAVED_MODEL), cores)) {
      List<ScoredExample> scored = scorer.scoreBytes(name, engine, Split.TEST).examples();
      List<ScoredExample> same = new ArrayList<>();
      scored.stream()
          .map(ScoredExample::id)
          .filter(trained::containsKey)
          .map(trained::get)
          .forEach(same::add);
      return Compared.of(same, trainedThreshold, scored, threshold);
    }
  }
}
