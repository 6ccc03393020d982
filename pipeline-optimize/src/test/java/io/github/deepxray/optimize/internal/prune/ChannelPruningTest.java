package io.github.deepxray.optimize.internal.prune;

import static io.github.deepxray.testkit.ArrayAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.backbone.ExpansionBlock;
import io.github.deepxray.core.internal.network.MultiplyAdds;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.optimize.internal.DynamicRangeQuantization;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import io.github.deepxray.optimize.internal.prune.ChannelPruning.Result;
import io.github.deepxray.optimize.prune.ChannelPruningSpec;
import io.github.deepxray.optimize.prune.ChannelPruningSpec.Allocation;
import io.github.deepxray.optimize.prune.ChannelPruningSpec.Compensation;
import io.github.deepxray.optimize.prune.ChannelPruningSpec.Cost;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.ReferenceInterpreter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChannelPruningTest {
  private static final Network NETWORK = SmallEfficientNet.network();
  private static final Model MODEL = Fixtures.withRandomWeights(NETWORK, 1);
  private static final RepresentativeDataset EXAMPLES = ReferenceEngines.examples(NETWORK, 12);
  private static final List<Integer> SILENT = List.of(0, 3, 5, 8, 13, 17, 22, 23);

  @ParameterizedTest
  @CsvSource({"false, NONE", "true, NONE", "false, MEAN", "true, LEAST_SQUARES"})
  void removingSilentChannelsChangesNothing(boolean folded, Compensation compensation)
      throws IOException {
    // Neither the projection nor squeeze-and-excitation listens to some channels.
    Model model = MODEL;
    for (String layer : List.of("block4b_project_conv", "block4b_se_reduce")) {
      FloatTensor kernel = (FloatTensor) model.weights().get(layer + "/kernel");
      float[] values = kernel.toFloats();
      int outputs = kernel.shape().get(3);
      for (int channel : SILENT) {
        for (int o = 0; o < outputs; o++) {
          values[channel * outputs + o] = 0;
        }
      }
      model = with(model, layer + "/kernel", FloatTensor.of(values, kernel.shape()));
    }
    model = folded ? Passes.forInference().apply(model) : model;

    Result result = prune(model, widths(Map.of("block4b", 16)).withCompensation(compensation));

    assertThat(result.kept().get("block4b"))
        .isEqualTo(IntStream.range(0, 24).boxed().filter(c -> !SILENT.contains(c)).toList());
    assertThat(result.widths()).isEqualTo(Map.of("block4b", 16));
    assertThat(result.model().network().shape("block4b_se_excite")).containsExactly(3, 3, 16);
    assertSame(model, result.model(), 1e-5);
  }

  @Test
  void theMeanMakesUpForChannelsThatNeverChange() throws IOException {
    // A depthwise kernel of zeros: the channel is what batch normalization makes of 0.
    FloatTensor kernel = (FloatTensor) MODEL.weights().get("block4a_dwconv/depthwise_kernel");
    float[] values = kernel.toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] = SILENT.contains(i % 24) ? 0 : values[i];
    }
    Model model =
        with(MODEL, "block4a_dwconv/depthwise_kernel", FloatTensor.of(values, kernel.shape()));
    // The gate varies with the image; hold it still.
    FloatTensor gate = (FloatTensor) MODEL.weights().get("block4a_se_expand/kernel");
    model =
        with(
            model,
            "block4a_se_expand/kernel",
            FloatTensor.of(new float[gate.size()], gate.shape()));
    ChannelPruningSpec spec = widths(Map.of("block4a", 16));

    Result mean = prune(model, spec.withCompensation(Compensation.MEAN));
    Result none = prune(model, spec.withCompensation(Compensation.NONE));

    assertThat(mean.kept().get("block4a")).doesNotContainAnyElementsOf(SILENT);
    assertSame(model, mean.model(), 1e-5);
    assertThat(error(model, none.model())).isGreaterThan(1e4 * error(model, mean.model()));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void leastSquaresMakesUpForCopies(boolean folded) throws IOException {
    // Channels 12 to 23 are copies of 0 to 11, so that half of them can do it all.
    Map<String, Integer> axes =
        Map.of(
            "block4a_expand_conv/kernel", 24,
            "block4a_dwconv/depthwise_kernel", 24,
            "block4a_se_expand/kernel", 24);
    Model model = MODEL;
    for (String name : MODEL.weights().names()) {
      boolean vector = name.matches("block4a_((expand_)?bn/.*|se_expand/bias)");
      if (axes.containsKey(name) || vector) {
        float[] values = MODEL.weights().floats(name);
        for (int i = 0; i < values.length; i++) {
          values[i] = i % 24 < 12 ? values[i] : values[i - 12];
        }
        model = with(model, name, FloatTensor.of(values, MODEL.weights().get(name).shape()));
      }
    }
    // Nothing is to be lost in the gate.
    FloatTensor reduce = (FloatTensor) MODEL.weights().get("block4a_se_reduce/kernel");
    model =
        with(
            model,
            "block4a_se_reduce/kernel",
            FloatTensor.of(new float[reduce.size()], reduce.shape()));
    model = folded ? Passes.forInference().apply(model) : model;
    Map<String, List<Integer>> kept = Map.of("block4a", IntStream.range(0, 12).boxed().toList());

    Model half = ChannelPruning.keep(model, blocks(model), kept);
    Model fitted =
        new LeastSquaresFit(new ReferenceEngines(), 2, Progress.NONE)
            .fit(model, half, List.of("block4a_project_conv"), EXAMPLES);

    assertThat(error(model, fitted)).isLessThan(0.02 * error(model, half));
  }

  @Test
  void eachCompensationIsBetterThanTheOneBefore() throws IOException {
    double before = Double.MAX_VALUE;
    for (Compensation compensation : Compensation.values()) {
      Result result =
          prune(MODEL, widths(Map.of("block4a", 16, "block4b", 16)).withCompensation(compensation));
      double error = error(MODEL, result.model());
      assertThat(error).isLessThan(before);
      before = error;
    }
  }

  @Test
  void foldedOrNotTheSameChannelsStayAndDoTheSame() throws IOException {
    for (Compensation compensation : Compensation.values()) {
      ChannelPruningSpec spec = ChannelPruningSpec.of(0.7).withCompensation(compensation);
      Result plain = prune(MODEL, spec);
      Result folded = prune(Passes.forInference().apply(MODEL), spec);
      assertThat(folded.kept()).isEqualTo(plain.kept());
      // The ridge of the fit is in other units once the scale is folded in; elsewhere it is exact.
      assertSame(
          plain.model(), folded.model(), compensation == Compensation.LEAST_SQUARES ? 1e-2 : 1e-5);
    }
  }

  @Test
  void doesNotDependOnTheNumberOfThreads() throws IOException {
    ChannelPruningSpec spec = ChannelPruningSpec.of(0.7);
    assertThat(
            new ChannelPruning(spec, new ReferenceEngines(), 3, Progress.NONE)
                .prune(MODEL, blocks(MODEL), EXAMPLES))
        .isEqualTo(prune(MODEL, spec));
  }

  @ParameterizedTest
  @EnumSource
  void reachesTheShareOfMultiplyAdds(Allocation allocation) throws IOException {
    Model model = Fixtures.withRandomWeights(NETWORK, 3);
    long before = MultiplyAdds.total(NETWORK);
    for (double share : new double[] {0.9, 0.6}) {
      Result result =
          prune(
              model,
              ChannelPruningSpec.of(share)
                  .withAllocation(allocation)
                  .withCost(Cost.MULTIPLY_ADDS)
                  .withCompensation(Compensation.NONE));
      long after = MultiplyAdds.total(result.model().network());
      // Eight channels of the most expensive block.
      long step = before / 6;
      assertThat(after).isBetween((long) (share * before) - 2 * step, (long) (share * before));
      assertThat(result.widths().values()).allMatch(width -> width % 8 == 0);
    }
  }

  @Test
  void uniformWidthsFollowTheShare() {
    ChannelPruningSpec spec =
        ChannelPruningSpec.of(0.6).withAllocation(Allocation.UNIFORM).withCost(Cost.MULTIPLY_ADDS);
    Network b0 = EfficientNet.B0.network();
    Map<String, Integer> widths =
        new ChannelWidths(spec, b0, EfficientNet.B0.expansionBlocks()).choose(Map.of());
    Map<String, Integer> own = EfficientNet.B0.expansionChannels();
    widths.forEach(
        (block, width) ->
            assertThat((double) width / own.get(block)).as(block).isBetween(0.5, 0.62));
    long left = MultiplyAdds.total(EfficientNet.B0.network(224, widths));
    assertThat((double) left / MultiplyAdds.total(b0)).isBetween(0.58, 0.6);
  }

  @Test
  void globalWidthsTakeWhatIsCheapest() {
    Network b0 = EfficientNet.B0.network();
    Map<String, double[]> damage = new HashMap<>();
    EfficientNet.B0
        .expansionChannels()
        .forEach(
            (block, channels) -> {
              double[] values = new double[channels];
              // Only half of the channels of block 6 do something.
              for (int c = 0; c < channels; c++) {
                values[c] = block.startsWith("block6") && c % 2 == 0 ? 0 : 1;
              }
              damage.put(block, values);
            });
    ChannelPruningSpec spec = ChannelPruningSpec.of(0.93).withCost(Cost.MULTIPLY_ADDS);
    Map<String, Integer> widths =
        new ChannelWidths(spec, b0, EfficientNet.B0.expansionBlocks()).choose(damage);
    EfficientNet.B0
        .expansionChannels()
        .forEach(
            (block, channels) -> {
              if (block.startsWith("block6")) {
                assertThat(widths.get(block)).isBetween(channels / 2, channels);
              } else {
                assertThat(widths).containsEntry(block, channels);
              }
            });
  }

  @Test
  void timeIsSavedInTheEarlyBlocks() {
    Network b0 = EfficientNet.B0.network();
    Map<String, double[]> damage = new HashMap<>();
    EfficientNet.B0
        .expansionChannels()
        .forEach(
            (block, channels) -> {
              double[] values = new double[channels];
              Arrays.fill(values, 1.0 / channels);
              damage.put(block, values);
            });
    ChannelPruningSpec spec = ChannelPruningSpec.of(0.9);
    int byTime =
        new ChannelWidths(spec, b0, EfficientNet.B0.expansionBlocks())
            .choose(damage)
            .get("block2a");
    int byMultiplyAdds =
        new ChannelWidths(spec.withCost(Cost.MULTIPLY_ADDS), b0, EfficientNet.B0.expansionBlocks())
            .choose(damage)
            .get("block2a");
    assertThat(byTime).isLessThanOrEqualTo(byMultiplyAdds);
  }

  @Test
  void onlyTheBlocksNamedAreNarrowed() throws IOException {
    Result result =
        prune(
            MODEL,
            ChannelPruningSpec.of(0.75)
                .withBlocks(List.of("block4a"))
                .withCompensation(Compensation.NONE));
    assertThat(result.kept()).containsOnlyKeys("block4a");
    assertThatThrownBy(
            () -> prune(MODEL, ChannelPruningSpec.of(0.2).withBlocks(List.of("block4b"))))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("more blocks");
  }

  @Test
  void theNetworkIsTheOneThatEfficientNetBuilds() {
    Model b0 = Fixtures.withRandomWeights(EfficientNet.B0.network(64), 1);
    Map<String, List<Integer>> kept =
        Map.of(
            "block2a", IntStream.range(0, 48).boxed().toList(),
            "block6c", IntStream.range(0, 576).map(c -> 2 * c).boxed().toList());

    Model narrow = ChannelPruning.keep(b0, blocks(b0), kept);

    assertThat(narrow.network())
        .isEqualTo(EfficientNet.B0.network(64, Map.of("block2a", 48, "block6c", 576)));
    float[] expand = narrow.weights().floats("block6c_expand_conv/kernel");
    float[] whole = b0.weights().floats("block6c_expand_conv/kernel");
    assertThat(expand[5 * 576 + 7]).isEqualTo(whole[5 * 1152 + 14]);
    float[] project = narrow.weights().floats("block6c_project_conv/kernel");
    float[] wholeProject = b0.weights().floats("block6c_project_conv/kernel");
    assertThat(project[7 * 192 + 5]).isEqualTo(wholeProject[14 * 192 + 5]);
    float[] depthwise = narrow.weights().floats("block6c_dwconv/depthwise_kernel");
    float[] wholeDepthwise = b0.weights().floats("block6c_dwconv/depthwise_kernel");
    assertThat(depthwise[3 * 576 + 7]).isEqualTo(wholeDepthwise[3 * 1152 + 14]);
  }

  @Test
  void refusesWhatCannotBe() {
    assertThatThrownBy(() -> prune(MODEL, widths(Map.of("block9a", 8))))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("block9a");
    assertThatThrownBy(() -> prune(MODEL, widths(Map.of("block4a", 25))))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("1 to 24");
    assertThatThrownBy(
            () -> ChannelPruning.keep(MODEL, blocks(MODEL), Map.of("block5a", List.of(1))))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("block5a");
    Model b0 = Fixtures.withRandomWeights(EfficientNet.B0.network(32), 1);
    Model quantized = new DynamicRangeQuantization().apply(b0);
    assertThatThrownBy(
            () ->
                ChannelPruning.keep(
                    quantized, blocks(quantized), Map.of("block6a", List.of(1, 2, 3))))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("before quantizing");
  }

  @Test
  void readsItsSpecification(@TempDir Path folder) throws IOException {
    assertThat(ChannelPruningSpec.read("0.6")).isEqualTo(ChannelPruningSpec.of(0.6));
    Path file = folder.resolve("channels.yaml");
    Files.writeString(
        file,
        """
        share: 0.5
        cost: multiply_adds
        widths: {block7a: 640}
        blocks: ["block[6]?", "block5a"]
        allocation: uniform
        multiple: 16
        minimum: 0.5
        compensation: mean
        """);
    assertThat(ChannelPruningSpec.read(file.toString()))
        .isEqualTo(
            new ChannelPruningSpec(
                0.5,
                Cost.MULTIPLY_ADDS,
                Map.of("block7a", 640),
                List.of("block[6]?", "block5a"),
                Allocation.UNIFORM,
                16,
                0.5,
                Compensation.MEAN));
    Files.writeString(file, "widths: {block7a: 640}");
    assertThat(ChannelPruningSpec.read(file.toString()).decides("block2a")).isFalse();
    for (String wrong : List.of("{}", "share: 1.5", "{share: 0.5, multiple: 0}", "minimum: 0.5")) {
      Files.writeString(file, wrong);
      assertThatThrownBy(() -> ChannelPruningSpec.read(file.toString()))
          .isInstanceOf(DeepXrayException.class);
    }
    assertThatThrownBy(() -> ChannelPruningSpec.read("missing.yaml"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("missing.yaml");
  }

  private static ChannelPruningSpec widths(Map<String, Integer> widths) {
    return new ChannelPruningSpec(
        0, Cost.TIME, widths, List.of(), Allocation.GLOBAL, 8, 0.25, Compensation.NONE);
  }

  private static Result prune(Model model, ChannelPruningSpec spec) throws IOException {
    return new ChannelPruning(spec, new ReferenceEngines(), 1, Progress.NONE)
        .prune(model, blocks(model), EXAMPLES);
  }

  private static Model with(Model model, String name, FloatTensor tensor) {
    return new Model(
        model.network(), model.weights().plus(Weights.builder().put(name, tensor).build()));
  }

  private static void assertSame(Model expected, Model actual, double tolerance) {
    for (int seed = 0; seed < 3; seed++) {
      float[] image = Fixtures.randomImages(NETWORK, 1, seed);
      assertClose(
          "avg_pool",
          new ReferenceInterpreter(actual).run(image).get("avg_pool"),
          new ReferenceInterpreter(expected).run(image).get("avg_pool"),
          tolerance);
    }
  }

  /** The mean square of the difference, on images that were not seen before. */
  private static double error(Model expected, Model actual) {
    List<Double> squares = new ArrayList<>();
    for (int seed = 100; seed < 108; seed++) {
      float[] image = Fixtures.randomImages(NETWORK, 1, seed);
      double[] a = new ReferenceInterpreter(expected).run(image).get("avg_pool");
      double[] b = new ReferenceInterpreter(actual).run(image).get("avg_pool");
      for (int i = 0; i < a.length; i++) {
        squares.add((a[i] - b[i]) * (a[i] - b[i]));
      }
    }
    return squares.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  private static List<ExpansionBlock> blocks(Model model) {
    return model.network().layers().stream()
        .map(Layer::name)
        .filter(name -> name.endsWith("_expand_conv"))
        .map(name -> EfficientNet.expansionBlock(name.replace("_expand_conv", "")))
        .toList();
  }
}
