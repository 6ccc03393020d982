package io.github.deepxray.tflite.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Layer.Dropout;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Multiply;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Quantization;
import io.github.deepxray.core.network.Quantization.Affine;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.MinMaxQuantization;
import io.github.deepxray.testkit.ReferenceInterpreter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Each operator in integers against the definition: the layer in double precision on the numbers
 * that the integers it reads stand for, the result rounded to the steps of what it writes.
 */
class IntegerArithmeticTest {
  @ParameterizedTest
  @CsvSource({"INT8,true", "INT8,false", "INT16,false"})
  void everyLayerOfANetwork(Arithmetic arithmetic, boolean delegate) {
    Model model =
        Passes.forInference().apply(Fixtures.withRandomWeights(Fixtures.smallNetwork(33), 1));
    assertThat(assertComputesAsDefined(model, pixels(model, 2), arithmetic, delegate))
        .isGreaterThan(20_000);
  }

  /** The zero point is what lies beside the image, whatever the size, kernel and stride. */
  @ParameterizedTest
  @CsvSource({
    "INT8,true,SAME", "INT8,false,SAME", "INT16,false,SAME",
    "INT8,true,VALID", "INT8,false,VALID", "INT16,false,VALID",
  })
  void convolutionsOfEveryForm(Arithmetic arithmetic, boolean delegate, Padding padding) {
    for (int kernel : new int[] {1, 2, 3, 5}) {
      for (int stride : new int[] {1, 2}) {
        for (boolean bias : new boolean[] {true, false}) {
          List<Layer> layers =
              List.of(
                  new Conv2D("conv", "x", 5, kernel, stride, padding, bias),
                  new DepthwiseConv2D("depthwise", "x", kernel, stride, padding, bias));
          Network network =
              new Network("convs", "x", List.of(7, 8, 4), layers, List.of("conv", "depthwise"));
          Model model = Fixtures.withRandomWeights(network, kernel);
          assertComputesAsDefined(model, around(model, -3, 5), arithmetic, delegate);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"INT8,true", "INT8,false", "INT16,false"})
  void elementWiseLayers(Arithmetic arithmetic, boolean delegate) {
    List<Layer> layers =
        List.of(
            new Activation("sigmoid", "x", Function.SIGMOID),
            new Activation("swish", "x", Function.SWISH),
            new Activation("relu", "x", Function.RELU),
            new Activation("linear", "swish", Function.LINEAR),
            new Dropout("dropout", "linear", 0.5),
            new Multiply("product", "dropout", "relu"),
            new Add("sum", "product", "x"),
            new GlobalAveragePooling2D("kept", "sigmoid", true),
            new Multiply("gated", "sum", "kept"),
            new GlobalAveragePooling2D("mean", "gated", false),
            new Dense("dense", "mean", 9, true),
            new Activation("last", "dense", Function.SWISH));
    Network network = new Network("parts", "x", List.of(9, 7, 12), layers, List.of("last"));
    Model model = Fixtures.withRandomWeights(network, 3);
    assertComputesAsDefined(model, around(model, -6, 7), arithmetic, delegate);
  }

  /** Whole numbers that 8 bits hold, so that the constants are exact. */
  @ParameterizedTest
  @CsvSource({"INT8,true", "INT8,false", "INT16,false"})
  void rescalings(Arithmetic arithmetic, boolean delegate) {
    List<Layer> layers =
        List.of(
            new Rescaling("scaled", "x", List.of(-2.0), List.of(0.0)),
            new Rescaling("each", "x", List.of(1.0, 0.5, 0.25), List.of(0.0)),
            new Rescaling("shifted", "x", List.of(1.0), List.of(5.0, -3.0, 4.0)),
            new Rescaling("both", "x", List.of(0.5), List.of(2.0, -1.0, 0.0)),
            new Rescaling("same", "x", List.of(1.0), List.of(0.0)));
    Network network = new Network("rescalings", "x", List.of(6, 5, 3), layers, List.of("both"));
    Model model = new Model(network, Weights.empty());
    assertComputesAsDefined(model, around(model, -6, 7), arithmetic, delegate);
  }

  /**
   * Channels that only their bias decides: pruned away, and too faint for their bias to be written
   * with the scale of their products.
   */
  @ParameterizedTest
  @CsvSource({"INT8,true", "INT8,false", "INT16,false"})
  void channelsWithHardlyAnyWeight(Arithmetic arithmetic, boolean delegate) {
    List<Layer> layers =
        List.of(
            new Conv2D("conv", "x", 4, 1, 1, Padding.SAME, true),
            new DepthwiseConv2D("depthwise", "conv", 3, 1, Padding.SAME, true));
    Network network = new Network("faint", "x", List.of(4, 4, 4), layers, List.of("depthwise"));
    Model model = Fixtures.withRandomWeights(network, 5);
    float[] conv = model.weights().floats("conv/kernel");
    float[] depthwise = model.weights().floats("depthwise/depthwise_kernel");
    for (int i = 0; i < conv.length; i++) {
      conv[i] *= new float[] {0, 1e-12f, 1e-30f, 1}[i % 4];
    }
    for (int i = 0; i < depthwise.length; i++) {
      depthwise[i] *= new float[] {1, 0, 1, 1e-9f}[i % 4];
    }
    Weights faint =
        Weights.builder()
            .put("conv/kernel", FloatTensor.of(conv, 1, 1, 4, 4))
            .put("depthwise/depthwise_kernel", FloatTensor.of(depthwise, 3, 3, 4, 1))
            .build();
    Model changed = new Model(network, model.weights().plus(faint));
    assertComputesAsDefined(changed, around(changed, -4, 40), arithmetic, delegate);
  }

  /** Calibrates on the examples, runs the first and compares every tensor; gives their size. */
  private static int assertComputesAsDefined(
      Model model, float[] examples, Arithmetic arithmetic, boolean delegate) {
    int size = model.network().size(model.network().input());
    Map<String, MinMaxQuantization.Range> ranges =
        MinMaxQuantization.ranges(
            new TfLiteEngineFactory(), model, examples, examples.length / size);
    Model quantized = MinMaxQuantization.quantize(model, arithmetic, ranges, Set.of());
    Network network = model.network();
    List<String> tensors = new ArrayList<>();
    network.layers().forEach(layer -> tensors.add(layer.name()));

    float[] example = Arrays.copyOf(examples, size);
    Map<String, double[]> actual = new HashMap<>();
    byte[] file = TfLiteWriter.toBytes(quantized.withOutputs(tensors));
    try (TfLiteEngine engine = TfLiteEngine.load(file, new TfLiteEngine.Options(1, delegate))) {
      assertThat(engine.delegatedWhole()).isEqualTo(delegate);
      float[][] results = engine.run(example, 1);
      for (int t = 0; t < results.length; t++) {
        double[] values = new double[results[t].length];
        for (int i = 0; i < values.length; i++) {
          values[i] = results[t][i];
        }
        actual.put(tensors.get(t), values);
      }
    }
    Quantization quantization = quantized.quantization();
    double[] start = new double[size];
    for (int i = 0; i < size; i++) {
      start[i] = example[i];
    }
    Affine input = quantization.tensor(network.input());
    actual.put(network.input(), real(integers(start, input, arithmetic), input));
    int compared = 0;
    ReferenceInterpreter reference = new ReferenceInterpreter(quantized);
    for (Layer layer : network.layers()) {
      Affine affine = quantization.tensor(layer.name());
      double[] exact = reference.apply(layer, actual);
      if (layer instanceof Activation a && a.function() == Function.SWISH) {
        exact = swish(actual.get(a.input()), arithmetic);
      }
      int[] expected = integers(exact, affine, arithmetic);
      int[] integers = integers(actual.get(layer.name()), affine, arithmetic);
      boolean wideSwish =
          arithmetic == Arithmetic.INT16
              && layer instanceof Activation a
              && a.function() == Function.SWISH;
      int equal = 0;
      for (int i = 0; i < expected.length; i++) {
        // The sigmoid in a swish may be a step off already, which is as much in the product.
        int tolerance = wideSwish ? 2 : 1;
        assertThat(Math.abs(integers[i] - expected[i]))
            .as("%s[%d]: %d instead of %d", layer, i, integers[i], expected[i])
            .isLessThanOrEqualTo(tolerance);
        equal += integers[i] == expected[i] ? 1 : 0;
      }
      if (expected.length > 16) {
        assertThat((double) equal / expected.length)
            .as("equal values of %s", layer)
            .isGreaterThan(0.5);
      }
      compared += expected.length;
    }
    return compared;
  }

  /** With the sigmoid in between rounded to its own steps. */
  private static double[] swish(double[] x, Arithmetic arithmetic) {
    double steps = arithmetic == Arithmetic.INT16 ? 32768 : 256;
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      double sigmoid = Math.min(steps - 1, Math.rint(steps / (1 + Math.exp(-x[i])))) / steps;
      y[i] = x[i] * sigmoid;
    }
    return y;
  }

  private static int[] integers(double[] values, Affine affine, Arithmetic arithmetic) {
    int[] integers = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      long rounded = Math.round(values[i] / affine.scale()) + affine.zeroPoint();
      integers[i] = (int) Math.max(arithmetic.min(), Math.min(arithmetic.max(), rounded));
    }
    return integers;
  }

  private static double[] real(int[] integers, Affine affine) {
    double[] values = new double[integers.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (double) affine.scale() * (integers[i] - affine.zeroPoint());
    }
    return values;
  }

  private static float[] pixels(Model model, int count) {
    return Fixtures.randomImages(model.network(), count, 2);
  }

  /** Two examples of values between two numbers. */
  private static float[] around(Model model, double min, double max) {
    SplittableRandom random = new SplittableRandom(4);
    float[] values = new float[2 * model.network().size(model.network().input())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (min + random.nextDouble() * (max - min));
    }
    return values;
  }
}
