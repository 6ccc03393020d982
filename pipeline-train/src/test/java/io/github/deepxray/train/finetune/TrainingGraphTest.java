package io.github.deepxray.train.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.io.Json;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.prune.Masks;
import io.github.deepxray.testkit.Fixtures;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** On a small dense network and made-up examples. */
class TrainingGraphTest {
  private static final Network NETWORK =
      new Network(
          "dense",
          "x",
          List.of(4),
          List.of(
              new Layer.Dense("top_dense", "x", 6, true),
              new Layer.Activation("avg_pool", "top_dense", Layer.Function.SWISH),
              new Layer.Dense("logit", "avg_pool", 1, true)),
          List.of("logit"));
  private static final Weights START = Fixtures.withRandomWeights(NETWORK, 1).weights();
  private static final int STEPS = 12;

  @Test
  void theAverageFollowsItsFormula() {
    FineTuneSpec spec = spec("{\"emaDecay\": 0.6}");
    try (TrainingGraph graph = new TrainingGraph(spec, 1, NETWORK, List.of(), STEPS, 1)) {
      graph.start(START);
      double average = START.floats("top_dense/kernel")[5];
      for (int step = 0; step < STEPS; step++) {
        graph.step(batch(step), step);
        double decay = Math.min(0.6, (1.0 + step) / (10.0 + step));
        average = decay * average + (1 - decay) * graph.current().floats("top_dense/kernel")[5];
        assertThat((double) graph.result().floats("top_dense/kernel")[5])
            .isCloseTo(average, within(1e-6));
      }
      assertThat(graph.result()).isNotEqualTo(graph.current());
    }
  }

  @Test
  void withoutAnAverageTheWeightsAreTheResult() {
    try (TrainingGraph graph =
        new TrainingGraph(spec("{\"emaDecay\": 0}"), 1, NETWORK, List.of(), STEPS, 1)) {
      graph.start(START);
      graph.step(batch(0), 1);
      assertThat(graph.result()).isEqualTo(graph.current()).isNotEqualTo(START);
    }
  }

  @Test
  void maskedWeightsAndTheirAverageAreZeroAfterEveryStep() {
    String kernel = "top_dense/kernel";
    float[] mask = new float[24];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = i % 2;
    }
    try (TrainingGraph graph =
        new TrainingGraph(spec("{}"), 1, NETWORK, List.of(kernel), STEPS, 1)) {
      graph.start(START);
      for (int step = 0; step < STEPS; step++) {
        if (step == 4) {
          graph.mask(Masks.of(Map.of(kernel, FloatTensor.of(mask, 4, 6))));
        }
        graph.step(batch(step), step);
        float[] current = graph.current().floats(kernel);
        float[] average = graph.result().floats(kernel);
        for (int i = 0; i < mask.length; i++) {
          if (step >= 4 && mask[i] == 0) {
            assertThat(current[i]).isZero();
            assertThat(Float.floatToRawIntBits(average[i])).isZero();
          } else {
            assertThat(current[i]).isNotZero();
          }
        }
      }
    }
  }

  /** The loss before the first step, in plain Java. */
  @Test
  void theLossIsTheWeightedCrossEntropy() {
    try (TrainingGraph graph = new TrainingGraph(spec("{}"), 1, NETWORK, List.of(), STEPS, 1)) {
      graph.start(START);
      float[] x = {1, 2, 3, 4, -1, 0, 1, 0.5f};
      float[] targets = {0.95f, 0.05f};
      float[] weights = {2, 0.7f};
      double expected = 0;
      for (int e = 0; e < 2; e++) {
        double logit = START.floats("logit/bias")[0];
        for (int unit = 0; unit < 6; unit++) {
          double sum = START.floats("top_dense/bias")[unit];
          for (int i = 0; i < 4; i++) {
            sum += x[e * 4 + i] * START.floats("top_dense/kernel")[i * 6 + unit];
          }
          logit += sum / (1 + Math.exp(-sum)) * START.floats("logit/kernel")[unit];
        }
        double p = 1 / (1 + Math.exp(-logit));
        expected -=
            weights[e] / 2 * (targets[e] * Math.log(p) + (1 - targets[e]) * Math.log(1 - p));
      }
      assertThat(graph.step(new Batches.Batch(x, targets, weights), 0))
          .isCloseTo(expected, within(1e-6));
    }
  }

  @Test
  void goesOnFromWhatItRemembers() {
    FineTuneSpec spec = spec("{}");
    List<String> pruned = List.of("top_dense/kernel");
    Weights current;
    Weights slots;
    Weights expected;
    try (TrainingGraph graph = new TrainingGraph(spec, 1, NETWORK, pruned, STEPS, 1)) {
      graph.start(START);
      graph.step(batch(0), 0);
      graph.step(batch(1), 1);
      current = graph.current();
      slots = graph.slots();
      graph.step(batch(2), 2);
      expected = graph.result();
    }
    try (TrainingGraph graph = new TrainingGraph(spec, 1, NETWORK, pruned, STEPS, 1)) {
      graph.start(START);
      graph.restore(current, slots);
      graph.step(batch(2), 2);
      assertThat(graph.result()).isEqualTo(expected);
    }
  }

  private static FineTuneSpec spec(String fields) {
    return FineTuneSpec.DEFAULT.withLearningRate(0.05).with(Json.parse(fields, "test"), "test");
  }

  private static Batches.Batch batch(int number) {
    float[] x = Fixtures.randomImages(NETWORK, 3, number);
    for (int i = 0; i < x.length; i++) {
      x[i] = x[i] / 128 - 1;
    }
    return new Batches.Batch(x, new float[] {1, 0, 1}, new float[] {1, 1, 0.5f});
  }
}
