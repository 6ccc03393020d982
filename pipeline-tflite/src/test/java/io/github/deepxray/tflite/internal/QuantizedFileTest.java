package io.github.deepxray.tflite.internal;

import static io.github.deepxray.testkit.ArrayAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.ElementType;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Padding;
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
import io.github.deepxray.testkit.MinMaxQuantization.Range;
import io.github.deepxray.testkit.ReferenceInterpreter;
import io.github.deepxray.tflite.internal.ParsedFile.Op;
import io.github.deepxray.tflite.internal.TfLiteWriter.Options;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.lite.schema.QuantizationParameters;

/** Files of models that compute in integers, in part or whole. */
class QuantizedFileTest {
  private static final Options INT8 =
      Options.DEFAULT.withInput(ElementType.INT8).withOutput(ElementType.INT8);
  private static final Options UINT8 =
      Options.DEFAULT.withInput(ElementType.UINT8).withOutput(ElementType.UINT8);

  private static final Model MODEL =
      Passes.forInference().apply(Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 1));
  private static final float[] IMAGES = Fixtures.randomImages(MODEL.network(), 4, 2);
  private static final Map<String, Range> RANGES =
      MinMaxQuantization.ranges(new TfLiteEngineFactory(), MODEL, IMAGES, 4);

  private static Model quantized(Arithmetic arithmetic, String... floatLayers) {
    return MinMaxQuantization.quantize(MODEL, arithmetic, RANGES, Set.of(floatLayers));
  }

  @ParameterizedTest
  @EnumSource(names = {"INT8", "INT16"})
  void storesWhatTheSpecificationAsks(Arithmetic arithmetic) {
    boolean wide = arithmetic == Arithmetic.INT16;
    ParsedFile file = new ParsedFile(TfLiteWriter.toBytes(quantized(arithmetic)));
    List<Op> products = new ArrayList<>();
    for (Op op : file.operators()) {
      if (op.name().equals("LOGISTIC")) {
        String sigmoid = op.outputs().get(0);
        assertThat(file.scale(sigmoid)).isEqualTo(wide ? 1 / 32768f : 1 / 256f);
        assertThat(file.zeroPoint(sigmoid)).isEqualTo(wide ? 0 : -128);
      } else if (List.of("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED").contains(op.name())) {
        products.add(op);
      }
      for (String written : op.outputs()) {
        assertThat(file.type(written))
            .isEqualTo(written.equals("probability") ? "FLOAT32" : wide ? "INT16" : "INT8");
      }
    }
    assertThat(products).hasSize(11);
    for (Op op : products) {
      String kernel = op.inputs().get(1);
      assertThat(file.type(kernel)).isEqualTo("INT8");
      QuantizationParameters kernels = file.tensor(kernel).quantization();
      QuantizationParameters biases = file.tensor(op.inputs().get(2)).quantization();
      boolean depthwise = op.name().equals("DEPTHWISE_CONV_2D");
      assertThat(kernels.quantizedDimension()).isEqualTo(depthwise ? 3 : 0);
      assertThat(kernels.scaleLength()).isEqualTo(file.tensor(kernel).shape(depthwise ? 3 : 0));
      assertThat(file.type(op.inputs().get(2))).isEqualTo(wide ? "INT64" : "INT32");
      assertThat(biases.quantizedDimension()).isZero();
      assertThat(biases.scaleLength()).isEqualTo(kernels.scaleLength());
      for (int c = 0; c < kernels.scaleLength(); c++) {
        assertThat(kernels.zeroPoint(c)).isZero();
        assertThat(biases.zeroPoint(c)).isZero();
        assertThat(biases.scale(c)).isEqualTo(file.scale(op.inputs().get(0)) * kernels.scale(c));
      }
    }
  }

  @Test
  void storesBiasesInStepsOfTheProducts() {
    ParsedFile file = new ParsedFile(TfLiteWriter.toBytes(quantized(Arithmetic.INT8)));
    QuantizationParameters steps = file.tensor("top_conv/bias").quantization();
    float[] bias = MODEL.weights().floats("top_conv/bias");
    for (int c = 0; c < bias.length; c++) {
      assertThat((double) file.data("top_conv/bias").getInt(4 * c))
          .isEqualTo(Math.rint(bias[c] / (double) steps.scale(c)));
    }
  }

  @Test
  void quantizesOnceWhereFloatsMeetIntegers() {
    // The activation in floats is read by an integer multiplication and an integer mean; what
    // comes before and after it is in integers.
    Model model = quantized(Arithmetic.INT8, "activation", "logit", "probability");
    ParsedFile file = new ParsedFile(TfLiteWriter.toBytes(model));
    assertThat(conversions(file))
        .containsExactly(
            "QUANTIZE images images/int8",
            "DEQUANTIZE dwconv dwconv/float32",
            "QUANTIZE activation activation/int8",
            // ReLU is what quantizing to a range from 0 does.
            "QUANTIZE dwconv_2 relu",
            "QUANTIZE hidden hidden_activation",
            "DEQUANTIZE wide wide/float32",
            "DEQUANTIZE deep deep/float32");
    assertThat(file.writer("se_squeeze").inputs().get(0)).isEqualTo("activation/int8");
    assertThat(file.writer("se_excite").inputs().get(0)).isEqualTo("activation/int8");
    Affine affine = model.quantization().tensor("activation");
    assertThat(file.scale("activation/int8")).isEqualTo(affine.scale());
    assertThat(file.zeroPoint("activation/int8")).isEqualTo(affine.zeroPoint());
    assertThat(file.type("probability")).isEqualTo("FLOAT32");
    // A kernel of a layer that stays in floats is stored in floats.
    ParsedFile stem =
        new ParsedFile(TfLiteWriter.toBytes(quantized(Arithmetic.INT8, "stem_conv", "hidden")));
    assertThat(stem.type("stem_conv/kernel")).isEqualTo("FLOAT32");
    assertThat(stem.type("hidden/kernel")).isEqualTo("FLOAT32");
    assertThat(stem.type("expand_conv/kernel")).isEqualTo("INT8");
    assertThat(stem.writer("hidden").version()).isEqualTo(1);
  }

  /** As if the model were a float one with weight-only kernels. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void dequantizesIntegerKernelsOfFloatLayers(boolean delegate) {
    Model integer = quantized(Arithmetic.INT8);
    Set<String> all = Set.copyOf(MODEL.network().layers().stream().map(Layer::name).toList());
    Model mixed = integer.with(integer.quantization().withFloatLayers(all));
    ParsedFile file = new ParsedFile(TfLiteWriter.toBytes(mixed));
    assertThat(file.operators("QUANTIZE")).isEmpty();
    assertThat(file.operators("DEQUANTIZE")).hasSize(11);
    assertThat(run(TfLiteWriter.toBytes(mixed), delegate))
        .isEqualTo(run(TfLiteWriter.toBytes(integer.with(Quantization.NONE)), delegate));
  }

  private static List<String> conversions(ParsedFile file) {
    return file.operators().stream()
        .filter(op -> op.name().endsWith("QUANTIZE"))
        .map(op -> op.name() + " " + op.inputs().get(0) + " " + op.outputs().get(0))
        .toList();
  }

  @Test
  void xnnpackRunsTheWholeGraph() {
    for (Model model : List.of(quantized(Arithmetic.INT8), quantized(Arithmetic.INT8, "dwconv"))) {
      for (Options options : List.of(Options.DEFAULT, INT8)) {
        try (TfLiteEngine engine =
            TfLiteEngine.load(TfLiteWriter.toBytes(model, options), TfLiteEngine.Options.DEFAULT)) {
          assertThat(engine.planSize()).isEqualTo(1);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void givesTheSameWhateverTheFileIsFedWith(boolean delegate) {
    Model model = quantized(Arithmetic.INT8);
    float[] floats = run(TfLiteWriter.toBytes(model), delegate);
    byte[] signed = TfLiteWriter.toBytes(model, INT8);
    byte[] unsigned = TfLiteWriter.toBytes(model, UINT8);
    assertThat(run(signed, delegate)).isEqualTo(floats);
    assertThat(run(unsigned, delegate)).isEqualTo(floats);

    ParsedFile int8 = new ParsedFile(signed);
    ParsedFile uint8 = new ParsedFile(unsigned);
    assertThat(conversions(int8))
        .containsExactly("QUANTIZE dwconv_2 relu", "QUANTIZE hidden hidden_activation");
    for (String name : List.of("images", "probability")) {
      assertThat(int8.type(name)).isEqualTo("INT8");
      assertThat(uint8.type(name)).isEqualTo("UINT8");
      assertThat(uint8.scale(name)).isEqualTo(int8.scale(name));
      assertThat(uint8.zeroPoint(name)).isEqualTo(int8.zeroPoint(name) + 128);
    }
    // Integers in, floats out.
    byte[] both = TfLiteWriter.toBytes(model, Options.DEFAULT.withInput(ElementType.UINT8));
    assertThat(new ParsedFile(both).type("probability")).isEqualTo("FLOAT32");
    assertThat(run(both, delegate)).isEqualTo(floats);
  }

  @Test
  void reads16BitIntegers() {
    Model model = quantized(Arithmetic.INT16);
    Options options = Options.DEFAULT.withInput(ElementType.INT16).withOutput(ElementType.INT16);
    byte[] file = TfLiteWriter.toBytes(model, options);
    assertThat(new ParsedFile(file).type("images")).isEqualTo("INT16");
    assertThat(new ParsedFile(file).type("probability")).isEqualTo("INT16");
    assertThat(run(file, true)).isEqualTo(run(TfLiteWriter.toBytes(model), true));
  }

  @Test
  void moreBitsComeCloserToFloats() {
    double[] exact = exact(MODEL);
    double int8 = distance(run(TfLiteWriter.toBytes(quantized(Arithmetic.INT8)), false), exact);
    double int16 = distance(run(TfLiteWriter.toBytes(quantized(Arithmetic.INT16)), false), exact);
    assertThat(int8).isLessThan(0.02);
    assertThat(int16).isLessThan(int8 / 2).isLessThan(0.005);
  }

  /** The probabilities of all images in double precision. */
  private static double[] exact(Model model) {
    int size = IMAGES.length / 4;
    double[] exact = new double[4];
    for (int n = 0; n < 4; n++) {
      float[] image = Arrays.copyOfRange(IMAGES, n * size, (n + 1) * size);
      exact[n] = new ReferenceInterpreter(model).run(image).get("probability")[0];
    }
    return exact;
  }

  private static double distance(float[] actual, double[] expected) {
    double largest = 0;
    for (int i = 0; i < actual.length; i++) {
      largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
    }
    return largest;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void givesIntermediateTensorsUnderTheirNames(boolean delegate) {
    Model whole = quantized(Arithmetic.INT8, "se_squeeze");
    List<String> tensors = List.of("avg_pool", "stem_conv", "se_squeeze", "stem_activation");
    Model cut = whole.withOutputs(tensors);
    byte[] file = TfLiteWriter.toBytes(cut);
    try (TfLiteEngine engine = TfLiteEngine.load(file, new TfLiteEngine.Options(1, delegate));
        TfLiteEngine made =
            (delegate ? new TfLiteEngineFactory() : TfLiteEngineFactory.withoutDelegate())
                .create(cut, 1)) {
      assertThat(engine.outputNames()).isEqualTo(tensors);
      assertThat(engine.delegatedWhole()).isEqualTo(delegate);
      float[][] results = engine.run(IMAGES, 4);
      assertThat(made.run(IMAGES, 4)).isDeepEqualTo(results);
      for (int t = 0; t < results.length; t++) {
        assertThat(results[t]).hasSize(4 * whole.network().size(tensors.get(t)));
      }
      // What integers can stand for: whole steps.
      float scale = whole.quantization().tensor("stem_conv").scale();
      for (float value : results[1]) {
        assertThat(value / scale - Math.rint(value / scale)).isBetween(-1e-3, 1e-3);
      }
    }
  }

  @Test
  void givesInputsAndCopiesAsOutputs() {
    List<Layer> layers =
        List.of(
            new Layer.Dropout("dropped", "x", 0.5),
            new Activation("linear", "dropped", Function.LINEAR),
            new Conv2D("conv", "linear", 2, 1, 1, Padding.SAME, true));
    List<String> outputs = List.of("x", "dropped", "linear", "conv");
    Model model =
        Fixtures.withRandomWeights(
            new Network("copies", "x", List.of(2, 2, 3), layers, outputs), 1);
    float[] input = Fixtures.randomImages(model.network(), 1, 2);
    Map<String, Range> ranges =
        MinMaxQuantization.ranges(new TfLiteEngineFactory(), model, input, 1);
    Model quantized =
        MinMaxQuantization.quantize(model, Arithmetic.INT8, ranges, Set.of("dropped"));
    for (Options options :
        List.of(Options.DEFAULT, INT8, UINT8, UINT8.withInput(ElementType.INT8))) {
      try (TfLiteEngine engine =
          TfLiteEngine.load(
              TfLiteWriter.toBytes(quantized, options), TfLiteEngine.Options.DEFAULT)) {
        float[][] results = engine.run(input, 1);
        for (int i = 0; i < 3; i++) {
          assertClose(outputs.get(i), results[i], input, 0.51);
        }
        assertThat(engine.outputNames().subList(1, 4)).isEqualTo(outputs.subList(1, 4));
      }
    }
  }

  /** Where the layer that copies has another scale than what it reads. */
  @Test
  void changesTheScaleOfACopy() {
    Network network =
        new Network(
            "copy",
            "x",
            List.of(4),
            List.of(new Activation("y", "x", Function.LINEAR)),
            List.of("y"));
    Quantization quantization =
        new Quantization(
            Arithmetic.INT8, Map.of("x", new Affine(0.25f, 0), "y", new Affine(0.5f, 3)), Set.of());
    Model model = new Model(network, Weights.empty(), quantization);
    try (TfLiteEngine engine = new TfLiteEngineFactory().create(model, 1)) {
      assertThat(engine.run(new float[] {1, -2, 1.5f, 20}, 1)[0]).containsExactly(1, -2, 1.5f, 20);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"INT8", "INT16"})
  void writesTheVersionsOfTheOperators(Arithmetic arithmetic) {
    boolean wide = arithmetic == Arithmetic.INT16;
    Map<String, Integer> versions = new TreeMap<>();
    Model model = quantized(arithmetic, "probability");
    for (Op op : new ParsedFile(TfLiteWriter.toBytes(model)).operators()) {
      // The last sigmoid is one of floats.
      if (!op.outputs().get(0).equals("probability")) {
        versions.merge(op.name(), op.version(), Math::max);
      }
    }
    Map<String, Integer> expected = new TreeMap<>();
    expected.put("ADD", wide ? 3 : 2);
    expected.put("CONV_2D", wide ? 4 : 3);
    expected.put("DEPTHWISE_CONV_2D", wide ? 5 : 3);
    expected.put("DEQUANTIZE", wide ? 3 : 2);
    expected.put("FULLY_CONNECTED", wide ? 7 : 4);
    expected.put("LOGISTIC", wide ? 3 : 2);
    expected.put("MEAN", wide ? 3 : 2);
    expected.put("MUL", wide ? 4 : 2);
    expected.put("QUANTIZE", wide ? 2 : 1);
    if (wide) {
      expected.put("RELU", 3);
    }
    assertThat(versions).isEqualTo(expected);
  }

  @Test
  void givesTheSameBytesOnceAndAgain() {
    for (Arithmetic arithmetic : List.of(Arithmetic.INT8, Arithmetic.INT16)) {
      Options options = Options.DEFAULT.withSparse(true);
      assertThat(TfLiteWriter.toBytes(quantized(arithmetic), options))
          .isEqualTo(TfLiteWriter.toBytes(quantized(arithmetic), options));
    }
  }

  @Test
  void saysWhatCannotBeWritten() {
    Model model = quantized(Arithmetic.INT8);
    assertRefused(
        model.with(new Quantization(Arithmetic.INT8, Map.of(), Set.of())), INT8, "images");
    assertRefused(model.with(Quantization.NONE), INT8, "FLOAT", "INT8", "FLOAT32");
    assertRefused(model.with(Quantization.DYNAMIC), UINT8, "DYNAMIC", "UINT8");
    assertRefused(quantized(Arithmetic.INT16), UINT8, "INT16", "UINT8");
    assertRefused(model, Options.DEFAULT.withOutput(ElementType.INT16), "output", "INT16");
    assertRefused(
        MODEL.with(model.quantization()), INT8, "stem_conv", "stem_conv/kernel", "float32[3, 3");
    assertRefused(with(model, "stem_conv", new Affine(1, 200)), INT8, "stem_conv", "200");
    assertRefused(with(model, "probability", new Affine(1 / 255f, -128)), INT8, "probability");
    assertRefused(with(model, "top_conv", new Affine(1e-9f, 0)), INT8, "top_conv", "calibrate");
    assertRefused(with(model, "add", new Affine(1e-9f, 0)), INT8, "add", "calibrate");
    assertRefused(
        with(quantized(Arithmetic.INT16), "add", new Affine(1e-3f, 1)),
        Options.DEFAULT,
        "add",
        "0");

    Network unfolded = Fixtures.smallNetwork(32);
    Model whole = Fixtures.withRandomWeights(unfolded, 1);
    Map<String, Range> ranges =
        MinMaxQuantization.ranges(new TfLiteEngineFactory(), whole, IMAGES, 4);
    assertRefused(
        MinMaxQuantization.quantize(whole, Arithmetic.INT8, ranges, Set.of()),
        INT8,
        "normalization",
        "Normalization",
        "fold");
    assertRefused(
        MinMaxQuantization.quantize(
            whole, Arithmetic.INT8, ranges, Set.of("normalization", "standardize")),
        INT8,
        "stem_bn",
        "BatchNormalization");
  }

  private static Model with(Model model, String tensor, Affine affine) {
    Quantization before = model.quantization();
    Map<String, Affine> tensors = new TreeMap<>(before.tensors());
    tensors.put(tensor, affine);
    return model.with(new Quantization(before.arithmetic(), tensors, before.floatLayers()));
  }

  private static void assertRefused(Model model, Options options, String... words) {
    assertThatThrownBy(() -> TfLiteWriter.toBytes(model, options))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll(words);
  }

  /** A product of more than one step of the result for one step of each factor. */
  @Test
  void multipliesBeyondOneStep() {
    Network network =
        new Network(
            "square",
            "x",
            List.of(2, 2, 3),
            List.of(
                new GlobalAveragePooling2D("mean", "x", true),
                new Layer.Multiply("y", "x", "mean")),
            List.of("y"));
    Quantization quantization =
        new Quantization(
            Arithmetic.INT8,
            Map.of("x", new Affine(1, 0), "mean", new Affine(1, 0), "y", new Affine(0.5f, 0)),
            Set.of());
    Model model = new Model(network, Weights.empty(), quantization);
    byte[] file = TfLiteWriter.toBytes(model);
    assertThat(new ParsedFile(file).writer("y/int8").version()).isEqualTo(3);
    float[] input = {1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3};
    for (boolean delegate : new boolean[] {true, false}) {
      try (TfLiteEngine engine = TfLiteEngine.load(file, new TfLiteEngine.Options(1, delegate))) {
        assertThat(engine.run(input, 1)[0]).containsExactly(1, 4, 9, 1, 4, 9, 1, 4, 9, 1, 4, 9);
      }
    }
  }

  @Test
  void addsVectors() {
    Network network =
        new Network(
            "sum",
            "x",
            List.of(3),
            List.of(
                new Dense("a", "x", 2, true),
                new Dense("b", "x", 2, false),
                new Add("y", "a", "b")),
            List.of("y"));
    Weights weights =
        Weights.builder()
            .put("a/kernel", FloatTensor.of(new float[] {1, 0, 0, 1, 0, 0}, 3, 2))
            .put("a/bias", FloatTensor.of(new float[] {0.5f, -0.5f}, 2))
            .put("b/kernel", FloatTensor.of(new float[] {0, 0, 0, 0, 1, -1}, 3, 2))
            .build();
    Model model = new Model(network, weights);
    float[] input = {1, 2, 4};
    Map<String, Range> ranges =
        MinMaxQuantization.ranges(new TfLiteEngineFactory(), model, input, 1);
    Model quantized = MinMaxQuantization.quantize(model, Arithmetic.INT8, ranges, Set.of());
    try (TfLiteEngine engine = new TfLiteEngineFactory().create(quantized, 1)) {
      assertClose("y", engine.run(input, 1)[0], new float[] {5.5f, -2.5f}, 0.05);
    }
  }

  private static float[] run(byte[] file, boolean delegate) {
    try (TfLiteEngine engine = TfLiteEngine.load(file, new TfLiteEngine.Options(1, delegate))) {
      return engine.run(IMAGES, 4)[0];
    }
  }
}
