package io.github.deepxray.tflite.internal;

import static io.github.deepxray.testkit.ArrayAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.optimize.internal.DynamicRangeQuantization;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.MinMaxQuantization;
import io.github.deepxray.tflite.internal.FlatGraph.Quantization;
import io.github.deepxray.tflite.internal.FlatGraph.TensorDef;
import io.github.deepxray.tflite.internal.TfLiteEngine.Options;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.ShapeOptions;
import org.tensorflow.lite.schema.TensorType;

/** Files that were not written by {@link TfLiteWriter} or have been damaged since. */
class TfLiteFileTest {
  private static final Model MODEL = Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 1);

  @TempDir private Path folder;

  @Test
  void loadsWhatTheWriterWrote() throws IOException {
    Path file = folder.resolve("model.tflite");
    TfLiteWriter.write(MODEL, file);
    float[] images = Fixtures.randomImages(MODEL.network(), 2, 2);
    try (TfLiteEngine loaded = TfLiteEngine.load(file, Options.DEFAULT);
        TfLiteEngine made = new TfLiteEngineFactory().create(MODEL, 1)) {
      assertThat(loaded.inputShape()).containsExactly(32, 32, 3);
      assertThat(loaded.outputShapes()).containsExactly(List.of(1));
      assertThat(loaded.run(images, 2)).isDeepEqualTo(made.run(images, 2));
    }
  }

  @Test
  void givesTheSameResultsWithTwoThreads() {
    float[] images = Fixtures.randomImages(MODEL.network(), 1, 3);
    try (TfLiteEngine one = new TfLiteEngineFactory().create(MODEL, 1);
        TfLiteEngine two = new TfLiteEngineFactory().create(MODEL, 2)) {
      assertClose("probability", two.run(images, 1)[0], one.run(images, 1)[0], 1e-6);
    }
    assertThatThrownBy(() -> Options.DEFAULT.withThreads(0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void tellsTheVersionOfTheLibrary() {
    assertThat(new TfLiteEngineFactory().version()).matches("2\\.\\d+\\.\\d+");
  }

  // real = 0.5 * (stored - 10)
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void quantizesUnsignedInputs(boolean delegate) {
    byte[] file =
        file(
            BuiltinOperator.DEQUANTIZE,
            2,
            tensor("in", TensorType.UINT8, Optional.of(quantization(0.5f, 10)), 1, 6),
            tensor("out", TensorType.FLOAT32, Optional.empty(), 1, 6));
    try (TfLiteEngine engine = TfLiteEngine.load(file, new Options(1, delegate))) {
      float[] results = engine.run(new float[] {0, 1, 1.2f, -5, -100, 1000}, 1)[0];
      assertThat(results).containsExactly(0, 1, 1, -5, -5, 122.5f);
    }
  }

  // real = 0.25 * (stored + 3)
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void quantizesSignedInputsAndRunsEachExample(boolean delegate) {
    byte[] file =
        file(
            BuiltinOperator.DEQUANTIZE,
            2,
            tensor("in", TensorType.INT8, Optional.of(quantization(0.25f, -3)), 1, 2),
            tensor("out", TensorType.FLOAT32, Optional.empty(), 1, 2));
    try (TfLiteEngine engine = TfLiteEngine.load(file, new Options(1, delegate))) {
      float[] results = engine.run(new float[] {0, 0.3f, -1000, 1000, 31, -31}, 3)[0];
      // The range of signed bytes: 0.25 * (-128 + 3) to 0.25 * (127 + 3).
      assertThat(results).containsExactly(0, 0.25f, -31.25f, 32.5f, 31, -31);
    }
  }

  @ParameterizedTest
  @ValueSource(bytes = {TensorType.UINT8, TensorType.INT8})
  void dequantizesOutputs(byte type) {
    int zeroPoint = type == TensorType.UINT8 ? 128 : 0;
    byte[] file =
        file(
            BuiltinOperator.QUANTIZE,
            1,
            tensor("in", TensorType.FLOAT32, Optional.empty(), 1, 5),
            tensor("out", type, Optional.of(quantization(1 / 128f, zeroPoint)), 1, 5));
    try (TfLiteEngine engine = TfLiteEngine.load(file, Options.DEFAULT)) {
      float[] results = engine.run(new float[] {0, 0.5f, -0.5f, -9, 9}, 1)[0];
      assertThat(results).containsExactly(0, 0.5f, -0.5f, -1, 127 / 128f);
    }
  }

  @Test
  void refusesTypesThatAreNotImagesOrScores() {
    FlatGraph graph = new FlatGraph("shape");
    int x = graph.addFloats("x", List.of(1, 2));
    int numbers = graph.add(tensor("numbers", TensorType.INT32, Optional.empty(), 2));
    graph.addInput("x", x);
    graph.addOutput("numbers", numbers);
    graph.addOperator(
        BuiltinOperator.SHAPE,
        1,
        List.of(x),
        List.of(numbers),
        BuiltinOptions.ShapeOptions,
        builder -> ShapeOptions.createShapeOptions(builder, TensorType.INT32));
    assertRefused(graph.toBytes("test", "serving_default"), "numbers", "INT32");
  }

  @Test
  void refusesAnotherBatch() {
    byte[] file =
        file(
            BuiltinOperator.LOGISTIC,
            1,
            tensor("pair", TensorType.FLOAT32, Optional.empty(), 2, 3),
            tensor("out", TensorType.FLOAT32, Optional.empty(), 2, 3));
    assertRefused(file, "pair", "[2, 3]");
  }

  @Test
  void refusesSeveralInputs() {
    FlatGraph graph = new FlatGraph("two");
    int a = graph.addFloats("a", List.of(1, 2));
    int b = graph.addFloats("b", List.of(1, 2));
    int sum = graph.addFloats("sum", List.of(1, 2));
    graph.addInput("a", a);
    graph.addInput("b", b);
    graph.addOutput("sum", sum);
    graph.addOperator(BuiltinOperator.ADD, 1, List.of(a, b), List.of(sum));
    assertRefused(graph.toBytes("test", "serving_default"), "2 inputs");
  }

  /** XNNPACK would end the process. */
  @Test
  void refusesToDelegateAnOperatorThatNothingReads() {
    FlatGraph graph = new FlatGraph("dead");
    int x = graph.addFloats("x", List.of(1, 2));
    int y = graph.addFloats("y", List.of(1, 2));
    int dead = graph.addFloats("dead", List.of(1, 2));
    graph.addInput("x", x);
    graph.addOutput("y", y);
    graph.addOperator(BuiltinOperator.LOGISTIC, 1, List.of(x), List.of(y));
    graph.addOperator(BuiltinOperator.LOGISTIC, 1, List.of(x), List.of(dead));
    byte[] file = graph.toBytes("test", "serving_default");
    assertRefused(file, "operator 1", "XNNPACK");
    try (TfLiteEngine engine = TfLiteEngine.load(file, Options.DEFAULT.withoutDelegate())) {
      assertClose("y", engine.run(new float[] {0, 0}, 1)[0], new float[] {0.5f, 0.5f}, 1e-6);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void readsAndWrites16BitIntegers(boolean delegate) {
    byte[] file =
        file(
            BuiltinOperator.RELU,
            3,
            tensor("in", TensorType.INT16, Optional.of(quantization(0.5f, 0)), 1, 5),
            tensor("out", TensorType.INT16, Optional.of(quantization(0.5f, 0)), 1, 5));
    try (TfLiteEngine engine = TfLiteEngine.load(file, new Options(1, delegate))) {
      float[] results = engine.run(new float[] {0, 1.2f, -5, 300, 1e9f}, 1)[0];
      assertThat(results).containsExactly(0, 1, 0, 300, 16383.5f);
    }
  }

  /** Each would end the process, or read what is not there. */
  @Test
  void refusesIntegersThatStandForNothing() {
    TensorDef floats = tensor("out", TensorType.FLOAT32, Optional.empty(), 1, 2);
    for (Optional<Quantization> wrong :
        List.of(
            Optional.of(quantization(0, 0)),
            Optional.of(quantization(-1, 0)),
            Optional.of(quantization(Float.NaN, 0)),
            Optional.of(quantization(Float.POSITIVE_INFINITY, 0)))) {
      assertRefused(
          file(BuiltinOperator.DEQUANTIZE, 2, tensor("in", TensorType.INT8, wrong, 1, 2), floats),
          "tensor 0 has scale");
    }
    Optional<Quantization> shifted = Optional.of(quantization(1, 200));
    assertRefused(
        file(BuiltinOperator.DEQUANTIZE, 2, tensor("in", TensorType.INT8, shifted, 1, 2), floats),
        "tensor 0 has zero point 200");
    assertRefused(
        file(
            BuiltinOperator.DEQUANTIZE,
            2,
            tensor("in", TensorType.INT8, Optional.empty(), 1, 2),
            floats),
        "no scale");
    assertRefused(
        file(
            BuiltinOperator.LOGISTIC,
            2,
            tensor("in", TensorType.INT8, Optional.of(quantization(1, 0)), 1, 2),
            floats),
        "another type");
    FlatGraph sum = new FlatGraph("sum");
    int x = sum.add(tensor("x", TensorType.INT8, Optional.of(quantization(1, 0)), 1, 2));
    int y = sum.add(tensor("y", TensorType.INT8, Optional.of(quantization(1e-7f, 0)), 1, 2));
    sum.addInput("x", x);
    sum.addOutput("y", y);
    sum.addOperator(BuiltinOperator.ADD, 2, List.of(x, x), List.of(y));
    assertRefused(sum.toBytes("test", "serving_default"), "operator 0 (ADD) adds steps of 1.0");
  }

  /** An operator whose body is the graph it stands in would recurse until the process ends. */
  @Test
  void refusesOperatorsThatCallGraphs() {
    for (int operator :
        new int[] {BuiltinOperator.IF, BuiltinOperator.WHILE, BuiltinOperator.CALL_ONCE}) {
      byte[] file =
          file(
              operator,
              1,
              tensor("x", TensorType.FLOAT32, Optional.empty(), 1, 2),
              tensor("y", TensorType.FLOAT32, Optional.empty(), 1, 2));
      assertRefused(file, "uses operator " + BuiltinOperator.name(operator));
    }
  }

  @Test
  void namesTheFileThatIsNoModel() throws IOException {
    byte[] good = TfLiteWriter.toBytes(MODEL);
    SplittableRandom random = new SplittableRandom(4);
    byte[] noise = new byte[5000];
    random.nextBytes(noise);
    byte[] disguised = noise.clone();
    System.arraycopy(good, 0, disguised, 0, 8);
    List<byte[]> contents =
        List.of(
            new byte[0],
            new byte[1],
            "hello".getBytes(StandardCharsets.UTF_8),
            new byte[1000],
            noise,
            disguised,
            Arrays.copyOf(good, 8),
            Arrays.copyOf(good, good.length / 2),
            Arrays.copyOf(good, good.length - 1));
    Path file = folder.resolve("broken.tflite");
    for (byte[] content : contents) {
      Files.write(file, content);
      assertThatThrownBy(() -> TfLiteEngine.load(file, Options.DEFAULT))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(file.toString());
    }
    assertThatThrownBy(() -> TfLiteEngine.load(folder.resolve("absent.tflite"), Options.DEFAULT))
        .isInstanceOf(NoSuchFileException.class);
  }

  /** Whatever bits change, the file runs or is refused; the process goes on. */
  @ParameterizedTest
  @ValueSource(strings = {"FLOAT", "DYNAMIC", "INT8", "INT16"})
  void survivesDamagedFiles(Arithmetic arithmetic) {
    Model folded = Passes.forInference().apply(MODEL);
    Model model =
        switch (arithmetic) {
          case FLOAT -> MODEL;
          case DYNAMIC -> new DynamicRangeQuantization().apply(folded);
          case INT8, INT16 -> {
            float[] images = Fixtures.randomImages(MODEL.network(), 1, 6);
            yield MinMaxQuantization.quantize(
                folded,
                arithmetic,
                MinMaxQuantization.ranges(new TfLiteEngineFactory(), folded, images, 1),
                Set.of("hidden"));
          }
        };
    byte[] good = TfLiteWriter.toBytes(model);
    float[] image = Fixtures.randomImages(MODEL.network(), 1, 5);
    int refused = 0;
    for (int seed = 0; seed < 200; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      byte[] damaged = good.clone();
      for (int flips = random.nextInt(3); flips >= 0; flips--) {
        damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      }
      try (TfLiteEngine engine = TfLiteEngine.load(damaged, new Options(1, seed % 2 == 0))) {
        if (engine.inputShape().equals(MODEL.network().inputShape())) {
          assertThat(engine.run(image, 1)).isNotEmpty();
        }
      } catch (DeepXrayException e) {
        refused++;
      }
    }
    assertThat(refused).isBetween(50, 190);
  }

  private static void assertRefused(byte[] file, String... words) {
    assertThatThrownBy(() -> TfLiteEngine.load(file, Options.DEFAULT))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll(words);
  }

  private static Quantization quantization(float scale, long zeroPoint) {
    return new Quantization(List.of(scale), List.of(zeroPoint), 0);
  }

  private static TensorDef tensor(
      String name, byte type, Optional<Quantization> quantization, Integer... shape) {
    return new TensorDef(name, List.of(shape), type, Optional.empty(), quantization);
  }

  /** A file of one operator. */
  private static byte[] file(int operator, int version, TensorDef input, TensorDef output) {
    FlatGraph graph = new FlatGraph("one");
    int in = graph.add(input);
    int out = graph.add(output);
    graph.addInput(input.name(), in);
    graph.addOutput(output.name(), out);
    graph.addOperator(operator, version, List.of(in), List.of(out));
    return graph.toBytes("test", "serving_default");
  }
}
