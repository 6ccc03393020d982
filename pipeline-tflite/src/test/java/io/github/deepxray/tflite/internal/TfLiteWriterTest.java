package io.github.deepxray.tflite.internal;

import static io.github.deepxray.testkit.ArrayAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Layer.Dropout;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Int8Tensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.internal.DynamicRangeQuantization;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.ReferenceInterpreter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.SignatureDef;
import org.tensorflow.lite.schema.SubGraph;
import org.tensorflow.lite.schema.Tensor;
import org.tensorflow.lite.schema.TensorType;

class TfLiteWriterTest {
  @Test
  void givesTheSameBytesForTheSameModelInEveryProcess() throws Exception {
    byte[] file = TfLiteWriter.toBytes(model());
    assertThat(TfLiteWriter.toBytes(model())).isEqualTo(file);
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classes =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Process process =
        new ProcessBuilder(java, "-cp", classes, PrintHash.class.getName())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String hash = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    assertThat(hash.strip()).isEqualTo(Hashes.sha256(file));
  }

  /** Prints the hash of the file of {@link #model()}. */
  static final class PrintHash {
    private PrintHash() {}

    public static void main(String[] args) {
      System.out.println(Hashes.sha256(TfLiteWriter.toBytes(model())));
    }
  }

  private static Model model() {
    return new DynamicRangeQuantization()
        .apply(Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 1));
  }

  @Test
  void writesTheSameFileAsItsBytes(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("new/model.tflite");
    TfLiteWriter.write(model(), file);
    assertThat(file).hasBinaryContent(TfLiteWriter.toBytes(model()));
  }

  @Test
  void namesInputsAndOutputsInTheSignatureAndTheTensors() {
    Network network = Fixtures.smallNetwork(32);
    Network two =
        new Network(
            network.name(),
            network.input(),
            network.inputShape(),
            network.layers(),
            List.of("probability", "avg_pool"));
    byte[] file = TfLiteWriter.toBytes(Fixtures.withRandomWeights(two, 2));

    org.tensorflow.lite.schema.Model parsed = parse(file);
    assertThat(parsed.signatureDefsLength()).isEqualTo(1);
    SignatureDef signature = parsed.signatureDefs(0);
    SubGraph graph = parsed.subgraphs(0);
    assertThat(signature.signatureKey()).isEqualTo("serving_default");
    assertThat(signature.inputsLength()).isEqualTo(1);
    assertThat(signature.inputs(0).name()).isEqualTo("images");
    assertThat(signature.inputs(0).tensorIndex()).isEqualTo(graph.inputs(0));
    List<String> outputs = new ArrayList<>();
    for (int i = 0; i < signature.outputsLength(); i++) {
      outputs.add(signature.outputs(i).name());
      assertThat(signature.outputs(i).tensorIndex()).isEqualTo(graph.outputs(i));
    }
    assertThat(outputs).containsExactly("probability", "avg_pool");
    try (TfLiteEngine engine = TfLiteEngine.load(file, TfLiteEngine.Options.DEFAULT)) {
      assertThat(engine.signatureKeys()).containsExactly("serving_default");
      assertThat(engine.inputName()).isEqualTo("images");
      assertThat(engine.outputNames()).containsExactly("probability", "avg_pool");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void leavesOutWhatNoResultDependsOn(boolean delegate) {
    Network network = Fixtures.smallNetwork(32);
    Model whole =
        Fixtures.withRandomWeights(
            new Network(
                network.name(),
                network.input(),
                network.inputShape(),
                network.layers(),
                List.of("avg_pool")),
            3);
    byte[] file = TfLiteWriter.toBytes(whole);
    assertThat(file).isEqualTo(TfLiteWriter.toBytes(whole.cutAt("avg_pool")));
    try (TfLiteEngine engine = TfLiteEngine.load(file, new TfLiteEngine.Options(1, delegate))) {
      assertThat(engine.run(Fixtures.randomImages(network, 1, 4), 1)[0]).hasSize(32);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void givesResultsThatAreOtherTensorsByAnotherName(boolean delegate) {
    List<Layer> layers =
        List.of(
            new Dropout("start", "x", 0.5),
            new Conv2D("conv", "start", 3, 3, 1, Padding.SAME, false),
            new Activation("linear", "conv", Function.LINEAR),
            new Rescaling("unscaled", "linear", List.of(1.0), List.of(0.0)),
            new Dropout("dropped", "unscaled", 0.5),
            new GlobalAveragePooling2D("kept", "dropped", true),
            new GlobalAveragePooling2D("flat", "dropped", false),
            new Dropout("end", "flat", 0.5));
    List<String> outputs =
        List.of("x", "start", "conv", "linear", "unscaled", "dropped", "kept", "end");
    Model model =
        Fixtures.withRandomWeights(new Network("names", "x", List.of(4, 5, 2), layers, outputs), 5);
    float[] input = Fixtures.randomImages(model.network(), 1, 6);
    Map<String, double[]> expected = new ReferenceInterpreter(model).run(input);
    try (TfLiteEngine engine =
        TfLiteEngine.load(TfLiteWriter.toBytes(model), new TfLiteEngine.Options(1, delegate))) {
      float[][] results = engine.run(input, 1);
      for (int i = 0; i < results.length; i++) {
        assertClose(outputs.get(i), results[i], expected.get(outputs.get(i)), 1e-3);
      }
      assertThat(engine.outputShapes().get(6)).containsExactly(1, 1, 3);
      assertThat(engine.outputNames().subList(1, 8)).isEqualTo(outputs.subList(1, 8));
    }
  }

  /** XNNPACK alone would give the bias and nothing else. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void stepsOverPixels(boolean delegate) {
    for (int size : new int[] {30, 31, 32, 33}) {
      for (int kernel : new int[] {1, 2, 3}) {
        for (int stride : new int[] {2, 3, 4, 5}) {
          Model model = strided(size, size, kernel, stride);
          float[] image = Fixtures.randomImages(model.network(), 1, 2);
          Map<String, double[]> expected = new ReferenceInterpreter(model).run(image);
          try (TfLiteEngine engine =
              TfLiteEngine.load(
                  TfLiteWriter.toBytes(model), new TfLiteEngine.Options(1, delegate))) {
            float[][] results = engine.run(image, 1);
            assertClose("conv", results[0], expected.get("conv"), 1e-3);
            assertClose("depthwise", results[1], expected.get("depthwise"), 1e-3);
          }
        }
      }
    }
    assertThatThrownBy(() -> TfLiteWriter.toBytes(strided(30, 31, 2, 3)))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("conv")
        .hasMessageContaining("stride");
  }

  private static Model strided(int height, int width, int kernel, int stride) {
    List<Layer> layers =
        List.of(
            new Conv2D("conv", "x", 5, kernel, stride, Padding.SAME, true),
            new DepthwiseConv2D("depthwise", "x", kernel, stride, Padding.SAME, true));
    return Fixtures.withRandomWeights(
        new Network(
            "strided", "x", List.of(height, width, 4), layers, List.of("conv", "depthwise")),
        1);
  }

  @Test
  void refusesAResultNamedTwice() {
    Network network =
        new Network(
            "twice", "x", List.of(4), List.of(new Dense("y", "x", 2, true)), List.of("y", "y"));
    Model model = Fixtures.withRandomWeights(network, 7);
    assertThatThrownBy(() -> TfLiteWriter.toBytes(model))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("twice")
        .hasMessageContaining("y, y");
  }

  @Test
  void alignsEveryBufferAsTheSchemaAsks() {
    org.tensorflow.lite.schema.Model parsed = parse(TfLiteWriter.toBytes(model()));
    assertThat(parsed.buffers(0).dataLength()).isZero();
    for (int i = 1; i < parsed.buffersLength(); i++) {
      assertThat(parsed.buffers(i).dataAsByteBuffer().position() % 16).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void runsQuantizedKernelsOfEveryKind(boolean delegate) {
    Model quantized =
        new DynamicRangeQuantization().apply(Fixtures.withRandomWeights(kernels(), 8));
    byte[] file = TfLiteWriter.toBytes(quantized);
    assertThat(stored(file))
        .containsEntry("conv/kernel", "INT8 [32, 3, 3, 64], 32 scales of dimension 0")
        .containsEntry("wide/depthwise_kernel", "INT8 [1, 5, 5, 64], 64 scales of dimension 3")
        .containsEntry("dense/kernel", "INT8 [40, 64], 40 scales of dimension 0")
        .containsEntry("conv/bias", "FLOAT32 [32]")
        .containsEntry("small/kernel", "FLOAT32 [2, 1, 1, 64]");

    float[] input = Fixtures.randomImages(quantized.network(), 1, 9);
    for (int i = 0; i < input.length; i++) {
      input[i] /= 255;
    }
    // With the quantized kernels: what differs is how finely inputs are quantized.
    Map<String, double[]> expected = new ReferenceInterpreter(quantized).run(input);
    try (TfLiteEngine engine = TfLiteEngine.load(file, new TfLiteEngine.Options(1, delegate))) {
      assertThat(engine.delegatedWhole()).isEqualTo(delegate);
      float[][] results = engine.run(input, 1);
      for (int i = 0; i < results.length; i++) {
        String output = quantized.network().outputs().get(i);
        double[] values = expected.get(output);
        double largest = Arrays.stream(values).map(Math::abs).max().orElseThrow();
        assertClose(output, results[i], values, 0.01 * largest);
      }
      // Depthwise kernels are dequantized, so their layers compute in float.
      assertClose("wide", results[1], expected.get("wide"), 1e-5);
    }
  }

  private static Network kernels() {
    List<Layer> layers =
        List.of(
            new Conv2D("conv", "x", 32, 3, 2, Padding.SAME, false),
            new Conv2D("expand", "x", 64, 1, 1, Padding.SAME, true),
            // The first has too few values to be quantized.
            new DepthwiseConv2D("narrow", "x", 3, 2, Padding.VALID, false),
            new Rescaling("scaled", "x", List.of(0.5), List.of(0.0)),
            new DepthwiseConv2D("wide", "scaled", 5, 1, Padding.SAME, false),
            new Conv2D("small", "narrow", 2, 1, 1, Padding.SAME, true),
            new GlobalAveragePooling2D("pool", "expand", false),
            new Dense("dense", "pool", 40, false));
    return new Network(
        "kernels", "x", List.of(9, 10, 64), layers, List.of("conv", "wide", "small", "dense"));
  }

  @Test
  void refusesKernelsQuantizedAlongAnotherDimension() {
    Network network =
        new Network(
            "inputs", "x", List.of(64), List.of(new Dense("d", "x", 32, true)), List.of("d"));
    Model model = Fixtures.withRandomWeights(network, 10);
    Int8Tensor kernel = Int8Tensor.quantize((FloatTensor) model.weights().get("d/kernel"), 0);
    Model wrong =
        new Model(network, model.weights().plus(Weights.builder().put("d/kernel", kernel).build()));
    assertThatThrownBy(() -> TfLiteWriter.toBytes(wrong))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("d/kernel [64, 32]");
  }

  @Test
  void writesTheLowestVersionOfEachOperator() {
    Map<Integer, Integer> floats = versions(Fixtures.withRandomWeights(kernels(), 11));
    assertThat(floats.values()).containsOnly(1);
    Map<Integer, Integer> dynamic =
        versions(new DynamicRangeQuantization().apply(Fixtures.withRandomWeights(kernels(), 11)));
    assertThat(dynamic)
        .containsEntry(BuiltinOperator.DEPTHWISE_CONV_2D, 1)
        .containsEntry(BuiltinOperator.DEQUANTIZE, 5)
        .containsEntry(BuiltinOperator.FULLY_CONNECTED, 12);
  }

  /** The highest version of each operator of a model's file. */
  private static Map<Integer, Integer> versions(Model model) {
    org.tensorflow.lite.schema.Model parsed = parse(TfLiteWriter.toBytes(model));
    Map<Integer, Integer> versions = new TreeMap<>();
    for (int i = 0; i < parsed.operatorCodesLength(); i++) {
      assertThat((int) parsed.operatorCodes(i).deprecatedBuiltinCode())
          .isEqualTo(parsed.operatorCodes(i).builtinCode());
      versions.merge(
          parsed.operatorCodes(i).builtinCode(), parsed.operatorCodes(i).version(), Math::max);
    }
    return versions;
  }

  /** What a file's constant tensors are, by name. */
  private static Map<String, String> stored(byte[] file) {
    org.tensorflow.lite.schema.Model parsed = parse(file);
    SubGraph graph = parsed.subgraphs(0);
    Map<String, String> stored = new TreeMap<>();
    for (int t = 0; t < graph.tensorsLength(); t++) {
      Tensor tensor = graph.tensors(t);
      if (tensor.buffer() == 0) {
        continue;
      }
      List<Integer> shape = new ArrayList<>();
      for (int d = 0; d < tensor.shapeLength(); d++) {
        shape.add(tensor.shape(d));
      }
      String text = TensorType.name(tensor.type()) + " " + shape;
      if (tensor.quantization() != null) {
        text +=
            ", "
                + tensor.quantization().scaleLength()
                + " scales of dimension "
                + tensor.quantization().quantizedDimension();
      }
      stored.put(tensor.name(), text);
    }
    return stored;
  }

  private static org.tensorflow.lite.schema.Model parse(byte[] file) {
    return org.tensorflow.lite.schema.Model.getRootAsModel(ByteBuffer.wrap(file));
  }
}
