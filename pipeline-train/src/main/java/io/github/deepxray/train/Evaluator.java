package io.github.deepxray.train;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.io.Json;
import io.github.deepxray.core.metrics.ClassifiedExample;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.MulticlassEvaluation;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.embedding.EmbeddingExtractor;
import io.github.deepxray.train.embedding.EmbeddingExtractor.Extraction;
import io.github.deepxray.train.embedding.Embeddings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Measures a trained classifier on the validation and test splits. */
public final class Evaluator {
  private final EngineFactory engines;
  private final int cores;
  private final Path cacheFolder;
  private final Progress progress;

  /**
   * Prepares an evaluation.
   *
   * @param engines what runs the classifier
   * @param cores how many processor cores to use
   * @param cacheFolder the folder of all embedding caches
   * @param progress told how far it is
   */
  public Evaluator(EngineFactory engines, int cores, Path cacheFolder, Progress progress) {
    this.engines = engines;
    this.cores = cores;
    this.cacheFolder = cacheFolder;
    this.progress = progress;
  }

  /**
   * Evaluates, and writes {@code metrics.json} and the predictions of each split.
   *
   * <p>Slices hold the positives of one kind together with all negatives, so that their AUC and
   * specificity mean something.
   *
   * @param dataset the data set the classifier was trained on
   * @param model the classifier
   * @param folder where to write
   * @throws DeepXrayException if the classifier was trained on other data, or the test split is
   *     empty
   * @throws IOException if something cannot be read or written
   */
  public ModelMetrics evaluate(PreparedDataset dataset, TrainedModel model, Path folder)
      throws IOException {
    if (!model.description().dataset().equals(dataset.fingerprint())) {
      throw new DeepXrayException(
          "The model was trained on another data set than "
              + dataset.folder()
              + " (its splits may overlap with this test split); train again or give that data"
              + " set.");
    }
    Map<Split, Embeddings> embeddings = new EnumMap<>(Split.class);
    Map<Split, SplitScores> scored = new EnumMap<>(Split.class);
    EmbeddingExtractor extractor =
        new EmbeddingExtractor(model.backbone(), engines, cores, cacheFolder, progress);
    for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
      Extraction extraction = extractor.extract(dataset, split, 1);
      if (extraction.embeddings().images().isEmpty()) {
        throw new DeepXrayException(
            "The " + split.key() + " split of " + dataset.folder() + " is empty.");
      }
      embeddings.put(split, extraction.embeddings());
      scored.put(split, Scorer.score(engines, model.head(), extraction.embeddings()));
    }
    ModelMetrics report =
        model.description().decision() instanceof DecisionThresholds thresholds
            ? twoClass(dataset, model, thresholds, embeddings, scored, folder)
            : multiclass(dataset, model, scored, folder);
    Json.write(folder.resolve(ModelMetrics.FILE), report);
    return report;
  }

  private static MetricsReport twoClass(
      PreparedDataset dataset,
      TrainedModel model,
      DecisionThresholds decision,
      Map<Split, Embeddings> embeddings,
      Map<Split, SplitScores> scores,
      Path folder)
      throws IOException {
    Map<String, Evaluation> splits = new LinkedHashMap<>();
    Map<String, Map<String, Evaluation>> slices = new LinkedHashMap<>();
    Map<String, Double> thresholds = decision.byName();
    long seed = model.description().seed();
    DatasetProfile profile = dataset.manifest().profile();
    for (Map.Entry<Split, Embeddings> entry : embeddings.entrySet()) {
      String split = entry.getKey().key();
      List<ScoredExample> scored = scores.get(entry.getKey()).twoClass();
      splits.put(split, Evaluation.of(scored, thresholds, seed));
      slices.put(
          split,
          profile.hasSlices()
              ? slices(profile, entry.getValue(), scored, thresholds, seed)
              : Map.of());
      Predictions.of(entry.getValue(), scored).write(folder.resolve(Predictions.fileName(split)));
    }
    return new MetricsReport(
        MetricsReport.FORMAT,
        model.model().weights().sha256(),
        dataset.fingerprint(),
        decision,
        splits,
        slices);
  }

  private static MulticlassReport multiclass(
      PreparedDataset dataset, TrainedModel model, Map<Split, SplitScores> scores, Path folder)
      throws IOException {
    Map<String, MulticlassEvaluation> splits = new LinkedHashMap<>();
    for (Map.Entry<Split, SplitScores> entry : scores.entrySet()) {
      List<ClassifiedExample> scored = ((SplitScores.Multiclass) entry.getValue()).examples();
      String split = entry.getKey().key();
      splits.put(split, MulticlassEvaluation.of(scored, model.description().seed()));
      new ClassPredictions(scored).write(folder.resolve(Predictions.fileName(split)));
    }
    return new MulticlassReport(
        MulticlassReport.FORMAT,
        model.model().weights().sha256(),
        dataset.fingerprint(),
        dataset.manifest().classNames(),
        splits);
  }

  private static Map<String, Evaluation> slices(
      DatasetProfile profile,
      Embeddings embeddings,
      List<ScoredExample> scored,
      Map<String, Double> thresholds,
      long seed) {
    Map<String, List<ScoredExample>> members = new HashMap<>();
    List<ScoredExample> negatives = new ArrayList<>();
    for (int i = 0; i < scored.size(); i++) {
      if (scored.get(i).positive()) {
        members
            .computeIfAbsent(embeddings.images().get(i).slice(), s -> new ArrayList<>())
            .add(scored.get(i));
      } else {
        negatives.add(scored.get(i));
      }
    }
    Map<String, Evaluation> slices = new LinkedHashMap<>();
    for (String slice : profile.slices()) {
      if (members.containsKey(slice)) {
        List<ScoredExample> all = new ArrayList<>(members.get(slice));
        all.addAll(negatives);
        slices.put(slice, Evaluation.of(all, thresholds, seed));
      }
    }
    slices.put(Slice.NORMAL.key(), Evaluation.of(negatives, thresholds, seed));
    return slices;
  }
}
