package io.github.deepxray.train.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Measurements;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.internal.shortcuts.ShortcutScores;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.internal.embedding.EmbeddingExtractor;
import io.github.deepxray.train.internal.embedding.View;
import io.github.deepxray.train.recipe.ValidationViews;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Evaluation of a trained classifier on the validation and test splits.
 *
 * @param context execution context
 */
public record Evaluator(Context context) {
  /**
   * Evaluates the classifier and writes {@code metrics.json} and the predictions of each split.
   *
   * <p>Slices hold the images of one finer class of the positive class together with all negatives,
   * so that AUC and specificity are defined.
   *
   * @param dataset data set of the classifier's training
   * @param model the classifier
   * @param folder output folder
   * @throws DeepXrayException if the classifier was trained on another data set, or the test split
   *     is empty
   * @throws IOException if something cannot be read or written
   */
  public ModelMetrics evaluate(PreparedDataset dataset, TrainedModel model, Path folder)
      throws IOException {
    model.requireTrainedOn(
        dataset,
        " (its splits may overlap with this test split); train again or give that data set.");
    EmbeddingExtractor extractor = new EmbeddingExtractor(model.backbone(), context);
    DatasetProfile profile = dataset.manifest().profile();
    Map<String, Evaluation> splits = new LinkedHashMap<>();
    Map<String, Map<String, Evaluation>> slices = new LinkedHashMap<>();
    Embeddings validation =
        extractor.extract(dataset, Split.VALIDATION, View.validation()).embeddings();
    Map<Split, Embeddings> plain = new EnumMap<>(Split.class);
    plain.put(Split.VALIDATION, Scorer.of(validation, ValidationViews.PLAIN));
    plain.put(
        Split.TEST, extractor.extract(dataset, Split.TEST, List.of(View.IDENTITY)).embeddings());
    Map<Split, SplitScores> scored = new EnumMap<>(Split.class);
    Map<String, Measurements> uncalibrated = new LinkedHashMap<>();
    for (Split split : plain.keySet()) {
      Embeddings embeddings = plain.get(split);
      if (embeddings.images().isEmpty()) {
        throw new DeepXrayException(
            "The " + split.key() + " split of " + dataset.folder() + " is empty.");
      }
      SplitScores scores = Scorer.score(context.engines(), model.head(), embeddings);
      scored.put(split, scores);
      Predictions predictions = predictions(embeddings, scores);
      splits.put(split.key(), evaluate(scores, model));
      if (!model.description().calibration().identity()) {
        uncalibrated.put(split.key(), uncalibrated(embeddings, model));
      }
      slices.put(split.key(), slices(predictions, profile, model));
      predictions.write(folder.resolve(Predictions.fileName(split.key())));
    }
    ModelMetrics report =
        new ModelMetrics(
            ModelMetrics.FORMAT,
            model.model().weights().sha256(),
            dataset.fingerprint(),
            profile.classes(),
            model.description().decision(),
            splits,
            slices,
            evaluate(
                Scorer.score(context.engines(), model.head(), validation, ValidationViews.FRAMED),
                model),
            new ShortcutReliance(
                    scored.get(Split.VALIDATION), model.description().decision().decision())
                .of(ShortcutScores.read(dataset.folder())),
            uncalibrated);
    Json.write(folder.resolve(ModelMetrics.FILE), report);
    return report;
  }

  private static Evaluation evaluate(SplitScores scores, TrainedModel model) {
    return Evaluation.of(
        scores, model.description().decision().decisions(), model.description().seed());
  }

  private Measurements uncalibrated(Embeddings embeddings, TrainedModel model) {
    SplitScores scores = Scorer.score(context.engines(), model.uncalibratedHead(), embeddings);
    return Evaluation.of(scores, Map.of(), model.description().seed()).probabilities();
  }

  private static Map<String, Evaluation> slices(
      Predictions predictions, DatasetProfile profile, TrainedModel model) {
    Map<String, Evaluation> slices = new LinkedHashMap<>();
    List<ScoredExample> negatives = examples(predictions, row -> row.example().label() == 0);
    for (String slice : profile.slices()) {
      List<ScoredExample> members = examples(predictions, row -> row.slice().equals(slice));
      if (!members.isEmpty()) {
        List<ScoredExample> all = new ArrayList<>(members);
        if (members.stream().anyMatch(e -> e.label() != 0)) {
          all.addAll(negatives);
        }
        slices.put(slice, evaluate(new SplitScores(all), model));
      }
    }
    return slices;
  }

  private static List<ScoredExample> examples(
      Predictions predictions, Predicate<Predictions.Row> which) {
    return predictions.rows().stream().filter(which).map(Predictions.Row::example).toList();
  }

  private static Predictions predictions(Embeddings embeddings, SplitScores scores) {
    List<Predictions.Row> rows = new ArrayList<>();
    for (int i = 0; i < scores.examples().size(); i++) {
      rows.add(new Predictions.Row(scores.examples().get(i), embeddings.images().get(i).slice()));
    }
    return new Predictions(rows);
  }
}
