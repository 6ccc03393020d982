package io.github.deepxray.track;

import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import io.github.deepxray.train.DecisionRule.Thresholds;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.ProbabilityCalibration;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.features.Matrix;
import io.github.deepxray.train.internal.head.HeadNetworks;
import io.github.deepxray.train.recipe.GuardMode;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.recipe.ValidationViews;
import io.github.deepxray.train.stage.EpochResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Small pieces of a run. */
public final class Samples {
  /** The threshold that decides. */
  public static final double THRESHOLD = 0.6;

  private static final int FEATURES = 4;

  private Samples() {}

  /** An epoch, counted from 0, with all numbers that there may be. */
  public static EpochResult epoch(int epoch) {
    return new EpochResult(
        epoch,
        1.0 / (epoch + 1),
        0.5,
        0.75,
        Optional.of(new EpochResult.Scores(0.625, 0.875)),
        0.001,
        Optional.of(0.25 * epoch));
  }

  /** A head whose weights are 0, 1, 2, ... */
  public static TrainedModel model() throws IOException {
    HeadSpec head = HeadSpec.of("logistic");
    Network network = HeadNetworks.inference(head, FEATURES);
    Weights.Builder weights = Weights.builder();
    for (WeightSpec spec : network.weightSpecs()) {
      float[] values = new float[spec.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = i;
      }
      weights.put(spec.name(), FloatTensor.of(values, spec.shape()));
    }
    TrainedModel.Description description =
        new TrainedModel.Description(
            "deepxray-training/1",
            "efficientnetb0",
            32,
            "nowhere",
            "0",
            head,
            0,
            "none",
            "0",
            Optional.of(0.5),
            2,
            thresholds(),
            Optional.empty(),
            Optional.empty(),
            Map.of(),
            Optional.empty(),
            Fit.STRETCH,
            ProbabilityCalibration.NONE,
            GuardMode.NONE);
    return new TrainedModel(description, new Model(network, weights.build()));
  }

  private static Thresholds thresholds() {
    return new Thresholds(0.5, 0.5, THRESHOLD, 0.5, 0.95, ValidationViews.PLAIN);
  }

  /**
   * An evaluation of phantoms. Of each split, the n-th image in the order of the shards has the
   * probability (n + 1) / (images + 1) and the features n, n + 0.5, n + 1 and n + 1.5.
   */
  public static Measurement measurement(Path folder) throws IOException {
    Path source = folder.resolve("phantoms");
    PhantomArchive.writeFolder(
        source, PhantomOptions.DEFAULT.withTrain(8, 8).withVal(2, 2).withTest(5, 6).withSize(32));
    PreparedDataset dataset =
        PreparedDataset.prepare(
            source,
            folder.resolve("data"),
            DatasetOptions.DEFAULT.withImageSize(32).withValidationFraction(0.25),
            Progress.NONE);
    DatasetProfile profile = dataset.manifest().profile();
    Map<Split, Predictions> predictions = new EnumMap<>(Split.class);
    Map<Split, Embeddings> embeddings = new EnumMap<>(Split.class);
    Map<String, Evaluation> evaluations = new LinkedHashMap<>();
    for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
      List<XrayRecord> records = dataset.readAll(split);
      List<Predictions.Row> rows = new ArrayList<>();
      float[] features = new float[records.size() * FEATURES];
      for (int n = 0; n < records.size(); n++) {
        XrayRecord record = records.get(n);
        rows.add(
            new Predictions.Row(
                new ScoredExample(
                    record.filename(),
                    record.patient(),
                    record.label().index(),
                    (n + 1.0) / (records.size() + 1)),
                profile.slice(record.filename(), record.label())));
        for (int i = 0; i < FEATURES; i++) {
          features[n * FEATURES + i] = n + i / 2f;
        }
      }
      predictions.put(split, new Predictions(rows));
      embeddings.put(
          split,
          new Embeddings(
              records.stream().map(r -> Embeddings.Image.of(r, profile)).toList(),
              2,
              FEATURES,
              List.of(Matrix.of(features, records.size(), FEATURES))));
      evaluations.put(
          split.key(), Evaluation.of(predictions.get(split).scores(), thresholds().decisions(), 0));
    }
    ModelMetrics metrics =
        new ModelMetrics(
            ModelMetrics.FORMAT,
            "0",
            dataset.fingerprint(),
            profile.classes(),
            thresholds(),
            evaluations,
            Map.of(),
            evaluations.get("validation"),
            List.of(),
            Map.of());
    return new Measurement(dataset, metrics, predictions, embeddings);
  }
}
