package io.github.deepxray.train.internal.head;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.recipe.LearningRateSchedule;
import io.github.deepxray.train.recipe.LearningRateSchedule.Constant;
import io.github.deepxray.train.recipe.LearningRateSchedule.CosineDecay;
import io.github.deepxray.train.recipe.LearningRateSchedule.ExponentialDecay;
import org.junit.jupiter.api.Test;

class LearningRateScheduleTest {
  private static final JsonNode KERAS = KerasHeads.golden().get("learning_rates");

  @Test
  void exponentialDecayIsThatOfKeras() {
    compare(new ExponentialDecay(0.01, 20, 0.96), KERAS.get("exponential"));
  }

  @Test
  void cosineDecayIsThatOfKeras() {
    compare(new CosineDecay(1e-3, 10, 30), KERAS.get("cosine"));
  }

  @Test
  void cosineOfAHeadRisesAndEndsAtZero() {
    LearningRateSchedule schedule = new HeadSpec.Cosine(2, 0.25).schedule(80);
    assertThat(schedule).isEqualTo(new CosineDecay(2, 20, 60));
    assertThat(schedule.at(20)).isEqualTo(2);
    assertThat(schedule.at(50)).isCloseTo(1, within(1e-12));
    assertThat(schedule.at(80)).isCloseTo(0, within(1e-12));
    assertThat(new HeadSpec.Cosine(2, 0).schedule(80).at(0)).isEqualTo(2);
    // So few steps that none is left to rise.
    assertThat(new HeadSpec.Cosine(2, 0.05).schedule(1).at(0)).isEqualTo(2);
  }

  @Test
  void constantStays() {
    assertThat(new Constant(0.3).at(0)).isEqualTo(0.3);
    assertThat(new HeadSpec.Constant(0.3).schedule(5).at(1_000_000)).isEqualTo(0.3);
  }

  /** Keras computes in 32 bits. */
  private static void compare(LearningRateSchedule schedule, JsonNode expected) {
    assertThat(expected.size()).isEqualTo(11);
    expected
        .properties()
        .forEach(
            step ->
                assertThat(schedule.at(Long.parseLong(step.getKey())))
                    .as("step %s", step.getKey())
                    .isCloseTo(step.getValue().asDouble(), within(2e-9)));
  }
}
