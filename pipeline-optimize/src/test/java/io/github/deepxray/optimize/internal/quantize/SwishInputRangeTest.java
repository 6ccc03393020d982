package io.github.deepxray.optimize.internal.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Quantization.Affine;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.optimize.quantize.RangeMethod;
import io.github.deepxray.optimize.quantize.RangeSelection;
import io.github.deepxray.testkit.Fixtures;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A convolution that turns pixels into -60 to 16.5, and a swish. */
class SwishInputRangeTest {
  private static final QuantizationSpec INT8 = QuantizationSpec.of(QuantizationMode.INT8);
  private static final Layer CONV = new Conv2D("conv", "images", 3, 1, 1, Padding.SAME, true);
  private static final Layer SWISH = new Activation("swish", "conv", Function.SWISH);

  private static Model model(List<Layer> layers, String... outputs) {
    Network network = new Network("n", "images", List.of(16, 16, 3), layers, List.of(outputs));
    float[] kernel = {0.3f, 0, 0, 0, 0.3f, 0, 0, 0, 0.3f};
    return new Model(
        network,
        Weights.builder()
            .put("conv/kernel", FloatTensor.of(kernel, 1, 1, 3, 3))
            .put("conv/bias", FloatTensor.of(new float[] {-60, -60, -60}, 3))
            .build());
  }

  static Model farBelowZero() {
    return model(List.of(CONV, SWISH), "swish");
  }

  private static Model quantized(QuantizationSpec spec, Model model) throws IOException {
    return new ModelQuantization(spec)
        .quantize(model, CalibratorTest.calibrate(model, CalibratorTest.images(model, 6)));
  }

  /** The least value that the convolution's integers can hold. */
  private static double least(QuantizationSpec spec, Model model) throws IOException {
    Affine affine = quantized(spec, model).quantization().tensor("conv");
    int first = spec.mode() == QuantizationMode.INT8 ? -128 : -32768;
    return (double) affine.scale() * (first - affine.zeroPoint());
  }

  @ParameterizedTest
  @ValueSource(strings = {"percentile", "mse", "entropy", "moving-average"})
  void whatSwishMakesNothingOfNeedsNoIntegers(String method) throws IOException {
    Model model = farBelowZero();
    QuantizationSpec spec = INT8.withRanges(RangeSelection.of(RangeMethod.of(method)));
    assertThat(least(spec, model)).isEqualTo(-6.5, within(0.1));
  }

  /** A range from -60 would have steps of 0.3 and errors of half of that. */
  @Test
  void soTheStepsAreFine() throws IOException {
    Model model = farBelowZero();
    Model quantized = quantized(INT8, model);
    double input = quantized.quantization().tensor("conv").scale();
    double output = quantized.quantization().tensor("swish").scale();
    assertThat(input).isLessThan(0.1);
    for (int seed = 0; seed < 6; seed++) {
      float[] image = Fixtures.randomImages(model.network(), 1, seed);
      float[] exact = SimulatedEngines.tensors(model, image).get("swish");
      float[] rounded = SimulatedEngines.tensors(quantized, image).get("swish");
      for (int i = 0; i < exact.length; i++) {
        double x = 0.3 * image[i] - 60;
        // Swish is at most 1.1 times as steep as its input; its sigmoid has the step 1/256.
        double sigmoid = Math.min(6.5, Math.abs(x)) / 512;
        assertThat((double) rounded[i])
            .isCloseTo(exact[i], within(1.1 * input / 2 + Math.max(sigmoid, x / 512) + output));
      }
    }
  }

  @Test
  void whereAnybodyElseReadsItNothingIsCut() throws IOException {
    assertThat(least(INT8, model(List.of(CONV, SWISH), "swish", "conv"))).isLessThan(-55);
    Layer sum = new Add("sum", "conv", "swish");
    assertThat(least(INT8, model(List.of(CONV, SWISH, sum), "sum"))).isLessThan(-55);
    Layer relu = new Activation("relu", "conv", Function.RELU);
    assertThat(least(INT8, model(List.of(CONV, relu), "relu"))).isLessThan(-55);
  }

  @Test
  void whereItIsToBeWholeOrFinerNothingIsCut() throws IOException {
    Model model = farBelowZero();
    assertThat(least(INT8.withRanges(RangeSelection.of(RangeMethod.MIN_MAX)), model))
        .isLessThan(-55);
    RangeSelection rule = RangeSelection.of(RangeMethod.MSE).with("conv", RangeMethod.MIN_MAX);
    assertThat(least(INT8.withRanges(rule), model)).isLessThan(-55);
    assertThat(least(INT8.withKeepFloat(List.of("swish")), model)).isLessThan(-55);
    assertThat(least(QuantizationSpec.of(QuantizationMode.INT16X8), model)).isLessThan(-55);
  }

  /** Rounded alone, it is a float swish that follows: that one does make something of -6.5. */
  @Test
  void norDoesTheNoiseOfTheTensorAlone() throws IOException {
    Model model = farBelowZero();
    RepresentativeDataset images = CalibratorTest.images(model, 6);
    Model quantized =
        new ModelQuantization(INT8).quantize(model, CalibratorTest.calibrate(model, images));
    Affine affine = quantized.quantization().tensor("conv");
    // Exact in 8 bits: all three diagonal values are the largest of their channel.
    assertThat(quantized.weights().get("conv/kernel").toFloats()).contains(0.3f);
    double signal = 0;
    double noise = 0;
    for (int e = 0; e < images.size(); e++) {
      for (float pixel : images.example(e)) {
        double x = 0.3f * pixel - 60;
        long integer = Math.round(x / affine.scale()) + affine.zeroPoint();
        double rounded = affine.scale() * (Math.min(127, integer) - affine.zeroPoint());
        signal += Math.pow(swish(x), 2);
        noise += x < SwishInputRange.LEAST ? 0 : Math.pow(swish(rounded) - swish(x), 2);
      }
    }
    double alone =
        new LayerAnalysis(new SimulatedEngines(1), 1, Progress.NONE)
            .alone(model, quantized, images, "swish")
            .get("conv");
    assertThat(alone).isEqualTo(10 * Math.log10(signal / noise), within(0.1));
  }

  private static double swish(double x) {
    return x / (1 + Math.exp(-x));
  }

  /** Otherwise every layer in front of a swish would look destroyed. */
  @Test
  void theReportDoesNotCountWhatIsCut() throws IOException {
    Model model = farBelowZero();
    RepresentativeDataset images = CalibratorTest.images(model, 6);
    Calibration calibration = CalibratorTest.calibrate(model, images);
    LayerReport.Entry conv =
        new LayerAnalysis(new SimulatedEngines(1), 1, Progress.NONE)
                .analyze(
                    model,
                    new ModelQuantization(INT8).quantize(model, calibration),
                    calibration,
                    images,
                    "swish")
                .layers()
                .stream()
                .filter(entry -> entry.name().equals("conv"))
                .findFirst()
                .orElseThrow();
    assertThat(conv.seenMin()).isLessThan(-55);
    assertThat(conv.clippedShare()).isLessThan(0.001);
    assertThat(conv.accumulatedSqnr()).isGreaterThan(35);
  }
}
