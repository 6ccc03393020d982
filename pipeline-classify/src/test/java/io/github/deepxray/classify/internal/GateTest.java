package io.github.deepxray.classify.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.classify.GateLimits;
import io.github.deepxray.classify.Verdict;
import io.github.deepxray.classify.internal.Gate.Compared;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

class GateTest {
  private static final int IMAGES = 1000;

  // Above all negatives: whatever falls below it is lost.
  private static final Decision THRESHOLD = new Decision.Threshold(0.7);
  private static final Decision HALF = new Decision.Threshold(0.5);

  private static ScoredExample example(int i, double probability) {
    return new ScoredExample("image" + i, "patient" + i, i % 2 == 0 ? 1 : 0, probability);
  }

  /** Half positive, the probabilities evenly spread within each class and overlapping. */
  private static double trained(int i) {
    return (i % 2 == 0 ? 0.3 : 0.0) + 0.7 * (i - i % 2) / IMAGES;
  }

  private static SplitScores scores(int images, DoubleUnaryOperator change) {
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < images; i++) {
      double p = trained((i - i % 2) * (IMAGES / images) + i % 2);
      examples.add(example(i, Math.max(0, Math.min(1, change.applyAsDouble(p)))));
    }
    return new SplitScores(examples);
  }

  private static Verdict judge(GateLimits limits, int images, DoubleUnaryOperator change) {
    return Gate.judge(
        limits,
        Map.of(
            "test",
            Compared.of(scores(images, p -> p), THRESHOLD, scores(images, change), THRESHOLD)));
  }

  @Test
  void theTrainedModelItselfIsBlessed() {
    assertThat(judge(GateLimits.ROUNDING, IMAGES, p -> p).blessed()).isTrue();
    assertThat(judge(GateLimits.QUANTIZATION, IMAGES, p -> p + 1e-4).blessed()).isTrue();
  }

  /** A class of 10 images: one of them more on the wrong side is ten times as much of the AUC. */
  @Test
  void theLimitsThatWereUsedAreSaid() {
    Verdict small = judge(GateLimits.QUANTIZATION, 20, p -> p);
    assertThat(small.limits().get("test").auc()).isCloseTo(0.05, within(1e-12));
    assertThat(small.limits().get("test").accuracy()).isEqualTo(0.015);
    Verdict changed = judge(GateLimits.QUANTIZATION, 20, p -> 1 - p);
    double flipped = changed.splits().get("test").flipped();
    assertThat(flipped).isPositive();
    assertThat(changed.limits().get("test").accuracy())
        .isCloseTo(Math.max(0.015, 2 * Math.sqrt(flipped) / 20), within(1e-12));
    assertThat(judge(GateLimits.QUANTIZATION, IMAGES, p -> p).limits())
        .isEqualTo(Map.of("test", GateLimits.QUANTIZATION));
  }

  @Test
  void aShiftedModelIsRefusedForItsAccuracyAlone() {
    // The order of the images stays, so AUC and correlation do.
    Verdict verdict = judge(GateLimits.QUANTIZATION, IMAGES, p -> 0.8 * p);
    assertThat(verdict.objections()).hasSize(1);
    assertThat(verdict.objections().get(0))
        .startsWith("test: accuracy differs by -")
        .endsWith("more than 0.0150");
  }

  @Test
  void aModelOfAnotherOrderIsRefusedForItsAuc() {
    Verdict verdict = judge(GateLimits.QUANTIZATION, IMAGES, p -> p < 0.25 ? 0.5 - p : p);
    assertThat(verdict.blessed()).isFalse();
    assertThat(verdict.objections().get(0)).startsWith("test: AUC differs by -");
  }

  @Test
  void oneWrongProbabilityIsTooMuchForRounding() {
    DoubleUnaryOperator change = p -> p == trained(0) ? p + 0.002 : p;
    Verdict verdict = judge(GateLimits.ROUNDING, IMAGES, change);
    assertThat(verdict.objections())
        .containsExactly("test: a probability differs by 0.0020, more than 0.0010");
    assertThat(judge(GateLimits.QUANTIZATION, IMAGES, change).blessed()).isTrue();
  }

  @Test
  void fewImagesAreAllowedWhatChanceDoes() {
    // One image of twenty on the other side of the threshold: an accuracy of 5 % less.
    SplitScores trained = scores(20, p -> p);
    List<ScoredExample> model = new ArrayList<>(trained.examples());
    for (int i = 0; i < model.size(); i++) {
      if (model.get(i).label() == 1 && model.get(i).score(1) >= 0.5) {
        model.set(i, example(i, 0.495));
        break;
      }
    }
    assertThat(
            Gate.judge(
                    GateLimits.QUANTIZATION,
                    Map.of("test", Compared.of(trained, HALF, new SplitScores(model), HALF)))
                .blessed())
        .isTrue();
  }

  @Test
  void aModelThatAlwaysSaysTheSameIsRefusedForItsCorrelation() {
    GateLimits only = new GateLimits(1, 1, 1, 0.95);
    assertThat(judge(only, IMAGES, p -> 0.5).objections())
        .containsExactly("test: the probabilities correlate by NaN, less than 0.9500");
    // One that always said the same still does.
    SplitScores constant = new SplitScores(List.of(example(0, 0.5), example(1, 0.5)));
    assertThat(
            Gate.judge(only, Map.of("test", Compared.of(constant, HALF, constant, HALF))).blessed())
        .isTrue();
  }

  @Test
  void limitsCanBeMoved() {
    DoubleUnaryOperator change = p -> 0.95 * p;
    assertThat(judge(GateLimits.QUANTIZATION, IMAGES, change).blessed()).isFalse();
    assertThat(judge(GateLimits.QUANTIZATION.with(0.005, 0.1), IMAGES, change).blessed()).isTrue();
  }
}
