package io.github.deepxray.optimize.internal.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Quantization.Affine;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.Int8Tensor;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.testkit.Fixtures;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BiasCorrectionTest {
  private static final List<String> CONVOLUTIONS = List.of("stem", "expand", "dwconv", "project");

  private static final Network NETWORK =
      new Network(
          "block",
          "images",
          List.of(16, 16, 3),
          List.of(
              new Conv2D("stem", "images", 8, 3, 2, Padding.SAME, true),
              new Activation("stem_swish", "stem", Function.SWISH),
              new Conv2D("expand", "stem_swish", 24, 1, 1, Padding.SAME, true),
              new Activation("expand_swish", "expand", Function.SWISH),
              new DepthwiseConv2D("dwconv", "expand_swish", 3, 1, Padding.SAME, true),
              new Activation("dwconv_swish", "dwconv", Function.SWISH),
              new Conv2D("project", "dwconv_swish", 8, 1, 1, Padding.SAME, true)),
          List.of("project"));
  private static final Model EXACT = Fixtures.withRandomWeights(NETWORK, 3);
  private static final RepresentativeDataset IMAGES = CalibratorTest.images(EXACT, 12);

  private static final QuantizationSpec SPEC = QuantizationSpec.of(QuantizationMode.INT8);

  @Test
  void theMeansAreThoseOfTheFloatModel() throws IOException {
    Model quantized = quantized(SPEC);
    Model corrected = correct(quantized);
    for (String layer : CONVOLUTIONS) {
      Affine affine = quantized.quantization().tensor(layer);
      double least = affine.scale() * (-128.0 - affine.zeroPoint());
      double largest = affine.scale() * (127.0 - affine.zeroPoint());
      double[] wanted = means(EXACT, layer, least, largest);
      assertThat(drift(wanted, means(corrected, layer, least, largest)))
          .as(layer)
          .isLessThan(affine.scale())
          .isLessThan(0.5 * drift(wanted, means(quantized, layer, least, largest)));
    }
  }

  /** What is cut off in front of a swish would pull down all other values of its channel. */
  @Test
  void theMeansOfWhatASwishMakesOfItAreCloserToo() throws IOException {
    Model quantized = quantized(SPEC);
    Model corrected = correct(quantized);
    double everything = Double.MAX_VALUE;
    for (String layer : List.of("stem_swish", "expand_swish", "dwconv_swish")) {
      double[] wanted = means(EXACT, layer, -everything, everything);
      double before = drift(wanted, means(quantized, layer, -everything, everything));
      double after = drift(wanted, means(corrected, layer, -everything, everything));
      assertThat(after).as(layer).isLessThan(before);
    }
  }

  /** Most of its values are, and it was exact before. */
  @Test
  void whatIsCutOffInFrontOfASwishIsNotMadeUpFor() throws IOException {
    Model model = SwishInputRangeTest.farBelowZero();
    RepresentativeDataset images = CalibratorTest.images(model, 6);
    Model corrected =
        new BiasCorrection(new SimulatedEngines(1), 1, Progress.NONE)
            .correct(
                model,
                new ModelQuantization(SPEC)
                    .quantize(model, CalibratorTest.calibrate(model, images)),
                images);
    for (float bias : corrected.weights().floats("conv/bias")) {
      assertThat(bias).isCloseTo(-60, within(0.05f));
    }
  }

  @Test
  void imagesThatWereNotSeenGainToo() throws IOException {
    Model quantized = quantized(SPEC);
    RepresentativeDataset all = CalibratorTest.images(EXACT, 20);
    double before = 0;
    double after = 0;
    Model corrected = correct(quantized);
    for (int i = IMAGES.size(); i < all.size(); i++) {
      float[] image = all.example(i);
      float[] wanted = SimulatedEngines.tensors(EXACT, image).get("project");
      before += error(wanted, SimulatedEngines.tensors(quantized, image).get("project"));
      after += error(wanted, SimulatedEngines.tensors(corrected, image).get("project"));
    }
    assertThat(after).isLessThan(0.9 * before);
  }

  @Test
  void onlyBiasesOfIntegerConvolutionsChange() throws IOException {
    Model quantized = quantized(SPEC.withKeepFloat(List.of("expand")));
    Model corrected = correct(quantized);
    assertThat(corrected.network()).isEqualTo(quantized.network());
    assertThat(corrected.quantization()).isEqualTo(quantized.quantization());
    Set<String> biases = Set.of("stem/bias", "dwconv/bias", "project/bias");
    for (String weight : quantized.weights().names()) {
      assertThat(corrected.weights().get(weight).equals(quantized.weights().get(weight)))
          .as(weight)
          .isEqualTo(!biases.contains(weight));
    }
    assertThat(corrected.weights().get("stem/kernel")).isInstanceOf(Int8Tensor.class);
  }

  private static Model quantized(QuantizationSpec spec) throws IOException {
    return new ModelQuantization(spec).quantize(EXACT, CalibratorTest.calibrate(EXACT, IMAGES));
  }

  private static Model correct(Model quantized) throws IOException {
    SimulatedEngines engines = new SimulatedEngines(2);
    Model corrected =
        new BiasCorrection(engines, 2, Progress.NONE).correct(EXACT, quantized, IMAGES);
    assertThat(engines.open()).isZero();
    return corrected;
  }

  /** The mean of each channel over all examples, of values clipped first. */
  private static double[] means(Model model, String tensor, double least, double largest)
      throws IOException {
    List<Integer> shape = NETWORK.shape(tensor);
    double[] means = new double[shape.get(shape.size() - 1)];
    for (int e = 0; e < IMAGES.size(); e++) {
      float[] values = SimulatedEngines.tensors(model, IMAGES.example(e)).get(tensor);
      for (int i = 0; i < values.length; i++) {
        double count = (double) values.length / means.length * IMAGES.size();
        means[i % means.length] += Math.max(least, Math.min(largest, values[i])) / count;
      }
    }
    return means;
  }

  /** The largest difference of a channel's means. */
  private static double drift(double[] wanted, double[] is) {
    double largest = 0;
    for (int c = 0; c < wanted.length; c++) {
      largest = Math.max(largest, Math.abs(wanted[c] - is[c]));
    }
    return largest;
  }

  private static double error(float[] wanted, float[] is) {
    double sum = 0;
    for (int i = 0; i < wanted.length; i++) {
      sum += Math.pow(wanted[i] - is[i], 2);
    }
    return sum;
  }
}
