package io.github.deepxray.train.internal.head;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.tensorflow.internal.TensorFlowEngineFactory;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.features.Matrix;
import io.github.deepxray.train.internal.loop.Checkpoints;
import io.github.deepxray.train.recipe.Augmentation;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.recipe.HeadSpec.Adam;
import io.github.deepxray.train.recipe.HeadSpec.Constant;
import io.github.deepxray.train.recipe.HeadSpec.Cosine;
import io.github.deepxray.train.recipe.HeadSpec.Member;
import io.github.deepxray.train.recipe.HeadSpec.Sgd;
import io.github.deepxray.train.recipe.ValidationViews;
import io.github.deepxray.train.stage.Context;
import io.github.deepxray.train.stage.EpochResult;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeadTrainerTest {
  private static final Embeddings TRAIN = SampleFeatures.draw(150, 24, 3, 0.12, 1);
  private static final Embeddings VALIDATION = SampleFeatures.draw(60, 24, 1, 0.12, 2);

  /** Everything that is random at once: two members, dropout, views, shuffled batches. */
  private static final HeadSpec FULL =
      new HeadSpec(
          "full",
          List.of(new Member(List.of(), 0, 5e-3), new Member(List.of(16, 8), 0.5, 1e-4)),
          true,
          true,
          0.1,
          3,
          Augmentation.MILD,
          Adam.DEFAULT,
          new Cosine(1e-2, 0.1),
          32,
          12,
          0,
          ValidationViews.PLAIN);

  @TempDir Path folder;

  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  @Test
  void learnsToTellTheClassesApart() throws IOException {
    // The best possible AUC is 0.99: the means lie 2.9 standard deviations apart.
    Model head =
        trainer(FULL, 0, TrainingListener.NONE, Optional.empty())
            .train(SampleFeatures.draw(150, 24, 3, 0.2, 1), VALIDATION);
    Embeddings unseen = SampleFeatures.draw(300, 24, 1, 0.2, 3);
    assertThat(scores(head, unseen).auc()).isGreaterThan(0.9);
  }

  @Test
  void dependsOnTheSeed() throws IOException {
    assertThat(train(FULL, 1).weights()).isNotEqualTo(train(FULL, 2).weights());
  }

  /** A kill after any epoch, with or without a checkpoint just before it, changes no bit. */
  @Test
  void resumesToTheSameBits() throws IOException {
    List<EpochResult> expectedEpochs = new ArrayList<>();
    Model expected =
        trainer(FULL, 5, recorder(expectedEpochs), Optional.empty()).train(TRAIN, VALIDATION);
    for (int kill : new int[] {1, 4, 5, 11}) {
      Path checkpoints = folder.resolve("kill" + kill);
      kill(FULL, 5, "this", checkpoints, kill, 2);
      List<EpochResult> epochs = new ArrayList<>();
      int[] first = {-1};
      TrainingListener listener =
          recorder(epochs)
              .and(
                  new TrainingListener() {
                    @Override
                    public void onTrainingBegin(String phase, int firstEpoch, int count) {
                      first[0] = firstEpoch;
                    }
                  });
      Model resumed =
          trainer(FULL, 5, listener, checkpoints(checkpoints, "this", 2, true))
              .train(TRAIN, VALIDATION);
      // A listener hears of an epoch before its checkpoint is written.
      assertThat(first[0]).isEqualTo(kill / 2 * 2);
      assertThat(resumed.weights()).isEqualTo(expected.weights());
      assertThat(epochs).isEqualTo(expectedEpochs);
    }
  }

  @Test
  void resumesMomentumAndEarlyStoppingToTheSameBits() throws IOException {
    HeadSpec spec =
        new HeadSpec(
            "sgd",
            List.of(new Member(List.of(32), 0.3, 0)),
            false,
            true,
            0,
            3,
            Augmentation.MILD,
            new Sgd(0.9),
            new Constant(0.3),
            16,
            60,
            6,
            ValidationViews.PLAIN);
    List<EpochResult> epochs = new ArrayList<>();
    Model expected = trainer(spec, 3, recorder(epochs), Optional.empty()).train(TRAIN, VALIDATION);
    assertThat(epochs.size()).isBetween(8, 59);
    // Killed in the epochs without progress: the best weights come from the checkpoint.
    int kill = epochs.size() - 2;
    kill(spec, 3, "this", folder, kill, 1);
    Model resumed =
        trainer(spec, 3, TrainingListener.NONE, checkpoints(folder, "this", 1, true))
            .train(TRAIN, VALIDATION);
    assertThat(resumed.weights()).isEqualTo(expected.weights());
  }

  @Test
  void goesOnFromAFinishedTrainingWithoutTraining() throws IOException {
    Model expected =
        trainer(FULL, 0, TrainingListener.NONE, checkpoints(folder, "this", 5, true))
            .train(TRAIN, VALIDATION);
    List<EpochResult> heard = new ArrayList<>();
    Model again =
        trainer(FULL, 0, recorder(heard), checkpoints(folder, "this", 5, true))
            .train(TRAIN, VALIDATION);
    assertThat(heard).hasSize(FULL.epochs());
    assertThat(again.weights()).isEqualTo(expected.weights());
  }

  @Test
  void doesNotResumeAnotherTraining() throws IOException {
    Model expected = train(FULL, 5);
    for (boolean resume : new boolean[] {true, false}) {
      kill(FULL, 6, "another", folder, 4, 2);
      int[] first = {-1};
      TrainingListener listener =
          new TrainingListener() {
            @Override
            public void onTrainingBegin(String phase, int firstEpoch, int count) {
              first[0] = firstEpoch;
            }
          };
      Model trained =
          trainer(FULL, 5, listener, checkpoints(folder, resume ? "this" : "another", 2, resume))
              .train(TRAIN, VALIDATION);
      assertThat(first[0]).isZero();
      assertThat(trained.weights()).isEqualTo(expected.weights());
    }
  }

  @Test
  void namesADamagedCheckpoint() throws IOException {
    kill(FULL, 5, "this", folder, 4, 2);
    Path weights = folder.resolve("current.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    Files.write(weights, Arrays.copyOf(bytes, bytes.length / 2));
    assertThatThrownBy(
            () ->
                trainer(FULL, 5, TrainingListener.NONE, checkpoints(folder, "this", 2, true))
                    .train(TRAIN, VALIDATION))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("--no-resume");
  }

  private static final HeadSpec OVERFITTING =
      new HeadSpec(
          "overfitting",
          List.of(new Member(List.of(32), 0, 0)),
          true,
          true,
          0,
          1,
          Augmentation.MILD,
          Adam.DEFAULT,
          new Constant(1e-2),
          16,
          80,
          5,
          ValidationViews.PLAIN);

  /**
   * With patience, the weights are those at the end of the best epoch: a run of so many epochs at
   * the same constant rate ends with the same ones.
   */
  @Test
  void restoresTheWeightsOfTheBestEpoch() throws IOException {
    Embeddings noise = SampleFeatures.draw(40, 24, 1, 0.02, 4);
    HeadSpec spec = OVERFITTING;
    List<EpochResult> epochs = new ArrayList<>();
    int[] best = {-1};
    TrainingListener listener =
        recorder(epochs)
            .and(
                new TrainingListener() {
                  @Override
                  public void onTrainingEnd(int bestEpoch) {
                    best[0] = bestEpoch;
                  }
                });
    Model stopped = trainer(spec, 7, listener, Optional.empty()).train(noise, VALIDATION);
    assertThat(epochs.size()).isLessThan(80);
    assertThat(best[0]).isEqualTo(epochs.size() - 1 - 5);
    for (EpochResult epoch : epochs) {
      assertThat(epoch.validationLoss())
          .isGreaterThanOrEqualTo(epochs.get(best[0]).validationLoss());
    }
    Model direct =
        trainer(
                spec.withEpochs(best[0] + 1).withPatience(0),
                7,
                TrainingListener.NONE,
                Optional.empty())
            .train(noise, VALIDATION);
    assertThat(stopped.weights()).isEqualTo(direct.weights());
  }

  /**
   * The unchanged validation images are the training images, on which the loss keeps falling; their
   * framed views say when to stop.
   */
  @Test
  void framedViewsChooseTheBestEpoch() throws IOException {
    Embeddings noise = SampleFeatures.draw(40, 24, 1, 0.02, 4);
    List<Matrix> looks = new ArrayList<>(noise.views());
    looks.addAll(SampleFeatures.draw(40, 24, 2, 0.12, 5).views());
    Embeddings validation = new Embeddings(noise.images(), 2, 24, looks);
    HeadSpec spec = OVERFITTING.withEpochs(40).withCriterion(ValidationViews.FRAMED);
    List<EpochResult> epochs = new ArrayList<>();
    Model stopped = trainer(spec, 7, recorder(epochs), Optional.empty()).train(noise, validation);
    assertThat(epochs.size()).isBetween(6, 39);
    int best = epochs.size() - 1 - 5;
    for (EpochResult epoch : epochs) {
      assertThat(epoch.framed().orElseThrow().loss())
          .isGreaterThanOrEqualTo(epochs.get(best).framed().orElseThrow().loss());
    }
    assertThat(epochs.get(best).validationLoss())
        .isGreaterThan(epochs.get(epochs.size() - 1).validationLoss());
    Model direct =
        trainer(
                spec.withEpochs(best + 1).withPatience(0),
                7,
                TrainingListener.NONE,
                Optional.empty())
            .train(noise, validation);
    assertThat(stopped.weights()).isEqualTo(direct.weights());

    List<EpochResult> plain = new ArrayList<>();
    trainer(spec.withCriterion(ValidationViews.PLAIN), 7, recorder(plain), Optional.empty())
        .train(noise, validation);
    assertThat(plain).hasSize(40).startsWith(epochs.toArray(EpochResult[]::new));
  }

  /** All framed views together, and none of the unchanged images among them. */
  @Test
  void reportsTheMetricsOfFramedViewsApart() throws IOException {
    Embeddings validation = SampleFeatures.draw(60, 24, 3, 0.12, 2);
    HeadSpec spec = one(new Member(List.of(16), 0.5, 0), new Constant(1e-2), 32, 3);
    List<EpochResult> epochs = new ArrayList<>();
    Model head = trainer(spec, 0, recorder(epochs), Optional.empty()).train(TRAIN, validation);
    List<ScoredExample> framed = new ArrayList<>();
    for (int view = 1; view < 3; view++) {
      framed.addAll(scores(head, validation.withViews(view, view + 1)).examples());
    }
    EpochResult last = epochs.get(2);
    assertThat(last.framed().orElseThrow().auc())
        .isCloseTo(new SplitScores(framed).auc(), within(1e-9));
    assertThat(last.framed().orElseThrow().loss())
        .isCloseTo(balancedLoss(new SplitScores(framed)), within(1e-5));
    SplitScores plain = scores(head, validation.withViews(0, 1));
    assertThat(last.validationAuc()).isCloseTo(plain.auc(), within(1e-9));
    assertThat(last.validationLoss()).isCloseTo(balancedLoss(plain), within(1e-5));
  }

  @Test
  void reportsTheValidationMetricsOfTheWeights() throws IOException {
    HeadSpec spec = one(new Member(List.of(16), 0.5, 0), new Constant(1e-2), 32, 3);
    List<EpochResult> epochs = new ArrayList<>();
    Model head = trainer(spec, 0, recorder(epochs), Optional.empty()).train(TRAIN, VALIDATION);
    SplitScores scored = scores(head, VALIDATION);
    EpochResult last = epochs.get(2);
    assertThat(last.validationAuc()).isCloseTo(scored.auc(), within(1e-9));
    assertThat(last.validationLoss()).isCloseTo(balancedLoss(scored), within(1e-5));
    assertThat(last.framed()).isEmpty();
  }

  /** Mean negative log likelihood if both classes count half. */
  private static double balancedLoss(SplitScores scored) {
    double half = 0;
    for (boolean positive : new boolean[] {true, false}) {
      half +=
          0.5
              * scored.examples().stream()
                  .filter(e -> (e.label() == 1) == positive)
                  .mapToDouble(e -> -Math.log(e.score(e.label())))
                  .average()
                  .orElseThrow();
    }
    return half;
  }

  /** Members' logits come on one scale: the mean of their deviations. */
  @Test
  void averagesTheMembersOnOneScale() throws IOException {
    Model head = train(FULL, 0);
    List<double[]> logits = new ArrayList<>();
    for (String member : List.of("member1_logit", "member2_logit")) {
      try (InferenceEngine engine = new TensorFlowEngineFactory().create(head.cutAt(member), 1)) {
        float[] values = engine.run(TRAIN.views().get(0).toFloats(), TRAIN.images().size())[0];
        double[] doubles = new double[values.length];
        for (int i = 0; i < doubles.length; i++) {
          doubles[i] = values[i];
        }
        logits.add(doubles);
      }
    }
    double first = deviation(logits.get(0));
    assertThat(deviation(logits.get(1))).isCloseTo(first, within(1e-4 * first));
    List<ScoredExample> scored = scores(head, TRAIN).examples();
    for (int i = 0; i < scored.size(); i++) {
      double sum = logits.get(0)[i] + logits.get(1)[i];
      assertThat(scored.get(i).score(1)).isCloseTo(1 / (1 + Math.exp(-sum)), within(1e-6));
    }
  }

  @Test
  void standardizesAsMeasuredOnAllTrainingViews() throws IOException {
    Model head = train(one(new Member(List.of(), 0, 0), new Constant(1e-3), 32, 1), 0);
    int c = 5;
    double mean = 0;
    double squares = 0;
    int count = 0;
    for (Matrix view : TRAIN.views()) {
      for (int r = 0; r < view.rows(); r++, count++) {
        mean += view.at(r, c);
        squares += view.at(r, c) * (double) view.at(r, c);
      }
    }
    mean /= count;
    assertThat(((FloatTensor) head.weights().get("standardize/mean")).at(c))
        .isCloseTo((float) mean, within(1e-6f));
    assertThat(((FloatTensor) head.weights().get("standardize/variance")).at(c))
        .isCloseTo((float) (squares / count - mean * mean), within(1e-6f));
  }

  /** A feature that never changes must not make the others vanish or become infinite. */
  @Test
  void survivesConstantFeatures() throws IOException {
    float[] values = TRAIN.views().get(0).toFloats();
    for (int i = 0; i < values.length; i += 24) {
      values[i] = 3;
    }
    Embeddings constant =
        new Embeddings(TRAIN.images(), 2, 24, List.of(Matrix.of(values, 150, 24)));
    Model head =
        trainer(FULL.withViews(1), 0, TrainingListener.NONE, Optional.empty())
            .train(constant, VALIDATION);
    assertThat(scores(head, constant).auc()).isGreaterThan(0.85);
  }

  @Test
  void stopsWhenTrainingDiverges() {
    // In the first case the loss tells, in the second the weights after the only step.
    for (int batch : new int[] {8, 150}) {
      HeadSpec spec = one(new Member(List.of(8, 8), 0, 0), new Constant(1e30), batch, 1);
      HeadSpec sgd =
          new HeadSpec(
              "wild",
              spec.members(),
              true,
              true,
              0,
              1,
              Augmentation.MILD,
              new Sgd(0.9),
              spec.learningRate(),
              batch,
              1,
              0,
              ValidationViews.PLAIN);
      assertThatThrownBy(() -> train(sgd, 0))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("wild")
          .hasMessageContaining("epoch 1")
          .hasMessageContaining("learning rate");
    }
  }

  @Test
  void needsBothClasses() {
    List<Embeddings.Image> sick =
        VALIDATION.images().stream()
            .map(i -> new Embeddings.Image(i.filename(), i.patient(), i.slice(), Label.POSITIVE))
            .toList();
    Embeddings one = new Embeddings(sick, 2, 24, VALIDATION.views());
    assertThatThrownBy(
            () -> trainer(FULL, 0, TrainingListener.NONE, Optional.empty()).train(one, VALIDATION))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("training split");
    assertThatThrownBy(
            () -> trainer(FULL, 0, TrainingListener.NONE, Optional.empty()).train(TRAIN, one))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("validation split");
  }

  private static HeadSpec one(Member member, HeadSpec.LearningRate rate, int batch, int epochs) {
    return new HeadSpec(
        "one",
        List.of(member),
        true,
        true,
        0,
        1,
        Augmentation.MILD,
        Adam.DEFAULT,
        rate,
        batch,
        epochs,
        0,
        ValidationViews.PLAIN);
  }

  private static HeadTrainer trainer(
      HeadSpec spec, long seed, TrainingListener listener, Optional<Checkpoints> checkpoints) {
    HeadTrainer trainer = new HeadTrainer(spec, seed, context().withListener(listener));
    return checkpoints.map(trainer::withCheckpoints).orElse(trainer);
  }

  private static Model train(HeadSpec spec, long seed) throws IOException {
    return trainer(spec, seed, TrainingListener.NONE, Optional.empty()).train(TRAIN, VALIDATION);
  }

  private static Optional<Checkpoints> checkpoints(
      Path folder, String fingerprint, int every, boolean resume) {
    Context context = context().withCheckpointEvery(every);
    return Optional.of(
        new Checkpoints(folder, fingerprint, resume ? context : context.withoutResuming()));
  }

  private static Context context() {
    return Context.of(new TfLiteEngineFactory(), Path.of("unused")).withCores(2);
  }

  /** Trains until so many epochs are done, then dies. */
  private static void kill(
      HeadSpec spec, long seed, String fingerprint, Path folder, int epochs, int every) {
    TrainingListener killer =
        new TrainingListener() {
          @Override
          public void onEpochEnd(EpochResult result) {
            if (result.epoch() == epochs) {
              throw new Killed();
            }
          }
        };
    assertThatThrownBy(
            () ->
                trainer(spec, seed, killer, checkpoints(folder, fingerprint, every, false))
                    .train(TRAIN, VALIDATION))
        .isInstanceOf(Killed.class);
  }

  private static TrainingListener recorder(List<EpochResult> epochs) {
    return new TrainingListener() {
      @Override
      public void onEpochEnd(EpochResult result) {
        epochs.add(result);
      }
    };
  }

  private static SplitScores scores(Model head, Embeddings embeddings) {
    List<ScoredExample> scored = new ArrayList<>();
    try (InferenceEngine engine = new TensorFlowEngineFactory().create(head, 2)) {
      float[] p = engine.run(embeddings.views().get(0).toFloats(), embeddings.images().size())[0];
      for (int i = 0; i < p.length; i++) {
        Embeddings.Image image = embeddings.images().get(i);
        scored.add(
            new ScoredExample(image.filename(), image.patient(), image.label().index(), p[i]));
      }
    }
    return new SplitScores(scored);
  }

  private static double deviation(double[] values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    return Math.sqrt(
        Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow());
  }
}
