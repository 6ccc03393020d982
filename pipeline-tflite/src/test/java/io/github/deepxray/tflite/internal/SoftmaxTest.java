package io.github.deepxray.tflite.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.ElementType;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Quantization;
import io.github.deepxray.core.network.Quantization.Affine;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.optimize.internal.DynamicRangeQuantization;
import io.github.deepxray.optimize.internal.Float16Weights;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.optimize.internal.WeightOnlyQuantization;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.MinMaxQuantization;
import io.github.deepxray.testkit.MinMaxQuantization.Range;
import io.github.deepxray.testkit.ReferenceInterpreter;
import io.github.deepxray.tflite.internal.ParsedFile.Op;
import io.github.deepxray.tflite.internal.TfLiteWriter.Options;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Files of networks that end in a softmax, which gives each of several classes a probability. */
class SoftmaxTest {
  private static final int CLASSES = 5;
  private static final Model MODEL =
      Passes.forInference().apply(Fixtures.withRandomWeights(network(), 1));
  private static final int COUNT = 4;
  private static final float[] IMAGES = Fixtures.randomImages(MODEL.network(), COUNT, 2);
  private static final Map<String, Range> RANGES =
      MinMaxQuantization.ranges(new TfLiteEngineFactory(), MODEL, IMAGES, COUNT);

  private static Network network() {
    Network small = Fixtures.smallNetwork(32);
    List<Layer> layers = new ArrayList<>();
    for (Layer layer : small.layers()) {
      if (layer.name().equals("wide")) {
        break;
      }
      layers.add(layer);
    }
    layers.add(new Dense("logits", "standardize", CLASSES, true));
    layers.add(new Activation("probabilities", "logits", Function.SOFTMAX));
    return new Network(
        "classes", small.input(), small.inputShape(), layers, List.of("probabilities"));
  }

  private static Model quantized(Arithmetic arithmetic) {
    return MinMaxQuantization.quantize(MODEL, arithmetic, RANGES, Set.of());
  }

  /** As the TFLite 8-bit quantization specification and the kernel for 16 bits ask. */
  @ParameterizedTest
  @EnumSource(names = {"INT8", "INT16"})
  void storesWhatTheSpecificationAsks(Arithmetic arithmetic) {
    boolean wide = arithmetic == Arithmetic.INT16;
    ElementType type = wide ? ElementType.INT16 : ElementType.INT8;
    Model model = quantized(arithmetic);
    ParsedFile file = new ParsedFile(TfLiteWriter.toBytes(model, Options.DEFAULT.withOutput(type)));
    Op softmax = file.writer("probabilities");
    assertThat(softmax.name()).isEqualTo("SOFTMAX");
    assertThat(softmax.version()).isEqualTo(wide ? 3 : 2);
    assertThat(file.type("probabilities")).isEqualTo(type.name());
    assertThat(file.scale("probabilities")).isEqualTo(wide ? 1 / 32768f : 1 / 256f);
    assertThat(file.zeroPoint("probabilities")).isEqualTo(wide ? 0 : -128);
    assertThat(new ParsedFile(TfLiteWriter.toBytes(MODEL)).writer("probabilities").version())
        .isEqualTo(1);

    Map<String, Affine> tensors = new TreeMap<>(model.quantization().tensors());
    tensors.put("probabilities", new Affine(1 / 255f, wide ? 0 : -128));
    Model other = model.with(new Quantization(arithmetic, tensors, Set.of()));
    assertThatThrownBy(() -> TfLiteWriter.toBytes(other))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll("probabilities", "softmax", "keep the layer in floats");
  }

  /**
   * The kernels against the definition on what the integers they read stand for. That for 16 bits
   * interpolates in tables of 513 values.
   */
  @ParameterizedTest
  @CsvSource({
    "INT8,true,0.05,1", "INT8,false,0.05,1", "INT8,false,0.2,1", "INT8,false,2,1",
    "INT16,true,0.0002,8", "INT16,false,0.0002,8", "INT16,false,0.001,8", "INT16,false,0.01,8",
  })
  void integersComputeAsDefined(
      Arithmetic arithmetic, boolean delegate, float scale, int tolerance) {
    Network network =
        new Network(
            "softmax",
            "logits",
            List.of(CLASSES),
            List.of(new Activation("probabilities", "logits", Function.SOFTMAX)),
            List.of("probabilities"));
    int zeroPoint = arithmetic == Arithmetic.INT16 ? 0 : 11;
    Affine written =
        arithmetic == Arithmetic.INT16 ? new Affine(1 / 32768f, 0) : new Affine(1 / 256f, -128);
    Model model =
        Fixtures.withRandomWeights(network, 1)
            .with(
                new Quantization(
                    arithmetic,
                    Map.of("logits", new Affine(scale, zeroPoint), "probabilities", written),
                    Set.of()));
    int count = 200;
    SplittableRandom random = new SplittableRandom(3);
    float[] logits = new float[count * CLASSES];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = scale * (random.nextInt(arithmetic.min(), arithmetic.max() + 1) - zeroPoint);
    }
    double steps = 1 / (double) written.scale();
    int worst = 0;
    ReferenceInterpreter reference = new ReferenceInterpreter(model);
    try (TfLiteEngine engine =
        TfLiteEngine.load(TfLiteWriter.toBytes(model), new TfLiteEngine.Options(1, delegate))) {
      assertThat(engine.outputShapes()).containsExactly(List.of(CLASSES));
      float[] actual = engine.run(logits, count)[0];
      for (int n = 0; n < count; n++) {
        double[] exact =
            reference
                .run(Arrays.copyOfRange(logits, n * CLASSES, (n + 1) * CLASSES))
                .get("probabilities");
        for (int c = 0; c < CLASSES; c++) {
          // 1 is a step beyond the range.
          double expected = Math.min(steps - 1, Math.rint(exact[c] * steps));
          double found = actual[n * CLASSES + c] * steps;
          worst = Math.max(worst, (int) Math.abs(Math.rint(found - expected)));
        }
      }
    }
    assertThat(worst).isLessThanOrEqualTo(tolerance);
  }

  /** A form of the model, and how far its probabilities may be from those of floats. */
  record Form(String name, Model model, double tolerance) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Form> forms() {
    return Stream.of(
        new Form("float32", MODEL, 1e-5),
        new Form("float16", new Float16Weights(Set.of()).apply(MODEL), 2e-3),
        new Form("dynamic", new DynamicRangeQuantization().apply(MODEL), 0.03),
        new Form("weight-only", new WeightOnlyQuantization(Set.of()).apply(MODEL), 0.03),
        new Form("int8", quantized(Arithmetic.INT8), 0.05),
        new Form(
            "int8 with the head in floats",
            MinMaxQuantization.quantize(
                MODEL, Arithmetic.INT8, RANGES, Set.of("logits", "probabilities")),
            0.05),
        new Form("int16", quantized(Arithmetic.INT16), 0.005));
  }

  @ParameterizedTest
  @MethodSource("forms")
  void everyFormGivesEachClassItsProbability(Form form) {
    int size = IMAGES.length / COUNT;
    for (boolean delegate : new boolean[] {true, false}) {
      try (TfLiteEngine engine =
          TfLiteEngine.load(
              TfLiteWriter.toBytes(form.model()), new TfLiteEngine.Options(1, delegate))) {
        assertThat(engine.outputShapes()).containsExactly(List.of(CLASSES));
        float[] actual = engine.run(IMAGES, COUNT)[0];
        for (int n = 0; n < COUNT; n++) {
          double[] expected =
              new ReferenceInterpreter(MODEL)
                  .run(Arrays.copyOfRange(IMAGES, n * size, (n + 1) * size))
                  .get("probabilities");
          double sum = 0;
          for (int c = 0; c < CLASSES; c++) {
            double probability = actual[n * CLASSES + c];
            sum += probability;
            assertThat(Math.abs(probability - expected[c]))
                .as("class %d of image %d, delegate %s", c, n, delegate)
                .isLessThan(form.tolerance());
          }
          assertThat(Math.abs(sum - 1)).isLessThan(CLASSES / 256.0);
        }
      }
    }
  }

  /** What it is fed with and gives makes no difference to the probabilities. */
  @Test
  void readsAndWritesIntegers() {
    Model model = quantized(Arithmetic.INT8);
    for (boolean delegate : new boolean[] {true, false}) {
      float[] expected = run(model, Options.DEFAULT, delegate);
      for (ElementType type : List.of(ElementType.INT8, ElementType.UINT8)) {
        Options options = Options.DEFAULT.withInput(type).withOutput(type);
        assertThat(run(model, options, delegate)).isEqualTo(expected);
      }
    }
  }

  private static float[] run(Model model, Options options, boolean delegate) {
    try (TfLiteEngine engine =
        TfLiteEngine.load(
            TfLiteWriter.toBytes(model, options), new TfLiteEngine.Options(1, delegate))) {
      return engine.run(IMAGES, COUNT)[0];
    }
  }

  @Test
  void xnnpackRunsTheWholeGraphOfFloats() {
    try (TfLiteEngine engine =
        TfLiteEngine.load(TfLiteWriter.toBytes(MODEL), TfLiteEngine.Options.DEFAULT)) {
      assertThat(engine.planSize()).isEqualTo(1);
    }
  }

  /** Whatever bits change, the file runs or is refused; the process goes on. */
  @ParameterizedTest
  @EnumSource(names = {"FLOAT", "INT8", "INT16"})
  void survivesDamagedFiles(Arithmetic arithmetic) {
    Network network =
        new Network(
            "softmax",
            "x",
            List.of(6),
            List.of(
                new Dense("logits", "x", CLASSES, true),
                new Activation("probabilities", "logits", Function.SOFTMAX)),
            List.of("probabilities"));
    Model model = Fixtures.withRandomWeights(network, 1);
    float[] input = {1, -2, 3, -4, 5, -6};
    if (arithmetic != Arithmetic.FLOAT) {
      Map<String, Range> ranges =
          MinMaxQuantization.ranges(new TfLiteEngineFactory(), model, input, 1);
      model = MinMaxQuantization.quantize(model, arithmetic, ranges, Set.of());
    }
    byte[] good = TfLiteWriter.toBytes(model);
    int refused = 0;
    // One in 29; all of them were tried once.
    for (int bit = 3; bit < 8 * good.length; bit += 29) {
      byte[] damaged = good.clone();
      damaged[bit / 8] ^= (byte) (1 << (bit % 8));
      try (TfLiteEngine engine =
          TfLiteEngine.load(damaged, new TfLiteEngine.Options(1, bit % 2 == 0))) {
        if (engine.inputShape().equals(network.inputShape())) {
          assertThat(engine.run(input, 1)).isNotEmpty();
        }
      } catch (DeepXrayException e) {
        refused++;
      }
    }
    assertThat(refused).isPositive();
  }
}
