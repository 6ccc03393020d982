package io.github.deepxray.export.internal;

import static io.github.deepxray.testkit.ArrayAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.github.deepxray.core.network.ElementType;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.optimize.internal.DynamicRangeQuantization;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.MinMaxQuantization;
import io.github.deepxray.testkit.MinMaxQuantization.Range;
import io.github.deepxray.testkit.PatternImages;
import io.github.deepxray.tflite.internal.TfLiteEngine;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.tflite.internal.TfLiteWriter;
import io.github.deepxray.tflite.internal.TfLiteWriter.Options;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.Operator;
import org.tensorflow.lite.schema.QuantizationParameters;
import org.tensorflow.lite.schema.SubGraph;
import org.tensorflow.lite.schema.Tensor;
import org.tensorflow.lite.schema.TensorType;

/**
 * Holds our {@code .tflite} files against those of TensorFlow's own converter, which runs in a
 * process of its own.
 */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class TensorFlowConverterTest {
  private static final int SIZE = 96;
  private static final Options INT8 =
      Options.DEFAULT.withInput(ElementType.INT8).withOutput(ElementType.INT8);

  private static byte[] officialFloat;
  private static byte[] officialDynamic;
  private static byte[] officialInt8;

  /** EfficientNetB0 and a head, folded, with random weights. */
  static Model model() {
    Network backbone = EfficientNet.B0.network(SIZE);
    Network head =
        new Network(
            "head",
            "features",
            List.of(1280),
            List.of(
                new Layer.Dense("logit", "features", 4, true),
                new Layer.Activation("probability", "logit", Layer.Function.SIGMOID)),
            List.of("probability"));
    return Passes.forInference().apply(Fixtures.withRandomWeights(backbone.then(head), 1));
  }

  /** The ranges of its tensors, the same whenever they are asked for. */
  static Map<String, Range> ranges(Model model) {
    return MinMaxQuantization.ranges(
        new TfLiteEngineFactory(), model, PatternImages.batch(SIZE), PatternImages.COUNT);
  }

  @BeforeAll
  static void convert(@TempDir Path folder) throws IOException, InterruptedException {
    Path log = folder.resolve("log.txt");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                TensorFlowConverter.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(process.waitFor()).as(() -> "TensorFlow's converter:\n" + read(log)).isZero();
    officialFloat = Files.readAllBytes(folder.resolve("float.tflite"));
    officialDynamic = Files.readAllBytes(folder.resolve("dynamic.tflite"));
    officialInt8 = Files.readAllBytes(folder.resolve("int8.tflite"));
  }

  private static String read(Path log) {
    try {
      return Files.readString(log, StandardCharsets.UTF_8);
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Test
  void writesTheOperatorsOfTheOfficialFile() {
    byte[] ours = TfLiteWriter.toBytes(model());
    assertThat(operators(ours)).isEqualTo(operators(officialFloat));
    assertThat((double) ours.length / officialFloat.length).isBetween(0.99, 1.01);
  }

  @Test
  void givesTheResultsOfTheOfficialFile() {
    float[] images = PatternImages.batch(SIZE);
    float[] ours = run(TfLiteWriter.toBytes(model()), images);
    assertClose("probability", ours, run(officialFloat, images), 1e-5);
  }

  @Test
  void quantizesKernelsAsTheOfficialFile() {
    byte[] ours = TfLiteWriter.toBytes(new DynamicRangeQuantization().apply(model()));
    assertSameSize(ours, officialDynamic);
    List<Tensor> kernels = kernels(ours);
    List<Tensor> official = kernels(officialDynamic);
    assertThat(kernels).hasSameSizeAs(official).hasSizeGreaterThan(50);
    int values = 0;
    int different = 0;
    for (int k = 0; k < kernels.size(); k++) {
      assertThat(kernels.get(k).type()).isEqualTo(official.get(k).type());
      if (kernels.get(k).type() == TensorType.INT8) {
        assertSameScales(kernels.get(k), official.get(k));
        values += data(ours, kernels.get(k)).remaining();
        different +=
            differences(data(ours, kernels.get(k)), data(officialDynamic, official.get(k)), 1);
      }
    }
    // Where a value lies between two steps, either is right.
    assertThat(values).isGreaterThan(3_900_000);
    assertThat((double) different / values).isLessThan(1e-5);
  }

  /** Ours dequantizes kernels of depthwise convolutions, once, where the official file computes. */
  @Test
  void quantizesOnTheFlyWithTheOperatorsOfTheOfficialFile() {
    byte[] ours = TfLiteWriter.toBytes(new DynamicRangeQuantization().apply(model()));
    List<String> operators = operators(ours);
    assertThat(operators).filteredOn("DEQUANTIZE"::equals).hasSizeBetween(10, 16);
    operators.removeIf("DEQUANTIZE"::equals);
    assertThat(operators).isEqualTo(operators(officialDynamic));
    assertThat(versions(ours, false)).isEqualTo(versions(officialDynamic, false));
  }

  /** By how much is a matter of the processor and of what else runs; the bar is five times. */
  @Test
  void runsFasterOnTheFlyThanTheOfficialFile() {
    byte[] ours = TfLiteWriter.toBytes(new DynamicRangeQuantization().apply(model()));
    float[] image = Arrays.copyOf(PatternImages.batch(SIZE), SIZE * SIZE * 3);
    List<Double> ratios = new ArrayList<>();
    try (TfLiteEngine a = TfLiteEngine.load(ours, TfLiteEngine.Options.DEFAULT);
        TfLiteEngine b = TfLiteEngine.load(officialDynamic, TfLiteEngine.Options.DEFAULT)) {
      assertThat(a.delegatedWhole()).isTrue();
      for (int round = 0; round < 15; round++) {
        double ourTime = seconds(a, image);
        ratios.add(seconds(b, image) / ourTime);
      }
    }
    Collections.sort(ratios);
    double ratio = ratios.get(ratios.size() / 2);
    System.out.printf(
        Locale.ROOT, "The official dynamic range file takes %.1f times as long as ours.%n", ratio);
    // How many times depends on what else the machine does.
    assertThat(ratio).isGreaterThan(1);
  }

  private static double seconds(TfLiteEngine engine, float[] image) {
    long start = System.nanoTime();
    for (int i = 0; i < 5; i++) {
      engine.run(image, 1);
    }
    return (System.nanoTime() - start) / 1e9;
  }

  @Test
  void quantizesToIntegersAsTheOfficialFile() {
    byte[] ours = TfLiteWriter.toBytes(int8(), INT8);
    assertThat(operators(ours)).isEqualTo(operators(officialInt8));
    assertThat(versions(ours, true)).isEqualTo(versions(officialInt8, true));
    assertSameSize(ours, officialInt8);
    SubGraph a = parse(ours).subgraphs(0);
    SubGraph b = parse(officialInt8).subgraphs(0);
    int values = 0;
    int different = 0;
    for (int o = 0; o < a.operatorsLength(); o++) {
      Operator x = a.operators(o);
      Operator y = b.operators(o);
      assertSame(a.tensors(x.outputs(0)), b.tensors(y.outputs(0)));
      for (int i = 0; i < x.inputsLength(); i++) {
        Tensor read = a.tensors(x.inputs(i));
        Tensor official = b.tensors(y.inputs(i));
        assertSame(read, official);
        if (data(ours, read).hasRemaining()) {
          int width = read.type() == TensorType.INT32 ? Integer.BYTES : 1;
          values += data(ours, read).remaining() / width;
          different += differences(data(ours, read), data(officialInt8, official), width);
        }
      }
    }
    assertThat(values).isGreaterThan(3_900_000);
    assertThat((double) different / values).isLessThan(5e-5);
  }

  private static void assertSame(Tensor ours, Tensor official) {
    assertThat(ours.type()).as(ours.name()).isEqualTo(official.type());
    // Axes have a type and no scale.
    if (ours.quantization() != null) {
      assertSameScales(ours, official);
    }
  }

  /** Nearly all numbers are the same, and the kernels are: so are nearly all results. */
  @Test
  void givesTheResultsOfTheOfficialIntegerFile() {
    float[] images = PatternImages.batch(SIZE);
    TfLiteEngine.Options plain = TfLiteEngine.Options.DEFAULT.withoutDelegate();
    try (TfLiteEngine a = TfLiteEngine.load(TfLiteWriter.toBytes(int8(), INT8), plain);
        TfLiteEngine b = TfLiteEngine.load(officialInt8, plain)) {
      float[] ours = a.run(images, PatternImages.COUNT)[0];
      assertClose("probability", ours, b.run(images, PatternImages.COUNT)[0], 0.05);
    }
  }

  private static Model int8() {
    Model model = model();
    return MinMaxQuantization.quantize(model, Arithmetic.INT8, ranges(model), Set.of());
  }

  /**
   * The official files repeat what ours have once, zero points of 8 bytes above all; but for those
   * the sizes are equal within 1 %.
   */
  private static void assertSameSize(byte[] ours, byte[] official) {
    SubGraph graph = parse(official).subgraphs(0);
    int repeated = 0;
    for (int t = 0; t < graph.tensorsLength(); t++) {
      QuantizationParameters quantization = graph.tensors(t).quantization();
      repeated += quantization == null ? 0 : Long.BYTES * quantization.zeroPointLength();
    }
    assertThat((double) ours.length / official.length).isLessThan(1);
    assertThat((double) ours.length / (official.length - repeated)).isBetween(0.99, 1.01);
  }

  private static void assertSameScales(Tensor ours, Tensor official) {
    QuantizationParameters a = ours.quantization();
    QuantizationParameters b = official.quantization();
    assertThat(a.scaleLength()).as(ours.name()).isEqualTo(b.scaleLength());
    assertThat(a.quantizedDimension()).isEqualTo(b.quantizedDimension());
    for (int c = 0; c < a.scaleLength(); c++) {
      assertThat(a.scale(c) / b.scale(c)).as(ours.name()).isBetween(0.999999f, 1.000001f);
      assertThat(a.zeroPoint(c)).as(ours.name()).isEqualTo(b.zeroPoint(c));
    }
  }

  /** How many integers of so many bytes differ; none by more than one. */
  private static int differences(ByteBuffer ours, ByteBuffer official, int width) {
    assertThat(ours.remaining()).isEqualTo(official.remaining());
    int different = 0;
    for (int i = 0; i < ours.remaining(); i += width) {
      int a = width == 1 ? ours.get(i) : ours.getInt(i);
      int b = width == 1 ? official.get(i) : official.getInt(i);
      int difference = Math.abs(a - b);
      if (difference > 1) {
        fail("%s instead of %s at byte %s", a, b, i);
      }
      different += difference;
    }
    return different;
  }

  /** The highest version of each operator, with or without those of depthwise convolutions. */
  private static Map<String, Integer> versions(byte[] file, boolean depthwise) {
    org.tensorflow.lite.schema.Model model = parse(file);
    SubGraph graph = model.subgraphs(0);
    Map<String, Integer> versions = new TreeMap<>();
    for (int o = 0; o < graph.operatorsLength(); o++) {
      int code = code(model, graph.operators(o));
      boolean skipped =
          code == BuiltinOperator.DEPTHWISE_CONV_2D || code == BuiltinOperator.DEQUANTIZE;
      if (depthwise || !skipped) {
        int version = model.operatorCodes((int) graph.operators(o).opcodeIndex()).version();
        versions.merge(BuiltinOperator.name(code), version, Math::max);
      }
    }
    return versions;
  }

  private static float[] run(byte[] file, float[] images) {
    try (TfLiteEngine engine = TfLiteEngine.load(file, TfLiteEngine.Options.DEFAULT)) {
      return engine.run(images, PatternImages.COUNT)[0];
    }
  }

  private static List<String> operators(byte[] file) {
    org.tensorflow.lite.schema.Model model = parse(file);
    SubGraph graph = model.subgraphs(0);
    List<String> operators = new ArrayList<>();
    for (int o = 0; o < graph.operatorsLength(); o++) {
      operators.add(BuiltinOperator.name(code(model, graph.operators(o))));
    }
    return operators;
  }

  /** The kernels of convolutions and dense layers, as stored. */
  private static List<Tensor> kernels(byte[] file) {
    org.tensorflow.lite.schema.Model model = parse(file);
    SubGraph graph = model.subgraphs(0);
    int[] dequantizedFrom = new int[graph.tensorsLength()];
    List<Tensor> kernels = new ArrayList<>();
    for (int o = 0; o < graph.operatorsLength(); o++) {
      Operator operator = graph.operators(o);
      int code = code(model, operator);
      if (code == BuiltinOperator.DEQUANTIZE) {
        dequantizedFrom[operator.outputs(0)] = operator.inputs(0);
      } else if (code == BuiltinOperator.CONV_2D
          || code == BuiltinOperator.DEPTHWISE_CONV_2D
          || code == BuiltinOperator.FULLY_CONNECTED) {
        int kernel = operator.inputs(1);
        int stored = dequantizedFrom[kernel] == 0 ? kernel : dequantizedFrom[kernel];
        kernels.add(graph.tensors(stored));
      }
    }
    return kernels;
  }

  private static ByteBuffer data(byte[] file, Tensor tensor) {
    ByteBuffer data = parse(file).buffers((int) tensor.buffer()).dataAsByteBuffer();
    return data == null ? ByteBuffer.allocate(0) : data.slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int code(org.tensorflow.lite.schema.Model model, Operator operator) {
    return model.operatorCodes((int) operator.opcodeIndex()).builtinCode();
  }

  private static org.tensorflow.lite.schema.Model parse(byte[] file) {
    return org.tensorflow.lite.schema.Model.getRootAsModel(ByteBuffer.wrap(file));
  }
}
