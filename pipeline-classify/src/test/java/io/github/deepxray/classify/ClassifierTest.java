package io.github.deepxray.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.Decision;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ClassifierTest {
  private static final Path MODEL = Path.of("bundle");
  private static final List<String> TWO = List.of("NORMAL", "PNEUMONIA");
  private static final List<String> THREE = List.of("BACTERIA", "NORMAL", "VIRUS");

  /** Gives the same scores for every image. */
  private static final class Constant implements InferenceEngine {
    private final float[] scores;
    private boolean closed;

    Constant(float... scores) {
      this.scores = scores.clone();
    }

    @Override
    public List<Integer> inputShape() {
      return List.of(2, 2, 3);
    }

    @Override
    public List<List<Integer>> outputShapes() {
      return List.of(List.of(scores.length));
    }

    @Override
    public int preferredBatch() {
      return 1;
    }

    @Override
    public float[][] run(float[] input, int count) {
      return new float[][] {scores.clone()};
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private static Prediction classify(
      List<String> labels, OptionalDouble threshold, float... scores) {
    try (Classifier classifier =
        Classifier.of(new Constant(scores), labels, decision(threshold), Fit.STRETCH, MODEL)) {
      return classifier.classify(RgbImage.of(1, 1, new byte[3]));
    }
  }

  /** Gives the mean of the first row of its input as probability, and the input as heat map. */
  private static final class FirstRow implements InferenceEngine {
    private final boolean explaining;

    FirstRow(boolean explaining) {
      this.explaining = explaining;
    }

    @Override
    public List<Integer> inputShape() {
      return List.of(8, 8, 3);
    }

    @Override
    public List<List<Integer>> outputShapes() {
      return explaining ? List.of(List.of(1), List.of(8, 8, 1)) : List.of(List.of(1));
    }

    @Override
    public int preferredBatch() {
      return 1;
    }

    @Override
    public float[][] run(float[] input, int count) {
      float sum = 0;
      for (int i = 0; i < 8 * 3; i++) {
        sum += input[i];
      }
      float[] probability = {sum / (8 * 3 * 255)};
      float[] red = new float[8 * 8];
      for (int i = 0; i < red.length; i++) {
        red[i] = input[3 * i];
      }
      return explaining ? new float[][] {probability, red} : new float[][] {probability};
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }

  private static RgbImage noise(int height, int width) {
    byte[] pixels = new byte[height * width * 3];
    new SplittableRandom(height * 1000L + width).nextBytes(pixels);
    return RgbImage.of(height, width, pixels);
  }

  @ParameterizedTest
  @EnumSource(Fit.class)
  void imagesOfOtherShapesAreFitted(Fit fit) {
    Decision half = new Decision.Threshold(0.5);
    try (Classifier classifier = Classifier.of(new FirstRow(false), TWO, half, fit, MODEL);
        Explainer explainer = new Explainer(new FirstRow(true), fit, "explainer")) {
      assertThat(classifier.fit()).isEqualTo(fit);
      for (RgbImage image : List.of(noise(8, 20), noise(31, 16), noise(9, 8), noise(8, 8))) {
        RgbImage fitted = fit.apply(image, 8, 8);
        Prediction prediction = classifier.classify(image);
        assertThat(prediction).isEqualTo(classifier.classify(fitted));
        if (image.width() > image.height()) {
          assertThat(prediction.probability() == 0).isEqualTo(fit == Fit.PAD);
        }
        Explainer.Explanation explanation = explainer.explain(image);
        assertThat(explanation.heatMap()).isEqualTo(explainer.explain(fitted).heatMap());
        assertThat(explanation.region()).isEqualTo(fit.region(image, 8, 8));
      }
    }
  }

  @Test
  void decidesBetweenTwoClassesByTheThreshold() {
    Prediction prediction = classify(TWO, OptionalDouble.of(0.625), 0.625f);
    assertThat(prediction.label()).isEqualTo("PNEUMONIA");
    assertThat(classify(TWO, OptionalDouble.of(0.625), 0.5f).label()).isEqualTo("NORMAL");
    assertThat(Json.compact(prediction))
        .isEqualTo(
            "{\"label\":\"PNEUMONIA\",\"probability\":0.625,\"threshold\":0.625,"
                + "\"probabilities\":[0.375,0.625]}");
    // A network with a softmax gives both.
    assertThat(classify(TWO, OptionalDouble.of(0.625), 0.375f, 0.625f)).isEqualTo(prediction);
  }

  @Test
  void decidesForTheMostProbableOfMore() {
    Prediction prediction = classify(THREE, OptionalDouble.empty(), 0.25f, 0.25f, 0.5f);
    assertThat(prediction)
        .isEqualTo(new Prediction("VIRUS", 0.5, OptionalDouble.empty(), List.of(0.25, 0.25, 0.5)));
    assertThat(Json.compact(prediction))
        .isEqualTo("{\"label\":\"VIRUS\",\"probability\":0.5,\"probabilities\":[0.25,0.25,0.5]}");
    // The first of equals.
    assertThat(classify(THREE, OptionalDouble.empty(), 0.125f, 0.4375f, 0.4375f).label())
        .isEqualTo("NORMAL");
  }

  /** Gives the same outputs for every image. */
  private record Outputs(List<List<Integer>> outputShapes, List<float[]> values)
      implements InferenceEngine {
    static Outputs of(float[]... values) {
      return new Outputs(
          Arrays.stream(values).map(v -> List.of(v.length)).toList(), List.of(values));
    }

    @Override
    public List<Integer> inputShape() {
      return List.of(2, 2, 3);
    }

    @Override
    public int preferredBatch() {
      return 1;
    }

    @Override
    public float[][] run(float[] input, int count) {
      return values.toArray(float[][]::new);
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }

  private static final Classifier.Rules RULES =
      Classifier.Rules.of(TWO, new Decision.Threshold(0.5), Fit.STRETCH);

  private static Prediction guarded(Classifier.Rules rules, float score) {
    Outputs engine = Outputs.of(new float[] {0.75f}, new float[] {score});
    try (Classifier classifier = Classifier.of(engine, rules, MODEL)) {
      return classifier.classify(RgbImage.of(1, 1, new byte[3]));
    }
  }

  @Test
  void saysHowUnlikeTheTrainingImagesAnImageIs() {
    Classifier.Rules rules = RULES.withUnfamiliarityLimit(OptionalDouble.of(0.25));
    Prediction far = guarded(rules, 0.375f);
    assertThat(far.unfamiliarity()).hasValue(new Unfamiliarity(0.375, 0.25));
    assertThat(far.unfamiliar()).isTrue();
    assertThat(far.label()).isEqualTo("PNEUMONIA");
    assertThat(Json.compact(far))
        .endsWith("\"unfamiliarity\":{\"value\":0.375,\"limit\":0.25,\"exceeded\":true}}");
    assertThat(guarded(rules, 0.25f).unfamiliar()).isFalse();
    // Without a recorded limit.
    assertThat(guarded(RULES, 0.5f).unfamiliarity()).hasValue(new Unfamiliarity(0.5, 0.5));
    assertThat(guarded(RULES, 0.5f).unfamiliar()).isFalse();
    assertThat(guarded(RULES, 0.625f).unfamiliar()).isTrue();
    // The prevalence corrects the probability only.
    Prediction rare = guarded(rules.corrected(LogitMap.ofPrevalence(0.5, 0.25)), 0.375f);
    assertThat(rare.probability()).isEqualTo(0.5);
    assertThat(rare.unfamiliarity()).isEqualTo(far.unfamiliarity());
    // Counted as the other results.
    PredictionMonitor monitor = PredictionMonitor.ofAll(TWO, PredictionMonitor.Reference.NONE);
    Outputs engine = Outputs.of(new float[] {0}, new float[] {1});
    try (Classifier classifier = Classifier.of(engine, rules, MODEL)) {
      assertThat(classifier.unfamiliarityLimit()).hasValue(0.25);
      assertThatThrownBy(() -> classifier.decide(new float[][] {{0.5f}}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("1 outputs instead of 2");
      classifier.classify(RgbImage.of(1, 1, new byte[3]), monitor);
    }
    assertThat(monitor.summary().guard().orElseThrow().unfamiliar()).isEqualTo(1);
  }

  @Test
  void modelsWithoutInputGuardAreReadAsBefore() {
    try (Classifier classifier = Classifier.of(Outputs.of(new float[] {0.75f}), RULES, MODEL)) {
      assertThat(classifier.unfamiliarityLimit()).isEmpty();
      Prediction prediction = classifier.classify(RgbImage.of(1, 1, new byte[3]));
      assertThat(prediction.unfamiliarity()).isEmpty();
      assertThat(prediction.unfamiliar()).isFalse();
    }
  }

  /** Of more classes, too: the second output is one number. */
  @Test
  void severalClassesMayHaveAnInputGuard() {
    Outputs engine = Outputs.of(new float[] {0.5f, 0.25f, 0.25f}, new float[] {0.75f});
    try (Classifier classifier =
        Classifier.of(engine, THREE, Decision.MOST_PROBABLE, Fit.STRETCH, MODEL)) {
      Prediction prediction = classifier.classify(RgbImage.of(1, 1, new byte[3]));
      assertThat(prediction.label()).isEqualTo("BACTERIA");
      assertThat(prediction.unfamiliar()).isTrue();
    }
  }

  @Test
  void refusesAnUnfamiliarityThatIsNone() {
    for (float wrong : new float[] {-0.1f, 1.5f, Float.NaN, Float.NEGATIVE_INFINITY}) {
      assertThatThrownBy(() -> guarded(RULES, wrong))
          .isInstanceOf(DeepXrayException.class)
          .hasMessage(
              "The model's unfamiliarity "
                  + (double) wrong
                  + " is not within 0 to 1; export it again.");
    }
  }

  @Test
  void refusesSecondOutputsOfOtherShapes() {
    List<Integer> one = List.of(1);
    for (List<List<Integer>> shapes :
        List.of(
            List.of(one, List.of(2)),
            List.of(one, List.of(1, 1, 1)),
            List.of(one, List.<Integer>of()),
            List.of(one, one, one),
            List.of(List.of(3), one),
            List.<List<Integer>>of())) {
      assertThatThrownBy(() -> Classifier.of(new Outputs(shapes, List.of()), RULES, MODEL))
          .isInstanceOf(DeepXrayException.class)
          .hasMessage(
              "bundle reads [2, 2, 3] and writes "
                  + shapes
                  + "; a classifier of 2 classes reads [H, W, 3] and writes [[1]], or [[1], [1]]"
                  + " with an input guard.");
    }
    Classifier.Rules limited = RULES.withUnfamiliarityLimit(OptionalDouble.of(0.25));
    assertThatThrownBy(() -> Classifier.of(Outputs.of(new float[] {0.75f}), limited, MODEL))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("bundle records a limit of the unfamiliarity, but its model has no");
  }

  @Test
  void refusesWhatIsNoProbability() {
    for (float wrong : new float[] {-0.1f, 1.5f, Float.NaN, Float.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> classify(TWO, OptionalDouble.of(0.5), wrong))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("not a probability");
      assertThatThrownBy(() -> classify(THREE, OptionalDouble.empty(), 0.9f, 0.1f, wrong))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("not a probability");
    }
  }

  @Test
  void refusesEnginesLabelsAndThresholdsThatDoNotFit() {
    assertRefused(new Constant(1), List.of("ONE"), OptionalDouble.of(0.5), "names 1 classes");
    assertRefused(new Constant(1, 0, 0), TWO, OptionalDouble.of(0.5), "[[3]]", "writes [[1]], or");
    assertRefused(new Constant(1), THREE, OptionalDouble.empty(), "of 3 classes", "[[3]], or");
    assertRefused(new Constant(1, 0, 0, 0), THREE, OptionalDouble.empty(), "[[4]]", "[[3]], or");
    assertRefused(
        new Constant(1, 0, 0), THREE, OptionalDouble.of(0.5), "a threshold does not apply");
    assertRefused(new Constant(1), TWO, OptionalDouble.empty(), "needs a threshold");
  }

  private static void assertRefused(
      Constant engine, List<String> labels, OptionalDouble threshold, String... words) {
    assertThatThrownBy(() -> Classifier.of(engine, labels, decision(threshold), Fit.STRETCH, MODEL))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll(words);
    assertThat(engine.closed).isTrue();
  }

  private static Decision decision(OptionalDouble threshold) {
    return threshold.isPresent()
        ? new Decision.Threshold(threshold.getAsDouble())
        : Decision.MOST_PROBABLE;
  }
}
