package io.github.deepxray.optimize.internal.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Quantization;
import io.github.deepxray.core.network.Quantization.Affine;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.core.weights.Float16Tensor;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Int8Tensor;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.optimize.internal.FoldNormalization;
import io.github.deepxray.optimize.internal.LayerPatterns;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.optimize.internal.Range;
import io.github.deepxray.optimize.internal.TensorStatistics;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.optimize.quantize.RangeMethod;
import io.github.deepxray.optimize.quantize.RangeSelection;
import io.github.deepxray.testkit.ArrayAssertions;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.ReferenceInterpreter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class IntegerQuantizationTest {
  private static final Model SOURCE = source();
  private static final QuantizationSpec INT8 = QuantizationSpec.of(QuantizationMode.INT8);

  /** The small network with means that pixels can have. */
  static Model source() {
    Model random = Fixtures.withRandomWeights(Fixtures.smallNetwork(12), 5);
    Weights means =
        Weights.builder()
            .put("normalization/mean", FloatTensor.of(new float[] {0.5f, 0.45f, 0.4f}, 3))
            .build();
    return new Model(random.network(), random.weights().plus(means));
  }

  private static Calibration calibrate(Model model) throws IOException {
    return CalibratorTest.calibrate(model, CalibratorTest.images(model, 8));
  }

  @Test
  void everyTensorHasTheParametersOfItsRange() throws IOException {
    Model prepared = new ModelQuantization(INT8).prepare(SOURCE);
    Calibration calibration = calibrate(prepared);
    QuantizationSpec spec =
        INT8.withRanges(
            RangeSelection.of(RangeMethod.PERCENTILE).with("expand", RangeMethod.MIN_MAX));
    Quantization q = new ModelQuantization(spec).quantize(prepared, calibration).quantization();

    assertThat(q.arithmetic()).isEqualTo(Arithmetic.INT8);
    assertThat(q.tensors().keySet())
        .containsExactlyInAnyOrderElementsOf(prepared.network().tensors());
    // By rule, by the usual method, and never clipped because it is a vector.
    assertThat(q.tensor("expand_conv")).isEqualTo(grid(calibration, "expand_conv", true));
    assertThat(q.tensor("dwconv")).isEqualTo(grid(calibration, "dwconv", false));
    assertThat(q.tensor("avg_pool")).isEqualTo(grid(calibration, "avg_pool", true));
    assertThat(q.tensor("se_expand_activation")).isEqualTo(new Affine(1f / 256, -128));
    assertThat(q.tensor("probability")).isEqualTo(new Affine(1f / 256, -128));
  }

  /** Whatever was seen: TFLite's kernels write nothing else. */
  @Test
  void aSoftmaxHasItsOwnParameters() throws IOException {
    List<Layer> layers = new ArrayList<>(SOURCE.network().layers());
    layers.removeIf(
        layer -> List.of("deep", "wide", "logit", "probability").contains(layer.name()));
    layers.add(new Layer.Dense("logits", "hidden_drop", 3, true));
    layers.add(new Layer.Activation("probabilities", "logits", Layer.Function.SOFTMAX));
    Network network =
        new Network(
            "classes", "images", SOURCE.network().inputShape(), layers, List.of("probabilities"));
    Model model = Fixtures.withRandomWeights(network, 5);
    for (QuantizationMode mode : List.of(QuantizationMode.INT8, QuantizationMode.INT16X8)) {
      for (boolean integerHead : new boolean[] {false, true}) {
        QuantizationSpec spec = QuantizationSpec.of(mode).withIntegerHead(integerHead);
        Model prepared = new ModelQuantization(spec).prepare(model);
        Model quantized = new ModelQuantization(spec).quantize(prepared, calibrate(prepared));
        Quantization q = quantized.quantization();
        assertThat(q.tensor("probabilities"))
            .isEqualTo(
                mode == QuantizationMode.INT8
                    ? new Affine(1f / 256, -128)
                    : new Affine(1f / 32768, 0));
        assertThat(q.integer("probabilities")).isEqualTo(integerHead);
        float[] image = Fixtures.randomImages(network, 1, 1);
        ArrayAssertions.assertClose(
            mode + " probabilities",
            SimulatedEngines.tensors(quantized, image).get("probabilities"),
            new ReferenceInterpreter(model).run(image).get("probabilities"),
            mode == QuantizationMode.INT8 ? 0.05 : 0.01);
      }
    }
  }

  /** From the specification: scale = (max - min) / 255, zero point = round(-128 - min / scale). */
  private static Affine grid(Calibration calibration, String tensor, boolean whole) {
    TensorStatistics seen = calibration.tensor(tensor);
    Range range =
        whole
            ? new Range(seen.min(), seen.max())
            : Ranges.of(RangeMethod.percentile(0.9998), seen, 256);
    double scale = (range.max() - range.min()) / 255;
    return new Affine((float) scale, (int) Math.round(-128 - range.min() / scale));
  }

  @Test
  void pixelsAreStoredAsTheyAre() throws IOException {
    Model prepared = new ModelQuantization(INT8).prepare(SOURCE);
    Rescaling centering = (Rescaling) prepared.network().layer("stem_conv_centering");
    assertThat(centering.scale()).containsExactly(1.0);
    double grey = -centering.offset().get(0);
    assertThat(grey).isEqualTo(Math.rint(grey));
    Quantization q =
        new ModelQuantization(INT8).quantize(prepared, calibrate(prepared)).quantization();
    assertThat(q.tensor("images")).isEqualTo(new Affine(1, -128));
    // The same integers: pixel = q + 128, and less the grey value q - (grey - 128).
    assertThat(q.tensor("stem_conv_centering")).isEqualTo(new Affine(1, (int) grey - 128));
    assertThat(q.integer("stem_conv_centering")).isTrue();
  }

  @Test
  void theHeadAndWhatCannotBeFoldedStayInFloats() throws IOException {
    Model prepared = new ModelQuantization(INT8).prepare(SOURCE);
    Model quantized =
        new ModelQuantization(INT8.withKeepFloat(List.of("dwconv")))
            .quantize(prepared, calibrate(prepared));
    assertThat(quantized.quantization().floatLayers())
        .containsExactlyInAnyOrder(
            // "dwconv" also stands for the names it begins.
            "dwconv",
            "dwconv_2",
            "standardize",
            "wide",
            "hidden",
            "hidden_activation",
            "deep",
            "logit",
            "probability");
    assertThat(quantized.weights().get("dwconv/depthwise_kernel")).isInstanceOf(FloatTensor.class);
    // Too small to be worth it.
    assertThat(quantized.weights().get("hidden/kernel")).isInstanceOf(FloatTensor.class);
    assertThat(quantized.weights().get("stem_conv/bias")).isInstanceOf(FloatTensor.class);
    assertThat(((Int8Tensor) quantized.weights().get("stem_conv/kernel")).axis()).isEqualTo(3);

    QuantizationSpec strict = INT8.withIntegerHead(true);
    Model all = new ModelQuantization(strict).prepare(SOURCE);
    Model integers = new ModelQuantization(strict).quantize(all, calibrate(all));
    assertThat(integers.quantization().floatLayers()).isEmpty();
    assertThat(((Int8Tensor) integers.weights().get("hidden/kernel")).axis()).isEqualTo(1);
    assertThat(((Int8Tensor) integers.weights().get("dwconv/depthwise_kernel")).axis())
        .isEqualTo(2);
  }

  @Test
  void sixteenBitsAreSymmetricAndPadExactly() throws IOException {
    QuantizationSpec spec = QuantizationSpec.of(QuantizationMode.INT16X8);
    Model prepared = new ModelQuantization(spec).prepare(SOURCE);
    Calibration calibration = calibrate(prepared);
    Quantization q = new ModelQuantization(spec).quantize(prepared, calibration).quantization();
    assertThat(q.arithmetic()).isEqualTo(Arithmetic.INT16);
    assertThat(q.tensors().values()).allMatch(affine -> affine.zeroPoint() == 0);
    TensorStatistics seen = calibration.tensor("expand_conv");
    assertThat(q.tensor("expand_conv").scale())
        .isEqualTo((float) (Math.max(-seen.min(), seen.max()) / 32767));
    assertThat(q.tensor("se_expand_activation").scale()).isEqualTo(1f / 32768);
    assertThat(q.floatLayers()).contains("stem_conv_centering", "probability");
    assertThat(((Rescaling) prepared.network().layer("stem_conv_centering")).offset()).hasSize(3);
  }

  @ParameterizedTest
  @EnumSource(QuantizationMode.class)
  void everyFormComputesNearlyTheSame(QuantizationMode mode) throws IOException {
    QuantizationSpec spec = QuantizationSpec.of(mode);
    Model prepared = new ModelQuantization(spec).prepare(SOURCE);
    Model quantized =
        mode.calibrated()
            ? new ModelQuantization(spec).quantize(prepared, calibrate(prepared))
            : new ModelQuantization(spec).quantize(prepared);
    assertThat(quantized.quantization().arithmetic()).isEqualTo(mode.arithmetic());
    for (int seed = 0; seed < 4; seed++) {
      float[] image = Fixtures.randomImages(SOURCE.network(), 1, seed);
      ArrayAssertions.assertClose(
          mode + " probability",
          SimulatedEngines.tensors(quantized, image).get("probability"),
          new ReferenceInterpreter(SOURCE).run(image).get("probability"),
          mode == QuantizationMode.INT8 ? 0.05 : 0.01);
    }
    assertThat(QuantizationMode.of(mode.id())).isEqualTo(mode);
  }

  @Test
  void kernelsAreStoredInTheFormOfTheMode() {
    Model backbone = Fixtures.withRandomWeights(EfficientNet.B0.network(64), 3);
    assertThat(kernel(backbone, QuantizationMode.FLOAT16)).isInstanceOf(Float16Tensor.class);
    assertThat(kernel(backbone, QuantizationMode.WEIGHTS)).isInstanceOf(Int8Tensor.class);
    assertThat(kernel(backbone, QuantizationMode.DYNAMIC)).isInstanceOf(Int8Tensor.class);
    QuantizationSpec kept =
        QuantizationSpec.of(QuantizationMode.WEIGHTS).withKeepFloat(List.of("top"));
    assertThat(
            new ModelQuantization(kept)
                .quantize(new ModelQuantization(kept).prepare(backbone))
                .weights()
                .get("top_conv/kernel"))
        .isInstanceOf(FloatTensor.class);
  }

  private static Tensor kernel(Model model, QuantizationMode mode) {
    QuantizationSpec spec = QuantizationSpec.of(mode);
    return new ModelQuantization(spec)
        .quantize(new ModelQuantization(spec).prepare(model))
        .weights()
        .get("top_conv/kernel");
  }

  @Test
  void refusesChoicesThatMeanNothing() throws IOException {
    QuantizationSpec dynamic = QuantizationSpec.of(QuantizationMode.DYNAMIC);
    assertThatThrownBy(() -> dynamic.withRanges(RangeSelection.of(RangeMethod.MSE)))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("no ranges");
    assertThatThrownBy(() -> dynamic.withIntegerHead(true)).isInstanceOf(DeepXrayException.class);
    assertThatThrownBy(() -> dynamic.withExactPadding(true)).isInstanceOf(DeepXrayException.class);
    assertThatThrownBy(() -> QuantizationMode.of("int4"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("float16, int8-weights, dynamic, int8, int16x8");
    Model prepared = new ModelQuantization(INT8).prepare(SOURCE);
    assertThatThrownBy(() -> new ModelQuantization(INT8).quantize(prepared))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("calibrate");
    Calibration calibration = calibrate(prepared);
    assertThatThrownBy(
            () ->
                new ModelQuantization(INT8.withKeepFloat(List.of("block9z")))
                    .quantize(prepared, calibration))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("block9z");
    assertThatThrownBy(
            () ->
                new ModelQuantization(INT8)
                    .quantize(Passes.forInference().apply(backbone()), calibration))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("has no tensor");
  }

  private static Model backbone() {
    return Fixtures.withRandomWeights(EfficientNet.B0.network(32), 3);
  }

  @Test
  void aCommonOffsetChangesOnlyTheBorder() {
    float[] image = Fixtures.randomImages(SOURCE.network(), 1, 9);
    double[] a = new ReferenceInterpreter(exactStem()).run(image).get("stem_conv");
    double[] b = new ReferenceInterpreter(commonStem()).run(image).get("stem_conv");
    List<Integer> shape = exactStem().network().shape("stem_conv");
    int size = shape.get(0);
    int channels = shape.get(2);
    double border = 0;
    for (int i = 0; i < a.length; i++) {
      int y = i / channels / size;
      int x = i / channels % size;
      // Kernel 3 with stride 2 on an even size is padded below and to the right only.
      if (y < size - 1 && x < size - 1) {
        assertThat(b[i]).isCloseTo(a[i], within(1e-5));
      } else {
        border = Math.max(border, Math.abs(a[i] - b[i]));
      }
    }
    assertThat(border).isGreaterThan(1e-3);
  }

  private static Model exactStem() {
    return new ModelQuantization(INT8.withExactPadding(true)).prepare(SOURCE).cutAt("stem_conv");
  }

  private static Model commonStem() {
    return new ModelQuantization(INT8).prepare(SOURCE).cutAt("stem_conv");
  }

  @Test
  void aCommonOffsetIsExactIfTheMeanIsOneGrey() {
    Network network =
        new Network(
            "grey",
            "images",
            List.of(9, 9, 3),
            List.of(
                new Rescaling(
                    "scale", "images", List.of(0.5, 0.25, 2.0), List.of(-50., -25., -200.)),
                new Layer.Conv2D("conv", "scale", 4, 3, 1, Padding.SAME, true)),
            List.of("conv"));
    Model model = Fixtures.withRandomWeights(network, 3);
    Model folded = new FoldNormalization().withCommonOffset().apply(model);
    assertThat(((Rescaling) folded.network().layers().get(0)).offset()).containsExactly(-100.0);
    float[] image = Fixtures.randomImages(network, 1, 4);
    ArrayAssertions.assertClose(
        "everywhere",
        new ReferenceInterpreter(folded).run(image).get("conv"),
        new ReferenceInterpreter(model).run(image).get("conv"),
        1e-4);
  }

  @Test
  void aCommonOffsetThatIsNoPixelStaysExact() {
    Network network =
        new Network(
            "shifted",
            "images",
            List.of(9, 9, 3),
            List.of(
                new Rescaling("scale", "images", List.of(0.5), List.of(200.0)),
                new Layer.Conv2D("conv", "scale", 4, 3, 1, Padding.SAME, true)),
            List.of("conv"));
    Model model = Fixtures.withRandomWeights(network, 3);
    assertThat(new FoldNormalization().withCommonOffset().apply(model).network())
        .isEqualTo(new FoldNormalization().apply(model).network());
  }

  @Test
  void imageNetPadsWithOneGrey() {
    Network backbone = EfficientNet.B0.network(32);
    Weights.Builder weights = Weights.builder();
    // What Keras' file holds: means and standard deviations, the latter as variance.
    weights.put("normalization/mean", FloatTensor.of(new float[] {0.485f, 0.456f, 0.406f}, 3));
    weights.put("normalization/variance", FloatTensor.of(new float[] {0.229f, 0.224f, 0.225f}, 3));
    Model random = Fixtures.withRandomWeights(backbone, 1);
    Model model = new Model(backbone, random.weights().plus(weights.build()));
    Rescaling centering =
        (Rescaling) new ModelQuantization(INT8).prepare(model).network().layers().get(0);
    // Means .485, .456, .406 of 255: 123.675, 116.28, 103.53; their mean is 114.5.
    assertThat(centering.offset()).containsExactly(-114.0);
  }

  @Test
  void layersAreNamedAsUsersWriteThem() {
    Network network = EfficientNet.B0.network(32);
    Set<String> stem = LayerPatterns.layers(network, List.of("stem"));
    assertThat(stem).containsExactlyInAnyOrder("stem_conv", "stem_bn", "stem_activation");
    assertThat(LayerPatterns.layers(network, List.of("*_dwconv"))).hasSize(16);
    assertThat(LayerPatterns.layers(network, List.of("block?a_dwconv"))).hasSize(7);
    assertThat(LayerPatterns.layers(network, List.of("block2a")))
        .allMatch(n -> n.startsWith("block2a_"));
    assertThat(LayerPatterns.matches("a.c", "abc")).isFalse();
  }
}
