package io.github.deepxray.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.keras.internal.KerasHdf5;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract tests of engines; each engine's test extends this class. */
public abstract class EngineContract {
  private static final float TOLERANCE = 1e-5f;

  /** Engine under test. */
  protected abstract EngineFactory factory();

  @ParameterizedTest
  @ValueSource(ints = {32, 33, 30})
  void runsEveryKindOfLayerAsDefined(int size) {
    Network network = Fixtures.smallNetwork(size);
    List<String> outputs =
        List.of(
            "rescaling_1",
            "stem_conv",
            "stem_activation",
            "se_excite",
            "add",
            "avg_pool",
            "probability");
    assertAgreesWithReference(
        Fixtures.withRandomWeights(
            new Network(
                network.name(), network.input(), network.inputShape(), network.layers(), outputs),
            size),
        2);
  }

  @ParameterizedTest
  @EnumSource(Padding.class)
  void padsAsDefined(Padding padding) {
    for (int size : new int[] {7, 8}) {
      for (int kernel : new int[] {1, 2, 3, 5}) {
        for (int stride : new int[] {1, 2}) {
          Network network =
              new Network(
                  "conv",
                  "x",
                  List.of(size, size + 1, 4),
                  List.of(
                      new Layer.Conv2D("conv", "x", 5, kernel, stride, padding, true),
                      new Layer.DepthwiseConv2D("depthwise", "x", kernel, stride, padding, true)),
                  List.of("conv", "depthwise"));
          assertAgreesWithReference(Fixtures.withRandomWeights(network, 3), 1);
        }
      }
    }
  }

  @Test
  void readsFeatureVectors() {
    Network network =
        new Network(
            "head",
            "features",
            List.of(20),
            List.of(
                new Layer.Normalization("standardize", "features"),
                new Layer.Dense("logit", "standardize", 2, true),
                new Layer.Activation("probability", "logit", Layer.Function.SIGMOID)),
            List.of("probability"));
    assertAgreesWithReference(Fixtures.withRandomWeights(network, 4), 5);
  }

  @Test
  void givesEachClassItsProbability() {
    Network network =
        new Network(
            "head",
            "features",
            List.of(20),
            List.of(
                new Layer.Dense("logits", "features", 5, true),
                new Layer.Activation("probabilities", "logits", Layer.Function.SOFTMAX)),
            List.of("probabilities"));
    assertAgreesWithReference(Fixtures.withRandomWeights(network, 11), 4);
  }

  @Test
  void givesTheInputGuardAfterTheProbability() {
    assertAgreesWithReference(
        Fixtures.guarded(Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 14), 15), 3);
  }

  /** Softmax of an image, each pixel separately. */
  @Test
  void takesTheSoftmaxOverTheLastAxis() {
    Network network =
        new Network(
            "pixels",
            "images",
            List.of(4, 3, 3),
            List.of(
                new Layer.Rescaling("small", "images", List.of(1 / 64.0), List.of(0.0)),
                new Layer.Activation("softmax", "small", Layer.Function.SOFTMAX)),
            List.of("softmax", "small"));
    assertAgreesWithReference(Fixtures.withRandomWeights(network, 12), 2);
  }

  /** Softmax of known values, and of logits whose exponential overflows 32-bit floats. */
  @Test
  void takesTheSoftmaxOfGreatLogits() {
    Network network =
        new Network(
            "softmax",
            "logits",
            List.of(3),
            List.of(new Layer.Activation("probabilities", "logits", Layer.Function.SOFTMAX)),
            List.of("probabilities"));
    float[] logits = {1, 2, 3, 1000, 999, 0, -1000, -1000, -1000, -1e20f, 3e20f, 2.99e20f};
    float third = 1 / 3f;
    float[] expected = {
      0.0900306f, 0.2447285f, 0.665241f, 0.7310586f, 0.2689414f, 0, third, third, third, 0, 1, 0
    };
    try (InferenceEngine engine = factory().create(Fixtures.withRandomWeights(network, 13), 1)) {
      assertThat(engine.outputShapes()).containsExactly(List.of(3));
      assertThat(engine.run(logits, 4)[0]).containsExactly(expected, offset(1e-6f));
    }
  }

  /** Features of Keras' EfficientNetB0 with its ImageNet weights, without any folding. */
  @InCi
  @Test
  void agreesWithKeras() throws IOException {
    Network network = EfficientNet.B0.network();
    Model model = new Model(network, KerasHdf5.read(SharedData.weights(), network));
    float[][] expected = KerasGoldens.efficientNetB0Features();
    try (InferenceEngine engine = factory().create(model, 1)) {
      float[] features = engine.run(PatternImages.batch(224), PatternImages.COUNT)[0];
      for (int n = 0; n < expected.length; n++) {
        int from = n * KerasGoldens.FEATURES;
        float[] actual = Arrays.copyOfRange(features, from, from + KerasGoldens.FEATURES);
        ArrayAssertions.assertClose("pattern " + n, actual, expected[n], 1e-4);
      }
    }
  }

  /** Other widths, depths and resolutions, including odd ones. */
  @InCi
  @ParameterizedTest
  @FieldSource("io.github.deepxray.testkit.KerasGoldens#VARIANTS")
  void agreesWithKerasOnOtherVariants(EfficientNet variant) {
    Model model = new Model(variant.network(), KerasGoldens.variantWeights(variant));
    float[] image = PatternImages.floats(KerasGoldens.VARIANT_PATTERN, variant.resolution());
    float[] expected = KerasGoldens.variantFeatures(variant);
    try (InferenceEngine engine = factory().create(model, 1)) {
      ArrayAssertions.assertClose(variant.name(), engine.run(image, 1)[0], expected, 1e-4);
    }
  }

  @Test
  void givesTheSameResultWhateverTheBatch() {
    Model model = Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 5);
    int count = 5;
    float[] images = Fixtures.randomImages(model.network(), count, 6);
    try (InferenceEngine engine = factory().create(model, 1)) {
      float[] together = engine.run(images, count)[0];
      int size = images.length / count;
      for (int i = 0; i < count; i++) {
        float[] one = engine.run(Arrays.copyOfRange(images, i * size, (i + 1) * size), 1)[0];
        assertThat(one).hasSize(1);
        assertThat(one[0]).isCloseTo(together[i], within());
      }
      // A smaller batch after a larger one, and the larger one again.
      assertThat(engine.run(images, count)[0]).isEqualTo(together);
    }
  }

  @Test
  void runsSeveralEnginesSideBySide() throws InterruptedException {
    Model model = Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 7);
    float[] images = Fixtures.randomImages(model.network(), 3, 8);
    float[] expected;
    try (InferenceEngine engine = factory().create(model, 1)) {
      expected = engine.run(images, 3)[0];
    }
    float[][] results = new float[3][];
    Thread[] threads = new Thread[results.length];
    for (int t = 0; t < threads.length; t++) {
      int index = t;
      threads[t] =
          new Thread(
              () -> {
                try (InferenceEngine engine = factory().create(model, 1)) {
                  for (int round = 0; round < 20; round++) {
                    results[index] = engine.run(images, 3)[0];
                  }
                }
              });
      threads[t].start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    for (float[] result : results) {
      assertThat(result).isEqualTo(expected);
    }
  }

  /** Each thread has its own images, which reveals swapped results. */
  @ParameterizedTest
  @EnumSource
  void answersEachOfTheThreadsThatShareIt(Threads threads) throws Exception {
    Model model = Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 7);
    try (InferenceEngine engine = factory().create(model, 1)) {
      float[][] images = new float[8][];
      float[][] expected = new float[images.length][];
      for (int t = 0; t < images.length; t++) {
        images[t] = Fixtures.randomImages(model.network(), 2, t);
        expected[t] = engine.run(images[t], 2)[0];
      }
      threads.run(
          images.length,
          t -> {
            for (int round = 0; round < 20; round++) {
              assertThat(engine.run(images[t], 2)[0]).isEqualTo(expected[t]);
            }
          });
    }
  }

  @Test
  void anotherEngineOfTheModelOutlivesTheFirst() {
    Model model = Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 7);
    float[] images = Fixtures.randomImages(model.network(), 2, 8);
    InferenceEngine first = factory().create(model, 1);
    float[] expected = first.run(images, 2)[0];
    InferenceEngine second = first.another().orElseThrow();
    try (InferenceEngine third = second.another().orElseThrow()) {
      assertThat(second.inputShape()).isEqualTo(first.inputShape());
      assertThat(second.outputShapes()).isEqualTo(first.outputShapes());
      first.close();
      assertThatThrownBy(first::another).isInstanceOf(IllegalStateException.class);
      assertThat(second.run(images, 2)[0]).isEqualTo(expected);
      second.close();
      assertThat(third.run(images, 2)[0]).isEqualTo(expected);
    } finally {
      first.close();
      second.close();
    }
  }

  @Test
  void saysHowManyKeepTheCoresBusy() {
    Model model = Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 7);
    try (InferenceEngine engine = factory().create(model, 2)) {
      assertThat(engine.parallelEngines(1)).isPositive();
      assertThat(engine.parallelEngines(8)).isBetween(1, 8);
    }
  }

  /** Freeing native memory during a call would end the process. */
  @ParameterizedTest
  @EnumSource
  void closesWhenTheCallsThatRunAreDone(Threads threads) throws Exception {
    Model model = Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 7);
    float[] images = Fixtures.randomImages(model.network(), 3, 8);
    for (int round = 0; round < 15; round++) {
      InferenceEngine engine = factory().create(model, 1);
      float[] expected = engine.run(images, 3)[0];
      int closers = 2;
      threads.run(
          closers + 4,
          t -> {
            if (t < closers) {
              engine.close();
              assertThatThrownBy(() -> engine.run(images, 3))
                  .isInstanceOf(IllegalStateException.class);
              return;
            }
            for (int call = 0; call < 50; call++) {
              try {
                assertThat(engine.run(images, 3)[0]).isEqualTo(expected);
              } catch (IllegalStateException e) {
                return;
              }
            }
          });
    }
  }

  @Test
  void endsWhenItsThreadIsInterrupted() {
    Model model = Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 7);
    float[] images = Fixtures.randomImages(model.network(), 1, 8);
    try (InferenceEngine engine = factory().create(model, 1)) {
      float[] expected = engine.run(images, 1)[0];
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> engine.run(images, 1)).isInstanceOf(WorkInterruptedException.class);
      // Clears the flag.
      assertThat(Thread.interrupted()).isTrue();
      assertThat(engine.run(images, 1)[0]).isEqualTo(expected);
    }
  }

  @Test
  void refusesInputOfAnotherSize() {
    Model model = Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 9);
    try (InferenceEngine engine = factory().create(model, 1)) {
      assertThatThrownBy(() -> engine.run(new float[10], 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("10")
          .hasMessageContaining("[32, 32, 3]");
      assertThatThrownBy(() -> engine.run(new float[0], 0))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void closesOnceAndStaysClosed() {
    Model model = Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 10);
    InferenceEngine engine = factory().create(model, 1);
    engine.close();
    engine.close();
    assertThatThrownBy(() -> engine.run(Fixtures.randomImages(model.network(), 1, 1), 1))
        .isInstanceOf(IllegalStateException.class);
  }

  private void assertAgreesWithReference(Model model, int count) {
    Network network = model.network();
    float[] images = Fixtures.randomImages(network, count, 2);
    ReferenceInterpreter reference = new ReferenceInterpreter(model);
    try (InferenceEngine engine = factory().create(model, 1)) {
      assertThat(engine.inputShape()).isEqualTo(network.inputShape());
      assertThat(engine.preferredBatch()).isPositive();
      assertThat(engine.outputShapes())
          .isEqualTo(network.outputs().stream().map(network::shape).toList());
      float[][] outputs = engine.run(images, count);
      int size = images.length / count;
      for (int n = 0; n < count; n++) {
        Map<String, double[]> expected =
            reference.run(Arrays.copyOfRange(images, n * size, (n + 1) * size));
        for (int o = 0; o < outputs.length; o++) {
          double[] values = expected.get(network.outputs().get(o));
          double largest = Math.max(1, Arrays.stream(values).map(Math::abs).max().orElse(0));
          assertThat(outputs[o]).hasSize(values.length * count);
          for (int i = 0; i < values.length; i++) {
            assertThat(outputs[o][n * values.length + i] / largest)
                .as("%s[%d] of example %d", network.outputs().get(o), i, n)
                .isCloseTo(values[i] / largest, offset((double) TOLERANCE));
          }
        }
      }
    }
  }

  private static Offset<Float> within() {
    return offset(TOLERANCE);
  }
}
