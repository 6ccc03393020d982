package io.github.deepxray.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.metrics.BinaryCounts;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DecisionThresholdsTest {
  private static final SplitScores VALIDATION = validation();

  /** 40 positives at 0.30, 0.31 and so on, 20 negatives from 0.005 on. */
  private static SplitScores validation() {
    List<ScoredExample> examples = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      examples.add(
          new ScoredExample(
              "i" + i, "p" + i, i < 40 ? 1 : 0, i < 40 ? 0.30 + i / 100.0 : (i - 39.5) / 50));
    }
    return new SplitScores(examples);
  }

  @Test
  void findsTheShareAskedFor() {
    DecisionThresholds chosen = DecisionThresholds.choose(0.5, VALIDATION, 0.5, 0.95);
    // 38 of 40 must be found: the third lowest, 0.32, is; 0.31 is not.
    assertThat(chosen.sensitivity()).isBetween(0.31, 0.32);
    assertThat(BinaryCounts.of(VALIDATION.examples(), 1, chosen.sensitivity()).sensitivity())
        .isCloseTo(0.95, within(1e-12));
    assertThat(chosen.half()).isEqualTo(0.5);
    assertThat(chosen.targetSensitivity()).isEqualTo(0.95);
  }

  /** A balanced loss has seen half of each class; another has seen the shares as they are. */
  @Test
  void correctsForWhatTrainingSaw() {
    DecisionThresholds balanced = DecisionThresholds.choose(0.5, VALIDATION, 0.5, 0.95);
    assertThat(balanced.priorCorrected()).isCloseTo(0.5, within(1e-12));
    DecisionThresholds plain = DecisionThresholds.choose(0.75, VALIDATION, 0.5, 0.95);
    assertThat(plain.priorCorrected()).isCloseTo(0.75, within(1e-12));
    // Seen 3 to 1, used 1 to 4: odds of 12 are needed.
    DecisionThresholds rare = DecisionThresholds.choose(0.75, VALIDATION, 0.2, 0.95);
    assertThat(rare.priorCorrected()).isCloseTo(12.0 / 13, within(1e-12));
  }

  @Test
  void namesThemTheDefaultFirst() {
    DecisionThresholds thresholds = new DecisionThresholds(0.5, 0.6, 0.4, 0.5, 0.95);
    assertThat(thresholds.decisions())
        .containsExactly(
            Map.entry("validation", new Decision.Threshold(0.4)),
            Map.entry("prior", new Decision.Threshold(0.6)),
            Map.entry("0.5", new Decision.Threshold(0.5)));
    assertThat(thresholds.name()).isEqualTo("validation");
    assertThat(thresholds.describe(DatasetProfile.CHEST_XRAY_PNEUMONIA))
        .isEqualTo(
            "pneumonia from 0.4000 on, a threshold that finds 95 % of the pneumonias in"
                + " validation");
  }

  @Test
  void refusesImpossibleOptions() throws IOException {
    HeadSpec head = HeadSpec.of("logistic");
    for (double bad : new double[] {0, 1.01, -1, Double.NaN}) {
      assertThatThrownBy(() -> new TrainingSpec(head, 0, bad, 0.5))
          .isInstanceOf(DeepXrayException.class);
      assertThatThrownBy(() -> new TrainingSpec(head, 0, 0.95, bad == 1.01 ? 1 : bad))
          .isInstanceOf(DeepXrayException.class);
    }
    Context context = Context.of(new TfLiteEngineFactory(), Path.of("unused"));
    assertThatThrownBy(() -> context.withCheckpointEvery(0))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("checkpoint");
    assertThatThrownBy(() -> context.withCores(0))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("core");
  }
}
