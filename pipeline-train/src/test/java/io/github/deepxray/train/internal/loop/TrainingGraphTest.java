package io.github.deepxray.train.internal.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.optimize.internal.prune.Masks;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.train.internal.stage.ClassBalance;
import io.github.deepxray.train.recipe.LearningRateSchedule;
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
    TrainingSetup setup = setup(NETWORK).withAverageDecay(0.6);
    try (TrainingGraph graph = new TrainingGraph(setup, 1)) {
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
    try (TrainingGraph graph = new TrainingGraph(setup(NETWORK).withAverageDecay(0), 1)) {
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
    try (TrainingGraph graph = new TrainingGraph(setup(NETWORK).withMasked(List.of(kernel)), 1)) {
      graph.start(START);
      for (int step = 0; step < STEPS; step++) {
        if (step == 4) {
          graph.mask(new Masks(Map.of(kernel, FloatTensor.of(mask, 4, 6))));
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
    try (TrainingGraph graph = new TrainingGraph(setup(NETWORK), 1)) {
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
      assertThat(graph.step(new Batch(x, targets, weights), 0)).isCloseTo(expected, within(1e-6));
    }
  }

  /** The same with three logits, and that steps against the gradient make it less. */
  @Test
  void ofMoreClassesTheLossIsThatOfTheSoftmax() {
    Network network =
        new Network(
            "dense",
            "x",
            List.of(4),
            List.of(
                new Layer.Dense("top_dense", "x", 6, true),
                new Layer.Activation("avg_pool", "top_dense", Layer.Function.SWISH),
                new Layer.Dense("logits", "avg_pool", 3, true)),
            List.of("logits"));
    Weights start = Fixtures.withRandomWeights(network, 3).weights();
    Objective objective =
        new Objective(new ClassBalance(List.of(10L, 30L, 20L), true).weights(), 0.1);
    float[] x = {1, 2, 3, 4, -1, 0, 1, 0.5f};
    float[] targets = new float[6];
    objective.target(new Label(2), targets, 0);
    objective.target(new Label(0), targets, 3);
    float[] weights = {objective.weight(new Label(2)), objective.weight(new Label(0))};
    // Keras' label_smoothing and scikit-learn's balanced weights.
    assertThat(targets)
        .containsExactly(
            new float[] {0.1f / 3, 0.1f / 3, 0.9f + 0.1f / 3, 0.9f + 0.1f / 3, 0.1f / 3, 0.1f / 3},
            within(1e-6f));
    assertThat(weights).containsExactly(new float[] {1, 2}, within(1e-6f));
    double expected = 0;
    for (int e = 0; e < 2; e++) {
      double[] logits = new double[3];
      for (int c = 0; c < 3; c++) {
        logits[c] = start.floats("logits/bias")[c];
        for (int unit = 0; unit < 6; unit++) {
          double sum = start.floats("top_dense/bias")[unit];
          for (int i = 0; i < 4; i++) {
            sum += x[e * 4 + i] * start.floats("top_dense/kernel")[i * 6 + unit];
          }
          logits[c] += sum / (1 + Math.exp(-sum)) * start.floats("logits/kernel")[unit * 3 + c];
        }
      }
      double total = Math.exp(logits[0]) + Math.exp(logits[1]) + Math.exp(logits[2]);
      for (int c = 0; c < 3; c++) {
        expected -= weights[e] / 2 * targets[e * 3 + c] * Math.log(Math.exp(logits[c]) / total);
      }
    }
    try (TrainingGraph graph = new TrainingGraph(setup(network), 1)) {
      graph.start(start);
      Batch batch = new Batch(x, targets, weights);
      double first = graph.step(batch, 0);
      assertThat(first).isCloseTo(expected, within(1e-5));
      for (int step = 1; step < STEPS - 1; step++) {
        graph.step(batch, step);
      }
      assertThat(graph.step(batch, STEPS - 1)).isLessThan(first);
    }
  }

  @Test
  void goesOnFromWhatItRemembers() {
    TrainingSetup setup = setup(NETWORK).withMasked(List.of("top_dense/kernel"));
    Weights current;
    Weights slots;
    Weights expected;
    try (TrainingGraph graph = new TrainingGraph(setup, 1)) {
      graph.start(START);
      graph.step(batch(0), 0);
      graph.step(batch(1), 1);
      current = graph.current();
      slots = graph.slots();
      graph.step(batch(2), 2);
      expected = graph.result();
    }
    try (TrainingGraph graph = new TrainingGraph(setup, 1)) {
      graph.start(START);
      graph.restore(current, slots);
      graph.step(batch(2), 2);
      assertThat(graph.result()).isEqualTo(expected);
    }
  }

  private static TrainingSetup setup(Network network) {
    LearningRateSchedule schedule = new LearningRateSchedule.CosineDecay(0.05, 1, STEPS - 1);
    return TrainingSetup.of(
            network,
            (graph, trainable) -> ScheduledOptimizer.adam(graph, 0.9, 0.999, 1e-7),
            schedule,
            1)
        .withClipNorm(1)
        .withAverageDecay(0.99);
  }

  private static Batch batch(int number) {
    float[] x = Fixtures.randomImages(NETWORK, 3, number);
    for (int i = 0; i < x.length; i++) {
      x[i] = x[i] / 128 - 1;
    }
    return new Batch(x, new float[] {1, 0, 1}, new float[] {1, 1, 0.5f});
  }
}
