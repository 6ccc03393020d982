package io.github.deepxray.tflite.internal;

import static io.github.deepxray.testkit.ArrayAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.internal.weights.Float16;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Quantization;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.core.weights.Float16Tensor;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.internal.DynamicRangeQuantization;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.testkit.MinMaxQuantization;
import io.github.deepxray.testkit.ReferenceInterpreter;
import io.github.deepxray.tflite.internal.TfLiteWriter.Options;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.lite.schema.DimensionMetadata;
import org.tensorflow.lite.schema.DimensionType;
import org.tensorflow.lite.schema.SparseIndexVector;
import org.tensorflow.lite.schema.SparsityParameters;
import org.tensorflow.lite.schema.Uint8Vector;

/** Kernels in other types than they are computed with, and without their zeros. */
@InCi
class StoredKernelsTest {
  private static final Network NETWORK =
      new Network(
          "kernels",
          "x",
          List.of(8, 8, 64),
          List.of(
              new Conv2D("conv", "x", 320, 1, 1, Padding.SAME, true),
              new DepthwiseConv2D("depthwise", "conv", 5, 1, Padding.SAME, true),
              new Conv2D("wide", "depthwise", 8, 3, 2, Padding.SAME, true),
              new GlobalAveragePooling2D("mean", "depthwise", false),
              new Dense("dense", "mean", 64, true)),
          List.of("dense", "wide"));
  private static final Model MODEL = Fixtures.withRandomWeights(NETWORK, 1);
  private static final float[] INPUT = input();
  private static final Options SPARSE = Options.DEFAULT.withSparse(true);

  private static float[] input() {
    float[] values = Fixtures.randomImages(NETWORK, 1, 2);
    for (int i = 0; i < values.length; i++) {
      values[i] = values[i] / 128 - 1;
    }
    return values;
  }

  /** With this share of the kernels' blocks of neighbours in the last dimension of TFLite zero. */
  private static Model pruned(double share, int block) {
    Weights.Builder pruned = Weights.builder();
    MODEL
        .weights()
        .asMap()
        .forEach(
            (name, tensor) -> {
              float[] values = tensor.toFloats();
              if (name.endsWith("kernel")) {
                // The input channels, but for depthwise kernels and before the outputs.
                boolean depthwise = name.endsWith("depthwise_kernel");
                int last = tensor.shape().get(tensor.shape().size() - 1);
                int group = depthwise ? block : block * last;
                for (int start = 0; start < values.length; start += group) {
                  for (int o = 0; o < last; o++) {
                    SplittableRandom random = new SplittableRandom(start + o * 31L);
                    random.nextInt();
                    if (random.nextDouble() < share) {
                      for (int i = start + o; i < start + group; i += last) {
                        // Of either sign, as masks leave them.
                        values[i] *= 0;
                      }
                    }
                  }
                }
              }
              pruned.put(name, FloatTensor.of(values, tensor.shape()));
            });
    return new Model(NETWORK, pruned.build());
  }

  private static Model halved(Model model) {
    Weights.Builder halves = Weights.builder();
    model
        .weights()
        .asMap()
        .forEach((name, tensor) -> halves.put(name, Float16Tensor.of((FloatTensor) tensor)));
    return new Model(model.network(), halves.build());
  }

  private static Model integer(Model model, Arithmetic arithmetic) {
    Map<String, MinMaxQuantization.Range> ranges =
        MinMaxQuantization.ranges(new TfLiteEngineFactory(), model, INPUT, 1);
    return MinMaxQuantization.quantize(model, arithmetic, ranges, Set.of());
  }

  static Stream<Model> sparseModels() {
    List<Model> models = new ArrayList<>();
    for (Model model : List.of(pruned(0.8, 1), pruned(0.5, 4), pruned(1, 1))) {
      models.add(model);
      models.add(halved(model));
      models.add(new DynamicRangeQuantization().apply(model));
      models.add(new DynamicRangeQuantization().apply(model).with(Quantization.NONE));
      models.add(integer(model, Arithmetic.INT8));
      models.add(integer(model, Arithmetic.INT16));
    }
    return models.stream();
  }

  @ParameterizedTest
  @MethodSource("sparseModels")
  void sparseFilesComputeTheSame(Model model) {
    byte[] dense = TfLiteWriter.toBytes(model);
    byte[] sparse = TfLiteWriter.toBytes(model, SPARSE);
    assertThat(sparse.length).isLessThanOrEqualTo(dense.length);
    for (boolean delegate : new boolean[] {true, false}) {
      assertThat(run(sparse, delegate)).isDeepEqualTo(run(dense, delegate));
    }
    try (TfLiteEngine before = TfLiteEngine.load(dense, TfLiteEngine.Options.DEFAULT);
        TfLiteEngine after = TfLiteEngine.load(sparse, TfLiteEngine.Options.DEFAULT)) {
      assertThat(after.delegatedWhole()).isEqualTo(before.delegatedWhole());
    }
  }

  @Test
  void leavesOutZerosWhereThatPays() {
    byte[] dense = TfLiteWriter.toBytes(MODEL);
    assertThat(TfLiteWriter.toBytes(MODEL, SPARSE)).isEqualTo(dense);
    // Four bytes a value, and one for its place: 64 to 320 channels fit one or two.
    double share = (double) TfLiteWriter.toBytes(pruned(0.8, 1), SPARSE).length / dense.length;
    assertThat(share).isBetween(0.2, 0.32);
    // A place for four values.
    double blocks = (double) TfLiteWriter.toBytes(pruned(0.8, 4), SPARSE).length / dense.length;
    assertThat(blocks).isBetween(0.2, 0.25);
    Model half = integer(pruned(0.5, 1), Arithmetic.INT8);
    // Places take as much as half of the values do.
    ParsedFile file = new ParsedFile(TfLiteWriter.toBytes(half, SPARSE));
    assertThat(file.operators("DENSIFY")).isEmpty();
    ParsedFile hybrid =
        new ParsedFile(
            TfLiteWriter.toBytes(new DynamicRangeQuantization().apply(pruned(0.9, 1)), SPARSE));
    assertThat(hybrid.operators("DENSIFY"))
        .allSatisfy(op -> assertThat(op.inputs().get(0)).isEqualTo("depthwise/depthwise_kernel"))
        .hasSize(1);
  }

  @Test
  void saysWhereTheValuesStand() {
    Network network =
        new Network(
            "rows", "x", List.of(512), List.of(new Dense("d", "x", 3, false)), List.of("d"));
    float[] values = new float[512 * 3];
    values[2 * 3] = 5; // [2, 0]
    values[200 * 3] = 6; // [200, 0]
    values[7 * 3 + 2] = 7; // [7, 2]
    values[9 * 3 + 1] = -0f;
    Weights weights = Weights.builder().put("d/kernel", FloatTensor.of(values, 512, 3)).build();
    ParsedFile file = new ParsedFile(TfLiteWriter.toBytes(new Model(network, weights), SPARSE));
    assertThat(file.writer("d").inputs().get(1)).isEqualTo("d/kernel/dense");
    assertThat(file.writer("d/kernel/dense").name()).isEqualTo("DENSIFY");
    assertThat(file.data("d/kernel").remaining()).isEqualTo(12);
    assertThat(file.data("d/kernel").asFloatBuffer().get(1)).isEqualTo(6);
    SparsityParameters sparsity = file.tensor("d/kernel").sparsity();
    assertThat(sparsity.traversalOrderLength()).isEqualTo(2);
    assertThat(sparsity.blockMapLength()).isZero();
    DimensionMetadata rows = sparsity.dimMetadata(0);
    assertThat(rows.format()).isEqualTo(DimensionType.DENSE);
    assertThat(rows.denseSize()).isEqualTo(3);
    DimensionMetadata columns = sparsity.dimMetadata(1);
    assertThat(columns.format()).isEqualTo(DimensionType.SPARSE_CSR);
    assertThat(columns.arraySegmentsType()).isEqualTo(SparseIndexVector.Uint8Vector);
    Uint8Vector segments = (Uint8Vector) columns.arraySegments(new Uint8Vector());
    assertThat(List.of(0, 1, 2, 3).stream().map(segments::values)).containsExactly(0, 2, 2, 3);
    Uint8Vector indices = (Uint8Vector) columns.arrayIndices(new Uint8Vector());
    assertThat(List.of(0, 1, 2).stream().map(indices::values)).containsExactly(2, 200, 7);
  }

  @Test
  void sparseFilesKeepTheirFormWithMetadata() {
    Network network =
        new Network(
            "images",
            "x",
            List.of(8, 8, 3),
            List.of(
                new Conv2D("conv", "x", 512, 1, 1, Padding.SAME, true),
                new GlobalAveragePooling2D("mean", "conv", false),
                new Dense("dense", "mean", 2, true)),
            List.of("dense"));
    Model model = Fixtures.withRandomWeights(network, 4);
    float[] kernel = model.weights().floats("conv/kernel");
    for (int i = 0; i < kernel.length; i++) {
      kernel[i] = i % 9 == 0 ? kernel[i] : 0;
    }
    Weights sparse =
        Weights.builder().put("conv/kernel", FloatTensor.of(kernel, 1, 1, 3, 512)).build();
    Model pruned = new Model(network, model.weights().plus(sparse));
    float[] image = Fixtures.randomImages(network, 1, 5);
    Map<String, MinMaxQuantization.Range> ranges =
        MinMaxQuantization.ranges(new TfLiteEngineFactory(), pruned, image, 1);
    TfLiteMetadata metadata =
        new TfLiteMetadata(
            "n",
            "d",
            "1",
            "a",
            "l",
            TfLiteMetadata.Input.pixels("p", Fit.STRETCH),
            new TfLiteMetadata.Output("o", "d", List.of("A", "B")),
            List.of());
    for (Model each :
        List.of(
            pruned,
            halved(pruned),
            MinMaxQuantization.quantize(pruned, Arithmetic.INT8, ranges, Set.of()))) {
      byte[] plain = TfLiteWriter.toBytes(each, SPARSE);
      byte[] described = metadata.addTo(plain);
      assertThat(described.length - plain.length).isLessThan(3000);
      for (boolean delegate : new boolean[] {true, false}) {
        assertThat(run(described, delegate, image)).isDeepEqualTo(run(plain, delegate, image));
      }
    }
  }

  /** Whoever wrote it so, values outside the tensor would be written outside its memory. */
  @Test
  void refusesPlacesOutsideTheTensor() {
    byte[] good = TfLiteWriter.toBytes(pruned(0.8, 1), SPARSE);
    SparsityParameters sparsity = new ParsedFile(good).tensor("conv/kernel").sparsity();
    DimensionMetadata inputs = sparsity.dimMetadata(3);
    Uint8Vector indices = (Uint8Vector) inputs.arrayIndices(new Uint8Vector());
    int offset = indices.valuesAsByteBuffer().position();
    byte[] bad = good.clone();
    bad[offset + 3] = 64;
    for (boolean delegate : new boolean[] {true, false}) {
      assertThatThrownBy(() -> TfLiteEngine.load(bad, new TfLiteEngine.Options(1, delegate)))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("sparse");
    }
  }

  /** Whatever bits change, the file runs or is refused; the process goes on. */
  @Test
  void survivesDamagedSparseFiles() {
    byte[] good = TfLiteWriter.toBytes(pruned(0.95, 1), SPARSE);
    int refused = 0;
    for (int seed = 0; seed < 200; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      byte[] damaged = good.clone();
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      try (TfLiteEngine engine =
          TfLiteEngine.load(damaged, new TfLiteEngine.Options(1, seed % 2 == 0))) {
        if (engine.inputShape().equals(NETWORK.inputShape())) {
          assertThat(engine.run(INPUT, 1)).isNotEmpty();
        }
      } catch (DeepXrayException e) {
        refused++;
      }
    }
    assertThat(refused).isBetween(20, 190);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void computesWithHalvesAsIfTheyWereFloats(boolean delegate) {
    Model halves = halved(MODEL);
    byte[] file = TfLiteWriter.toBytes(halves);
    byte[] floats = TfLiteWriter.toBytes(MODEL);
    assertThat((double) file.length / floats.length).isBetween(0.49, 0.53);
    ParsedFile parsed = new ParsedFile(file);
    assertThat(parsed.type("conv/kernel")).isEqualTo("FLOAT16");
    assertThat(parsed.type("dense/bias")).isEqualTo("FLOAT16");
    assertThat(parsed.operators("DEQUANTIZE"))
        .hasSize(8)
        .allSatisfy(op -> assertThat(op.version()).isEqualTo(3));
    assertThat(parsed.data("dense/bias").getShort(2))
        .isEqualTo(Float16.toHalf(MODEL.weights().floats("dense/bias")[1]));
    Map<String, double[]> rounded = new ReferenceInterpreter(halves).run(INPUT);
    Map<String, double[]> exact = new ReferenceInterpreter(MODEL).run(INPUT);
    try (TfLiteEngine engine = TfLiteEngine.load(file, new TfLiteEngine.Options(1, delegate))) {
      assertThat(engine.delegatedWhole()).isEqualTo(delegate);
      float[][] results = engine.run(INPUT, 1);
      for (int o = 0; o < 2; o++) {
        String output = NETWORK.outputs().get(o);
        assertClose(output, results[o], rounded.get(output), 1e-5);
        // 11 binary digits.
        assertClose(output, results[o], exact.get(output), 5e-3);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void computesWithDequantizedIntegers(boolean delegate) {
    Model model = new DynamicRangeQuantization().apply(MODEL).with(Quantization.NONE);
    byte[] file = TfLiteWriter.toBytes(model);
    ParsedFile parsed = new ParsedFile(file);
    assertThat(parsed.operators("DEQUANTIZE"))
        .hasSize(4)
        .allSatisfy(op -> assertThat(op.version()).isEqualTo(5));
    assertThat(parsed.writer("dense").version()).isEqualTo(1);
    Map<String, double[]> expected = new ReferenceInterpreter(model).run(INPUT);
    try (TfLiteEngine engine = TfLiteEngine.load(file, new TfLiteEngine.Options(1, delegate))) {
      assertThat(engine.delegatedWhole()).isEqualTo(delegate);
      float[][] results = engine.run(INPUT, 1);
      for (int o = 0; o < 2; o++) {
        String output = NETWORK.outputs().get(o);
        assertClose(output, results[o], expected.get(output), 1e-5);
      }
    }
  }

  /** A kernel of halves beside kernels of integers, where inputs are quantized on the fly. */
  @Test
  void mixesTypes() {
    Model dynamic = new DynamicRangeQuantization().apply(MODEL);
    Tensor half = Float16Tensor.of((FloatTensor) MODEL.weights().get("wide/kernel"));
    Model mixed =
        new Model(
            NETWORK,
            dynamic.weights().plus(Weights.builder().put("wide/kernel", half).build()),
            Quantization.DYNAMIC);
    byte[] file = TfLiteWriter.toBytes(mixed);
    assertThat(new ParsedFile(file).type("wide/kernel")).isEqualTo("FLOAT16");
    assertThat(new ParsedFile(file).type("conv/kernel")).isEqualTo("INT8");
    try (TfLiteEngine engine = TfLiteEngine.load(file, TfLiteEngine.Options.DEFAULT)) {
      double[] expected = new ReferenceInterpreter(mixed).run(INPUT).get("wide");
      assertClose("wide", engine.run(INPUT, 1)[1], expected, 0.05);
    }
  }

  private static float[][] run(byte[] file, boolean delegate) {
    return run(file, delegate, INPUT);
  }

  private static float[][] run(byte[] file, boolean delegate, float[] input) {
    try (TfLiteEngine engine = TfLiteEngine.load(file, new TfLiteEngine.Options(1, delegate))) {
      return engine.run(input, 1);
    }
  }
}
