package io.github.deepxray.optimize.internal;

import static io.github.deepxray.testkit.ArrayAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.BatchNormalization;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Layer.Dropout;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Normalization;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Int8Tensor;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.ReferenceInterpreter;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PassesTest {
  @ParameterizedTest
  @ValueSource(ints = {16, 17, 22})
  void foldingChangesNoResult(int size) {
    Network network = Fixtures.smallNetwork(size);
    // The tensor behind the stem shows the borders of a padded convolution one by one.
    Network watched =
        new Network(
            network.name(),
            network.input(),
            network.inputShape(),
            network.layers(),
            List.of("stem_activation", "add", "probability"));
    Model model = Fixtures.withRandomWeights(watched, size);

    Model folded = Passes.forInference().apply(model);

    assertSameResults(model, folded);
    assertThat(folded.network().layers())
        .noneMatch(layer -> layer instanceof BatchNormalization)
        .noneMatch(layer -> layer instanceof Dropout)
        .noneMatch(layer -> layer instanceof Normalization);
    // What is left of the preprocessing: the subtraction of the mean before a padded convolution.
    assertThat(folded.network().layers().stream().filter(layer -> layer instanceof Rescaling))
        .singleElement()
        .satisfies(layer -> assertThat(((Rescaling) layer).scale()).containsExactly(1.0));
  }

  @Test
  void foldsAllOfEfficientNet() {
    Model model = Fixtures.withRandomWeights(EfficientNet.B0.network(), 1);
    Model folded = Passes.forInference().apply(model);
    assertThat(folded.network().layers())
        .noneMatch(
            layer ->
                layer instanceof BatchNormalization
                    || layer instanceof Dropout
                    || layer instanceof Normalization)
        .allMatch(layer -> !(layer instanceof Conv2D conv) || conv.useBias())
        .allMatch(layer -> !(layer instanceof DepthwiseConv2D conv) || conv.useBias());
    assertThat(folded.network().outputs()).isEqualTo(model.network().outputs());
  }

  @Test
  void keepsTheModelItWasGiven() {
    Model model = Fixtures.withRandomWeights(Fixtures.smallNetwork(16), 2);
    Model same = Fixtures.withRandomWeights(Fixtures.smallNetwork(16), 2);
    new DynamicRangeQuantization().apply(Passes.forInference().apply(model));
    assertThat(model).isEqualTo(same);
  }

  @Test
  void foldingTwiceIsFoldingOnce() {
    Model folded =
        Passes.forInference().apply(Fixtures.withRandomWeights(Fixtures.smallNetwork(16), 3));
    assertThat(new RemoveDropout().then(new FoldBatchNormalization()).apply(folded))
        .isEqualTo(folded);
  }

  @Test
  void keepsBatchNormalizationOfATensorThatOthersReadOrThatIsAResult() {
    List<Layer> layers =
        List.of(
            new Conv2D("shared", "x", 4, 3, 1, Padding.SAME, false),
            new BatchNormalization("shared_bn", "shared", 1e-3),
            new Add("both", "shared", "shared_bn"),
            new Conv2D("shown", "both", 4, 1, 1, Padding.SAME, true),
            new BatchNormalization("shown_bn", "shown", 1e-3),
            new Conv2D("named", "shown_bn", 4, 1, 1, Padding.SAME, true),
            new BatchNormalization("result", "named", 1e-3),
            new BatchNormalization("after_input", "x", 1e-3),
            new Activation("function", "after_input", Function.SWISH),
            new BatchNormalization("after_function", "function", 1e-3),
            new GlobalAveragePooling2D("pool", "after_function", false),
            new Dense("dense", "pool", 3, true),
            new BatchNormalization("dense_bn", "dense", 1e-3),
            new BatchNormalization("twice", "dense_bn", 1e-3),
            new Activation("end", "twice", Function.RELU));
    Model model =
        Fixtures.withRandomWeights(
            new Network(
                "branches", "x", List.of(5, 6, 4), layers, List.of("shown", "result", "end")),
            4);

    Model folded = new FoldBatchNormalization().apply(model);

    assertSameResults(model, folded);
    assertThat(folded.network().layers().stream().map(Layer::name))
        .contains("shared_bn", "shown_bn", "result", "after_input", "after_function", "twice")
        .doesNotContain("dense_bn");
  }

  @ParameterizedTest
  @EnumSource(Padding.class)
  void foldsNormalizationIntoEachOfItsReaders(Padding padding) {
    List<Layer> layers =
        List.of(
            new Rescaling("scaled", "x", List.of(0.5, 2.0, -1.5), List.of(0.25)),
            new Normalization("normalized", "scaled"),
            new Conv2D("wide", "normalized", 4, 3, 2, padding, false),
            new Conv2D("point", "normalized", 4, 1, 2, padding, true),
            new Rescaling("again", "normalized", List.of(3.0), List.of(-1.0, 0.0, 1.0)),
            new Conv2D("even", "again", 2, 2, 2, padding, true));
    Model model =
        Fixtures.withRandomWeights(
            new Network("readers", "x", List.of(7, 8, 3), layers, List.of("wide", "point", "even")),
            5);

    Model folded = new FoldNormalization().apply(model);

    assertSameResults(model, folded);
    assertThat(folded.network().layers()).noneMatch(layer -> layer instanceof Normalization);
    assertThat(folded.network().layers().stream().filter(layer -> layer instanceof Rescaling))
        .hasSize(padding == Padding.SAME ? 2 : 0);
  }

  @Test
  void keepsNormalizationThatSomethingElseReads() {
    List<Layer> layers =
        List.of(
            new Normalization("shown", "x"),
            new Conv2D("conv", "shown", 4, 3, 1, Padding.SAME, true),
            new Rescaling("inner", "conv", List.of(2.0), List.of(1.0)),
            new DepthwiseConv2D("depthwise", "inner", 3, 1, Padding.SAME, true),
            new Rescaling("mixed", "depthwise", List.of(2.0), List.of(1.0)),
            new Conv2D("mixed_conv", "mixed", 4, 1, 1, Padding.SAME, true),
            new Add("mixed_add", "mixed", "mixed_conv"));
    Model model =
        Fixtures.withRandomWeights(
            new Network("kept", "x", List.of(5, 5, 4), layers, List.of("shown", "mixed_add")), 6);

    Model folded = new FoldNormalization().apply(model);

    assertThat(folded).isEqualTo(model);
  }

  @Test
  void keepsTheStandardizationOfAFeatureThatHardlyVaries() {
    Network network =
        new Network(
            "head",
            "features",
            List.of(2),
            List.of(
                new Normalization("standardize", "features"),
                new Dense("logit", "standardize", 1, true)),
            List.of("logit"));
    Weights weights =
        Fixtures.withRandomWeights(network, 7)
            .weights()
            .plus(
                Weights.builder()
                    .put("standardize/mean", FloatTensor.of(new float[] {0.7f, 0.1f}, 2))
                    .put("standardize/variance", FloatTensor.of(new float[] {0f, 1f}, 2))
                    .build());
    Model model = new Model(network, weights);

    Model folded = Passes.forInference().apply(model);

    float[] usual = {0.7f, 0.4f};
    assertThat(new ReferenceInterpreter(folded).run(usual).get("logit"))
        .containsExactly(new ReferenceInterpreter(model).run(usual).get("logit"), offset(1e-5));
    assertThat(folded.network().layers()).anyMatch(layer -> layer instanceof Normalization);
  }

  @Test
  void removesDropoutButKeepsTheNamesOfResults() {
    List<Layer> layers =
        List.of(
            new Dropout("first", "x", 0.5),
            new Dropout("second", "first", 0.5),
            new Dense("dense", "second", 3, true),
            new Dropout("result", "dense", 0.5));
    Model model =
        Fixtures.withRandomWeights(
            new Network("dropouts", "x", List.of(4), layers, List.of("result")), 8);

    Model without = new RemoveDropout().apply(model);

    assertSameResults(model, without);
    assertThat(without.network().layers().stream().map(Layer::name))
        .containsExactly("dense", "result");
  }

  @Test
  void quantizesLargeKernelsToTheNearestStep() {
    Network network =
        new Network(
            "kernels",
            "x",
            List.of(8, 8, 128),
            List.of(
                new Conv2D("conv", "x", 16, 1, 1, Padding.SAME, true),
                new Conv2D("small", "conv", 8, 1, 1, Padding.SAME, true),
                new DepthwiseConv2D("depthwise", "x", 3, 1, Padding.SAME, true),
                new GlobalAveragePooling2D("pool", "depthwise", false),
                new Dense("dense", "pool", 10, true),
                new GlobalAveragePooling2D("small_pool", "small", false)),
            List.of("dense", "small_pool"));
    Model model = Fixtures.withRandomWeights(network, 9);

    Model quantized = new DynamicRangeQuantization().apply(model);

    Map<String, Integer> axes =
        Map.of("conv/kernel", 3, "depthwise/depthwise_kernel", 2, "dense/kernel", 1);
    quantized
        .weights()
        .asMap()
        .forEach(
            (name, tensor) -> {
              if (axes.containsKey(name)) {
                assertThat(tensor).isInstanceOf(Int8Tensor.class);
                assertThat(((Int8Tensor) tensor).axis()).isEqualTo(axes.get(name));
                assertNearestStep(model.weights().get(name), (Int8Tensor) tensor);
              } else {
                assertThat(tensor).as(name).isEqualTo(model.weights().get(name));
              }
            });
    assertThat(quantized.network()).isEqualTo(model.network());
    assertThat(new DynamicRangeQuantization().apply(quantized)).isEqualTo(quantized);
  }

  @Test
  void refusesToFoldQuantizedKernels() {
    Network network =
        new Network(
            "late",
            "x",
            List.of(4, 4, 32),
            List.of(
                new Normalization("normalized", "x"),
                new Conv2D("conv", "normalized", 32, 1, 1, Padding.SAME, true),
                new BatchNormalization("bn", "conv", 1e-3),
                new Activation("end", "bn", Function.RELU)),
            List.of("end"));
    Model quantized = new DynamicRangeQuantization().apply(Fixtures.withRandomWeights(network, 10));
    for (Pass pass : List.of(new FoldBatchNormalization(), new FoldNormalization())) {
      assertThatThrownBy(() -> pass.apply(quantized))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("conv/kernel");
    }
  }

  private static void assertNearestStep(Tensor exact, Int8Tensor quantized) {
    float[] expected = exact.toFloats();
    float[] actual = quantized.toFloats();
    float[] scales = quantized.scales();
    int inner = 1;
    for (int d = quantized.axis() + 1; d < quantized.shape().size(); d++) {
      inner *= quantized.shape().get(d);
    }
    boolean[] full = new boolean[scales.length];
    for (int i = 0; i < expected.length; i++) {
      int channel = i / inner % scales.length;
      assertThat((double) actual[i])
          .isCloseTo(expected[i], offset(scales[channel] / 2.0 * (1 + 1e-5)));
      full[channel] |= Math.abs(quantized.asBuffer().get(i)) == 127;
    }
    // The largest value of each channel takes the last step: no range is wasted.
    assertThat(full).containsOnly(true);
  }

  /** Compares all outputs on three inputs, to 1e-5 of an output's largest value. */
  private static void assertSameResults(Model expected, Model actual) {
    assertThat(actual.network().outputs()).isEqualTo(expected.network().outputs());
    for (int seed = 0; seed < 3; seed++) {
      float[] input = Fixtures.randomImages(expected.network(), 1, seed);
      Map<String, double[]> before = new ReferenceInterpreter(expected).run(input);
      Map<String, double[]> after = new ReferenceInterpreter(actual).run(input);
      for (String output : expected.network().outputs()) {
        double largest =
            Math.max(1, Arrays.stream(before.get(output)).map(Math::abs).max().orElse(0));
        assertClose(output, after.get(output), before.get(output), 1e-5 * largest);
      }
    }
  }
}
