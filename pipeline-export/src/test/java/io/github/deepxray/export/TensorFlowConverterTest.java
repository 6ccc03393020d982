package io.github.deepxray.export;

import static io.github.deepxray.testkit.Closeness.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.network.EfficientNet;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.optimize.DynamicRangeQuantization;
import io.github.deepxray.optimize.Passes;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.PatternImages;
import io.github.deepxray.tflite.TfLiteEngine;
import io.github.deepxray.tflite.TfLiteWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.Operator;
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

  private static byte[] officialFloat;
  private static byte[] officialDynamic;

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
    assertThat((double) ours.length / officialDynamic.length).isBetween(0.99, 1.01);
    List<Tensor> kernels = kernels(ours);
    List<Tensor> official = kernels(officialDynamic);
    assertThat(kernels).hasSameSizeAs(official).hasSizeGreaterThan(50);
    int values = 0;
    int different = 0;
    for (int k = 0; k < kernels.size(); k++) {
      Tensor a = kernels.get(k);
      Tensor b = official.get(k);
      assertThat(a.type()).as(a.name()).isEqualTo(b.type());
      if (a.type() != TensorType.INT8) {
        continue;
      }
      assertThat(a.quantization().scaleLength()).isEqualTo(b.quantization().scaleLength());
      assertThat(a.quantization().quantizedDimension())
          .isEqualTo(b.quantization().quantizedDimension());
      for (int c = 0; c < a.quantization().scaleLength(); c++) {
        assertThat(a.quantization().scale(c) / b.quantization().scale(c))
            .isBetween(0.99999f, 1.00001f);
      }
      ByteBuffer ourData = data(ours, a);
      ByteBuffer officialData = data(officialDynamic, b);
      assertThat(ourData.remaining()).isEqualTo(officialData.remaining());
      for (int i = 0; i < ourData.remaining(); i++) {
        int difference =
            ourData.get(ourData.position() + i) - officialData.get(officialData.position() + i);
        assertThat(Math.abs(difference)).isLessThanOrEqualTo(1);
        different += Math.abs(difference);
        values++;
      }
    }
    // Where a value lies between two steps, either is right.
    assertThat(values).isGreaterThan(3_900_000);
    assertThat((double) different / values).isLessThan(1e-5);
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
    return parse(file).buffers((int) tensor.buffer()).dataAsByteBuffer();
  }

  private static int code(org.tensorflow.lite.schema.Model model, Operator operator) {
    return model.operatorCodes((int) operator.opcodeIndex()).builtinCode();
  }

  private static org.tensorflow.lite.schema.Model parse(byte[] file) {
    return org.tensorflow.lite.schema.Model.getRootAsModel(ByteBuffer.wrap(file));
  }
}
