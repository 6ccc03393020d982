package io.github.deepxray.tflite.internal;

import static io.github.deepxray.testkit.ArrayAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import com.google.flatbuffers.FlatBufferBuilder;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.testkit.Mutations;
import io.github.deepxray.testkit.SharedData;
import io.github.deepxray.tflite.internal.TfLiteEngine.Options;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.BuiltinOptionsUnion;
import org.tensorflow.lite.schema.ConcatenationOptionsT;
import org.tensorflow.lite.schema.Conv2DOptionsT;
import org.tensorflow.lite.schema.Model;
import org.tensorflow.lite.schema.ModelT;
import org.tensorflow.lite.schema.MulOptionsT;
import org.tensorflow.lite.schema.OperatorT;
import org.tensorflow.lite.schema.Padding;
import org.tensorflow.lite.schema.Pool2DOptions;
import org.tensorflow.lite.schema.QuantizationParametersT;
import org.tensorflow.lite.schema.ReshapeOptionsT;
import org.tensorflow.lite.schema.TensorT;
import org.tensorflow.lite.schema.TensorType;

/** Files that would end the process, never come back or take all memory: each is refused. */
class HostileFilesTest {
  private static final int FUZZED = 400;

  // Much more than an input takes, on a machine that does other things too.
  private static final int SECONDS_AN_INPUT = 5;

  private static List<byte[]> seeds;

  @BeforeAll
  static void loadLibrary() {
    seeds = SeedFiles.all();
  }

  @ParameterizedTest
  @CsvSource({
    "batch-to-space-shape0, uses operator CUMSUM",
    "depthwise-kernel-height0, tensor 8 has a dimension of 0",
    "hang-transpose-conv, uses operator TRANSPOSE_CONV",
    "mean-axis-minus1, operator 18 (MEAN) has no input 1",
    "quantization-details-type, tensor 5 has custom quantization",
    "scale-denormal, tensor 16 has scale 1.4E-45",
    "strided-slice-type, uses operator REDUCE_MAX"
  })
  void refusesWhatWasFound(String name, String words) {
    Path file = SharedData.hostile("tflite-" + name + ".tflite");
    for (boolean delegate : new boolean[] {true, false}) {
      assertTimeout(
          Duration.ofSeconds(1),
          () ->
              assertThatThrownBy(() -> TfLiteEngine.load(file, new Options(1, delegate)))
                  .isInstanceOf(DeepXrayException.class)
                  .hasMessageStartingWith(file + " cannot be run: ")
                  .hasMessageContaining(words)
                  .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1)));
    }
  }

  /** Says of a file with floats (0), with integers (1) or of a foreign one (2) what is wrong. */
  static Stream<Arguments> damages() {
    return Stream.of(
        kin(0, "has a dimension of 0", m -> kernel(m, BuiltinOperator.CONV_2D).getShape()[1] = 0),
        kin(
            0,
            "has a dimension of -1",
            m -> kernel(m, BuiltinOperator.DEPTHWISE_CONV_2D).getShape()[2] = -1),
        kin(0, "has more than", m -> kernel(m, BuiltinOperator.CONV_2D).getShape()[2] = 1 << 30),
        kin(0, "values in", m -> kernel(m, BuiltinOperator.CONV_2D).getShape()[2] = 7),
        kin(0, "no input 1", m -> operator(m, BuiltinOperator.MEAN).getInputs()[1] = -1),
        kin(
            0,
            "there is no tensor 999",
            m -> operator(m, BuiltinOperator.MEAN).getInputs()[1] = 999),
        kin(0, "(MEAN) has axis 4", m -> number(m, BuiltinOperator.MEAN, 1, 4)),
        kin(
            0,
            "of type FLOAT32",
            m -> read(m, BuiltinOperator.MEAN, 1).setType(TensorType.FLOAT32)),
        kin(0, "(MEAN) has", HostileFilesTest::otherOptions),
        kin(0, "of shape", m -> read(m, BuiltinOperator.CONV_2D, 0).getShape()[1] = 3),
        kin(
            0,
            "is of type STRING",
            m -> read(m, BuiltinOperator.ADD, 0).setType(TensorType.STRING)),
        kin(0, "state", m -> read(m, BuiltinOperator.ADD, 0).setIsVariable(true)),
        kin(0, "reads tensor", HostileFilesTest::lastFirst),
        kin(0, "padding 7", m -> conv(m).setPadding((byte) 7)),
        kin(0, "steps of 0", m -> conv(m).setStrideH(0)),
        kin(0, "steps of 65537", m -> conv(m).setStrideW(65537)),
        kin(0, "steps of -1", m -> conv(m).setDilationHFactor(-1)),
        kin(0, "activation 99", m -> conv(m).setFusedActivationFunction((byte) 99)),
        kin(1, "has scale 1.4E-45", m -> scale(m, Float.MIN_VALUE)),
        kin(1, "has scale 3.4028235E38", m -> scale(m, Float.MAX_VALUE)),
        kin(1, "has scale NaN", m -> scale(m, Float.NaN)),
        kin(1, "zero point 300", m -> written(m).getQuantization().getZeroPoint()[0] = 300),
        kin(1, "0 zero points", m -> written(m).getQuantization().setZeroPoint(new long[0])),
        kin(1, "scales along dimension 2", m -> channels(m).setQuantizedDimension(2)),
        kin(1, "a zero point other than 0", m -> channels(m).getZeroPoint()[1] = 1),
        kin(
            1,
            "of type FLOAT32",
            m -> read(m, BuiltinOperator.CONV_2D, 2).setType(TensorType.FLOAT32)),
        kin(2, "has axis 9", m -> join(m).setAxis(9)),
        kin(2, "pads by -1", m -> number(m, BuiltinOperator.PAD, 1, -1)),
        kin(2, "has order", m -> number(m, BuiltinOperator.TRANSPOSE, 1, 3)),
        kin(2, "stride 0", m -> number(m, BuiltinOperator.STRIDED_SLICE, 3, 0)),
        kin(2, "takes nothing", m -> number(m, BuiltinOperator.STRIDED_SLICE, 1, 100)),
        kin(2, "writes 100000 dimensions", HostileFilesTest::reshape),
        kin(2, "squeezes", HostileFilesTest::squeeze));
  }

  @ParameterizedTest
  @MethodSource("damages")
  void refusesTheirKin(int seed, String words, Consumer<ModelT> damage) {
    byte[] good = seeds.get(List.of(1, 6, 10).get(seed));
    ModelT model = Model.getRootAsModel(ByteBuffer.wrap(good)).unpack();
    damage.accept(model);
    FlatBufferBuilder builder = new FlatBufferBuilder(good.length);
    Model.finishModelBuffer(builder, Model.pack(builder, model));
    byte[] bad = builder.sizedByteArray();
    for (boolean delegate : new boolean[] {true, false}) {
      assertThatThrownBy(() -> TfLiteEngine.load(bad, new Options(1, delegate)))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(words);
    }
  }

  private static Arguments kin(int seed, String words, Consumer<ModelT> damage) {
    return Arguments.of(seed, words, damage);
  }

  private static OperatorT operator(ModelT model, int code) {
    return Arrays.stream(model.getSubgraphs()[0].getOperators())
        .filter(o -> model.getOperatorCodes()[(int) o.getOpcodeIndex()].getBuiltinCode() == code)
        .findFirst()
        .orElseThrow();
  }

  /** What the first operator of a kind reads at a place. */
  private static TensorT read(ModelT model, int code, int place) {
    return model.getSubgraphs()[0].getTensors()[operator(model, code).getInputs()[place]];
  }

  private static TensorT kernel(ModelT model, int code) {
    return read(model, code, 1);
  }

  /** What the first sigmoid writes. */
  private static TensorT written(ModelT model) {
    int tensor = operator(model, BuiltinOperator.LOGISTIC).getOutputs()[0];
    return model.getSubgraphs()[0].getTensors()[tensor];
  }

  private static void scale(ModelT model, float scale) {
    written(model).getQuantization().getScale()[0] = scale;
  }

  private static QuantizationParametersT channels(ModelT model) {
    return kernel(model, BuiltinOperator.CONV_2D).getQuantization();
  }

  private static Conv2DOptionsT conv(ModelT model) {
    return operator(model, BuiltinOperator.CONV_2D).getBuiltinOptions().asConv2DOptions();
  }

  private static ConcatenationOptionsT join(ModelT model) {
    return operator(model, BuiltinOperator.CONCATENATION)
        .getBuiltinOptions()
        .asConcatenationOptions();
  }

  private static void squeeze(ModelT model) {
    operator(model, BuiltinOperator.SQUEEZE)
        .getBuiltinOptions()
        .asSqueezeOptions()
        .setSqueezeDims(new int[] {1});
  }

  private static void reshape(ModelT model) {
    OperatorT reshape = operator(model, BuiltinOperator.RESHAPE);
    reshape.setInputs(new int[] {reshape.getInputs()[0]});
    ReshapeOptionsT options = new ReshapeOptionsT();
    options.setNewShape(new int[100_000]);
    BuiltinOptionsUnion union = new BuiltinOptionsUnion();
    union.setType(BuiltinOptions.ReshapeOptions);
    union.setValue(options);
    reshape.setBuiltinOptions(union);
  }

  private static void otherOptions(ModelT model) {
    BuiltinOptionsUnion options = new BuiltinOptionsUnion();
    options.setType(BuiltinOptions.MulOptions);
    options.setValue(new MulOptionsT());
    operator(model, BuiltinOperator.MEAN).setBuiltinOptions(options);
  }

  private static void lastFirst(ModelT model) {
    OperatorT[] operators = model.getSubgraphs()[0].getOperators();
    OperatorT first = operators[0];
    operators[0] = operators[operators.length - 1];
    operators[operators.length - 1] = first;
  }

  /** Changes the first of the constant integers that an operator reads. */
  private static void number(ModelT model, int code, int place, int value) {
    int[] data = model.getBuffers()[(int) read(model, code, place).getBuffer()].getData();
    for (int i = 0; i < Integer.BYTES; i++) {
      data[i] = value >> (8 * i) & 0xff;
    }
  }

  @Test
  void refusesWhatTakesTooLongOrTooMuch() {
    FlatGraph slow = new FlatGraph("slow");
    int image = slow.addFloats("image", List.of(1, 1000, 1000, 1));
    int pooled = slow.addFloats("pooled", List.of(1, 1000, 1000, 1));
    slow.addInput("image", image);
    slow.addOutput("pooled", pooled);
    slow.addOperator(
        BuiltinOperator.AVERAGE_POOL_2D,
        1,
        List.of(image),
        List.of(pooled),
        BuiltinOptions.Pool2DOptions,
        b -> Pool2DOptions.createPool2DOptions(b, Padding.SAME, 1, 1, 999, 999, (byte) 0));
    assertRefused(slow, "operator 0 (AVERAGE_POOL_2D)", "100e9 multiply-adds");

    FlatGraph large = new FlatGraph("large");
    int small = large.addFloats("small", List.of(1, 2));
    int padded = large.addFloats("padded", List.of(20_001, 20_002));
    large.addInput("small", small);
    large.addOutput("padded", padded);
    ByteBuffer sizes = FlatGraph.littleEndian(4 * Integer.BYTES);
    for (int size : new int[] {20_000, 0, 20_000, 0}) {
      sizes.putInt(size);
    }
    int paddings =
        large.add(
            new FlatGraph.TensorDef(
                "paddings",
                List.of(2, 2),
                TensorType.INT32,
                Optional.of(sizes.flip()),
                Optional.empty()));
    large.addOperator(BuiltinOperator.PAD, 1, List.of(small, paddings), List.of(padded));
    assertRefused(large, "operator 0 (PAD)", "MiB of memory");
  }

  private static void assertRefused(FlatGraph graph, String... words) {
    byte[] file = graph.toBytes("test", "serving_default");
    assertThatThrownBy(() -> TfLiteEngine.load(file, Options.DEFAULT))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll(words);
  }

  /** With the operators that our own files do not have. */
  @Test
  void runsForeignFiles() {
    List<byte[]> foreign = ForeignFiles.all();
    float[] image = new float[8 * 8 * 4];
    for (int i = 0; i < image.length; i++) {
      image[i] = i % 7 / 7f;
    }
    for (byte[] file : foreign) {
      try (TfLiteEngine xnnpack = TfLiteEngine.load(file, Options.DEFAULT);
          TfLiteEngine plain = TfLiteEngine.load(file, Options.DEFAULT.withoutDelegate())) {
        float[] scores = xnnpack.run(image, 1)[0];
        assertClose("scores", scores, plain.run(image, 1)[0], 0.02);
        assertThat(scores[0] + scores[1] + scores[2]).isBetween(0.98f, 1.02f);
      }
    }
  }

  /**
   * Each input is loaded and run in another process, so that a crash is a failed test: it names the
   * input, which {@code FuzzedFiles <folder> <input> 1} repeats.
   */
  @Test
  void survivesWhateverIsDamaged(@TempDir Path folder) throws IOException, InterruptedException {
    int count = Mutations.inputs(FUZZED);
    Path log = folder.resolve("log.txt");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-XX:ErrorFile=" + folder.resolve("crash.log"),
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                FuzzedFiles.class.getName(),
                folder.toString(),
                "0",
                Integer.toString(count))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    boolean ended = process.waitFor(60L + (long) count * SECONDS_AN_INPUT, TimeUnit.SECONDS);
    process.destroyForcibly();
    assertThat(ended).as("input %s comes back", read(folder.resolve("at"))).isTrue();
    assertThat(process.exitValue())
        .as("input %s:\n%s", read(folder.resolve("at")), read(log))
        .isZero();
    int refused = Integer.parseInt(read(folder.resolve("done")));
    System.out.printf("%d of %d damaged files were refused, the others ran.%n", refused, count);
    assertThat(refused).isBetween(count / 3, count - count / 20);
  }

  private static String read(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.ISO_8859_1);
  }
}
