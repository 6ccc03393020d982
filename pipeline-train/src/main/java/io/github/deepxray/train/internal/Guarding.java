package io.github.deepxray.train.internal;

import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.InputGuard.Detection;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.features.Matrix;
import io.github.deepxray.train.internal.embedding.Distortion;
import io.github.deepxray.train.internal.embedding.EmbeddingExtractor;
import io.github.deepxray.train.internal.embedding.ImageView;
import io.github.deepxray.train.internal.embedding.View;
import io.github.deepxray.train.internal.head.GuardNetwork;
import io.github.deepxray.train.internal.head.GuardNetwork.Parameters;
import io.github.deepxray.train.internal.stage.Stage;
import io.github.deepxray.train.internal.stage.StageManifest;
import io.github.deepxray.train.recipe.Augmentation;
import io.github.deepxray.train.recipe.GuardMode;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Fitting of the input guard of a trained classifier, after all training: it belongs to the
 * features of the classifier that is deployed.
 *
 * @param context execution context
 */
public record Guarding(Context context) {
  // Training images, each unchanged and randomly framed.
  private static final int FAMILIAR = 500;
  private static final List<View> FAMILIAR_VIEWS = View.range(2, Augmentation.FRAMING);
  // Training images of each kind of distortion.
  private static final int STRANGE = 150;
  // More of the kind that is nearest to unchanged images.
  private static final int INVERTED = 750;
  // Validation images of each kind, to measure the detection.
  private static final int TESTED = 60;

  /** Options, for the fingerprint. */
  private record Options(
      int familiar, int strange, int inverted, int tested, List<Distortion> distortions) {}

  /**
   * Fits the guard and saves it in a folder, unless the folder has that of the same classifier and
   * data set already, or the classifier was trained to have none.
   *
   * @param dataset data set of the classifier's training
   * @param model the classifier
   * @param folder output folder, which is replaced as a whole
   * @return the guard; {@link InputGuard#NONE} for a classifier without
   * @throws io.github.deepxray.core.DeepXrayException if the data set is another one, or the folder
   *     has other files
   * @throws IOException if something cannot be read or written
   */
  public InputGuard guard(PreparedDataset dataset, TrainedModel model, Path folder)
      throws IOException {
    AtomicFiles.requireOwn(folder, InputGuard.FILE);
    if (model.description().guard() == GuardMode.NONE) {
      AtomicFiles.deleteRecursively(folder);
      return InputGuard.NONE;
    }
    model.requireTrainedOn(dataset, "; train again or give that data set.");
    int features = model.model().network().size(model.features());
    Stage stage = stage(dataset, model);
    if (context.resumes() && new StageManifest(folder, stage).outcome(Object.class).isPresent()) {
      return InputGuard.load(folder, features);
    }
    InputGuard guard = new Fitting(dataset, model).guard();
    AtomicFiles.writeFolder(
        folder,
        partial -> {
          guard.save(partial);
          new StageManifest(partial, stage).write(Map.of());
        });
    return guard;
  }

  // Not of the engine: export reuses the guard that quantize fitted with another one.
  private Stage stage(PreparedDataset dataset, TrainedModel model) {
    return Stage.of(
            "guard", new Options(FAMILIAR, STRANGE, INVERTED, TESTED, List.of(Distortion.values())))
        .reading("data", dataset.fingerprint())
        .reading("model", model.fingerprint())
        .writing(List.of(InputGuard.FILE, InputGuard.WEIGHTS));
  }

  /** Fitting of one guard. */
  private final class Fitting {
    private final PreparedDataset dataset;
    private final TrainedModel model;
    private final EmbeddingExtractor extractor;

    Fitting(PreparedDataset dataset, TrainedModel model) {
      this.dataset = dataset;
      this.model = model;
      extractor = new EmbeddingExtractor(model.backbone(), context);
    }

    InputGuard guard() throws IOException {
      Embeddings validation =
          extractor.extract(dataset, Split.VALIDATION, View.validation()).embeddings();
      double[][] plain = rows(validation.views().subList(0, 1));
      Parameters fitted =
          new GuardFitter(rows(sample(Split.TRAIN, FAMILIAR_VIEWS, FAMILIAR)), strange(), plain)
              .fit();
      Model network =
          new Model(
              GuardNetwork.network(validation.dimension(), fitted.components()), fitted.weights());
      return new InputGuard(
          describe(network, fitted.components(), validation), Optional.of(network));
    }

    private double[][] strange() throws IOException {
      List<Matrix> all = new ArrayList<>(sample(Split.TRAIN, Distortion.fitted(), STRANGE));
      all.addAll(sample(Split.TRAIN, List.of(Distortion.INVERTED), INVERTED));
      return rows(all);
    }

    private List<Matrix> sample(Split split, List<? extends ImageView> views, int most)
        throws IOException {
      return extractor.sample(dataset, split, views, most).embeddings().views();
    }

    private InputGuard.Description describe(Model network, int components, Embeddings validation)
        throws IOException {
      try (InferenceEngine engine = context.engines().create(network, 1)) {
        double[] plain = scores(engine, validation.views().subList(0, 1));
        double limit = InputGuard.limit(plain);
        List<Matrix> framed = validation.views().subList(1, 1 + View.FRAMED);
        List<Matrix> test =
            extractor.extract(dataset, Split.TEST, List.of(View.IDENTITY)).embeddings().views();
        Map<String, Double> flagged = new LinkedHashMap<>();
        flagged.put(Split.VALIDATION.key(), beyond(plain, limit));
        flagged.put(InputGuard.FRAMED, beyond(scores(engine, framed), limit));
        flagged.put(Split.TEST.key(), beyond(scores(engine, test), limit));
        return new InputGuard.Description(
            InputGuard.FORMAT,
            model.model().weights().sha256(),
            dataset.fingerprint(),
            components,
            flagged,
            distortions(engine, plain, limit));
      }
    }

    private Map<String, Detection> distortions(InferenceEngine engine, double[] plain, double limit)
        throws IOException {
      Map<String, Detection> distortions = new LinkedHashMap<>();
      List<Distortion> kinds = List.of(Distortion.values());
      List<Matrix> distorted = sample(Split.VALIDATION, kinds, TESTED);
      for (int i = 0; i < kinds.size(); i++) {
        Distortion kind = kinds.get(i);
        double[] strange = scores(engine, distorted.subList(i, i + 1));
        distortions.put(
            kind.key(),
            new Detection(
                Distortion.fitted().contains(kind),
                strange.length,
                auc(plain, strange),
                beyond(strange, limit)));
      }
      return distortions;
    }
  }

  private static double[][] rows(List<Matrix> matrices) {
    List<double[]> rows = new ArrayList<>();
    for (Matrix matrix : matrices) {
      for (int r = 0; r < matrix.rows(); r++) {
        double[] row = new double[matrix.columns()];
        for (int c = 0; c < row.length; c++) {
          row[c] = matrix.at(r, c);
        }
        rows.add(row);
      }
    }
    return rows.toArray(double[][]::new);
  }

  private static double[] scores(InferenceEngine engine, List<Matrix> features) {
    DoubleStream all = DoubleStream.empty();
    for (Matrix view : features) {
      float[] scores = engine.run(view.toFloats(), view.rows())[0];
      all = DoubleStream.concat(all, IntStream.range(0, scores.length).mapToDouble(i -> scores[i]));
    }
    return all.toArray();
  }

  private static double beyond(double[] scores, double limit) {
    return Arrays.stream(scores).filter(score -> score > limit).count() / (double) scores.length;
  }

  private static double auc(double[] negatives, double[] positives) {
    float[] scores = new float[negatives.length + positives.length];
    List<SplitScores.Truth> truths = new ArrayList<>();
    for (int i = 0; i < scores.length; i++) {
      boolean strange = i >= negatives.length;
      scores[i] = (float) (strange ? positives[i - negatives.length] : negatives[i]);
      truths.add(new SplitScores.Truth(String.valueOf(i), String.valueOf(i), strange ? 1 : 0));
    }
    return SplitScores.of(truths, scores).auc();
  }
}
