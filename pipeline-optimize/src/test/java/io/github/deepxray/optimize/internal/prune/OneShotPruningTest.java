package io.github.deepxray.optimize.internal.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.backbone.Backbone;
import io.github.deepxray.core.backbone.Backbones;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import io.github.deepxray.optimize.internal.prune.OneShotPruning.Compensation;
import io.github.deepxray.optimize.internal.prune.OneShotPruning.Result;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.optimize.prune.PruningSpec.Base;
import io.github.deepxray.optimize.prune.PruningSpec.Scope;
import io.github.deepxray.testkit.Fixtures;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OneShotPruningTest {
  private static final Backbone B0 = Backbones.named("efficientnetb0");

  private static final List<String> PRUNED =
      List.of(
          "block4a_expand_conv",
          "block4a_project_conv",
          "block4b_expand_conv",
          "block4b_project_conv",
          "top_conv");
  private static final Network NETWORK = SmallEfficientNet.network();
  private static final RepresentativeDataset EXAMPLES = ReferenceEngines.examples(NETWORK, 6);

  @Test
  void ranksByMagnitudeTimesInputWithinEachOutput() throws IOException {
    // Inputs of root mean square 5, 10 and 1: two positions each.
    float[] image = {3, 10, 1, (float) Math.sqrt(41), -10, -1};
    // Rows are inputs. Products of the first output: 10, 10.5, 10; of the second, which is weaker
    // altogether: 1, 0.1, 0.9.
    float[] kernel = {2, 0.2f, 1.05f, 0.01f, 10, 0.9f};
    Model model = convolution(1, 2, kernel, new float[2]);
    for (Scope scope : Scope.values()) {
      // Relative to their outputs: .568, .596, .568 and .741, .074, .667: the smallest three are
      // the second output's middle one and the ends of the first output.
      PruningSpec spec = of(0.5).withScope(scope);
      Result result = pruning(spec, Compensation.NONE).prune(model, only(image));
      assertThat(result.masks().get("conv/kernel"))
          .isEqualTo(FloatTensor.of(new float[] {0, 1, 1, 0, 0, 1}, 1, 1, 3, 2));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void restoresTheMeansOfEveryPrunedLayer(boolean folded) throws IOException {
    Model model = model(folded);
    Result result = pruning(spec(), Compensation.MEAN).prune(model, EXAMPLES);
    Map<String, ChannelStatistics> before = outputs(model, folded);
    Map<String, ChannelStatistics> after = outputs(result.model(), folded);
    Map<String, ChannelStatistics> without =
        outputs(pruning(spec(), Compensation.NONE).prune(model, EXAMPLES).model(), folded);
    double drift = 0;
    for (String tensor : before.keySet()) {
      for (int c = 0; c < before.get(tensor).means().size(); c++) {
        double wanted = before.get(tensor).means().get(c);
        assertThat(after.get(tensor).means().get(c)).isCloseTo(wanted, offset(1e-4));
        drift = Math.max(drift, Math.abs(without.get(tensor).means().get(c) - wanted));
      }
    }
    assertThat(drift).isGreaterThan(0.1);
    assertThat(Masks.ofZeros(result.model(), result.masks().tensors().keySet()))
        .isEqualTo(result.masks());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void restoresVariancesIfAsked(boolean folded) throws IOException {
    Model model = model(folded);
    Result result = pruning(spec(), Compensation.MEAN_AND_VARIANCE).prune(model, EXAMPLES);
    Map<String, ChannelStatistics> before = outputs(model, folded);
    Map<String, ChannelStatistics> after = outputs(result.model(), folded);
    for (String tensor : before.keySet()) {
      for (int c = 0; c < before.get(tensor).means().size(); c++) {
        assertThat(after.get(tensor).means().get(c))
            .isCloseTo(before.get(tensor).means().get(c), offset(1e-4));
        double wanted = before.get(tensor).variance(c);
        assertThat(after.get(tensor).variance(c)).isCloseTo(wanted, offset(1e-3 * (1 + wanted)));
      }
    }
  }

  @Test
  void prunesTheSameFoldedOrNot() throws IOException {
    Masks masks = pruning(spec(), Compensation.NONE).prune(model(false), EXAMPLES).masks();
    Masks folded = pruning(spec(), Compensation.NONE).prune(model(true), EXAMPLES).masks();
    assertThat(folded).isEqualTo(masks);
  }

  @ParameterizedTest
  @EnumSource(Compensation.class)
  void sparesTheRest(Compensation compensation) throws IOException {
    Model model = model(false);
    Result result = pruning(spec(), compensation).prune(model, EXAMPLES);
    assertThat(result.masks().tensors().keySet())
        .containsExactlyElementsOf(PRUNED.stream().map(layer -> layer + "/kernel").toList());
    assertThat(result.masks().sparsity()).isEqualTo(0.5, offset(1e-3));
    assertThat(Masks.ofZeros(result.model(), result.masks().tensors().keySet()))
        .isEqualTo(result.masks());
    for (String name : model.weights().names()) {
      if (name.contains("stem") || name.contains("dwconv") || name.contains("_se_")) {
        assertThat(result.model().weights().get(name)).isEqualTo(model.weights().get(name));
      }
    }
    assertThat(result.model().network()).isEqualTo(model.network());
  }

  @Test
  void weightsThatAreLeftTakeOverWhatTheOthersDid() throws IOException {
    // The second channel is always twice the first, plus 1; the third is on its own.
    float[] image = {1, 3, 4, -2, -3, 9, 0.5f, 2, -7, 3, 7, 2};
    // The weights of the first and of the second channel are the weaker ones in turn.
    float[] kernel = {1, 1, 2, 0.1f, 3, 2};
    Model model = convolution(2, 2, kernel, new float[] {5, -5});
    Result result =
        pruning(of(1 / 3.0).withScope(Scope.LAYER), Compensation.LEAST_SQUARES)
            .prune(model, only(image));
    assertThat(result.masks().get("conv/kernel"))
        .isEqualTo(FloatTensor.of(new float[] {0, 1, 1, 0, 1, 1}, 1, 1, 3, 2));
    // x0 + 2 x1 = 2.5 x1 - 0.5, and x0 + 0.1 x1 = 1.2 x0 + 0.1; the ridge takes a little of it.
    float[] fitted = result.model().weights().floats("conv/kernel");
    assertThat(fitted).containsExactly(new float[] {0, 1.2f, 2.5f, 0, 3, 2}, offset(0.01f));
    assertThat(result.model().weights().floats("conv/bias"))
        .containsExactly(new float[] {4.5f, -4.9f}, offset(0.03f));
  }

  /** The same in a dense layer, where each example is a sample. */
  @Test
  void weightsThatAreLeftInADenseLayerTakeOver() throws IOException {
    float[][] vectors = {{1, 3, 4}, {-2, -3, 9}, {0.5f, 2, -7}, {3, 7, 2}};
    Network network =
        new Network(
            "dense", "x", List.of(3), List.of(new Dense("dense", "x", 2, true)), List.of("dense"));
    Model model =
        new Model(
            network,
            Weights.builder()
                .put("dense/kernel", FloatTensor.of(new float[] {1, 1, 2, 0.1f, 3, 2}, 3, 2))
                .put("dense/bias", FloatTensor.of(new float[] {5, -5}, 2))
                .build());
    for (Scope scope : Scope.values()) {
      Result result =
          pruning(of(1 / 3.0).withScope(scope), Compensation.LEAST_SQUARES)
              .prune(model, examples(vectors));
      assertThat(result.masks().get("dense/kernel"))
          .isEqualTo(FloatTensor.of(new float[] {0, 1, 1, 0, 1, 1}, 3, 2));
      float[] fitted = result.model().weights().floats("dense/kernel");
      assertThat(fitted).containsExactly(new float[] {0, 1.2f, 2.5f, 0, 3, 2}, offset(0.01f));
      assertThat(result.model().weights().floats("dense/bias"))
          .containsExactly(new float[] {4.5f, -4.9f}, offset(0.03f));
    }
  }

  @Test
  void fittingDistortsLessThanRestoringMoments() throws IOException {
    Model model = model(false);
    double restored = distortion(model, Compensation.MEAN_AND_VARIANCE);
    assertThat(restored).isLessThan(distortion(model, Compensation.NONE));
    assertThat(distortion(model, Compensation.LEAST_SQUARES)).isLessThan(0.8 * restored);
  }

  /** The mean square of what pruning changes in the network's output, on other examples. */
  private static double distortion(Model model, Compensation compensation) throws IOException {
    Model pruned = pruning(spec(), compensation).prune(model, EXAMPLES).model();
    double sum = 0;
    try (InferenceEngine before = new ReferenceEngines().create(model, 1);
        InferenceEngine after = new ReferenceEngines().create(pruned, 1)) {
      RepresentativeDataset others = ReferenceEngines.examples(NETWORK, 9);
      for (int i = EXAMPLES.size(); i < others.size(); i++) {
        float[] a = before.run(others.example(i), 1)[0];
        float[] b = after.run(others.example(i), 1)[0];
        for (int k = 0; k < a.length; k++) {
          sum += Math.pow(a[k] - b[k], 2);
        }
      }
    }
    return sum;
  }

  @Test
  void saysWhereACorrectionHasNoPlace() {
    Network bare =
        new Network(
            "bare",
            "x",
            List.of(2, 2, 4),
            List.of(new Conv2D("conv", "x", 4, 1, 1, Padding.SAME, false)),
            List.of("conv"));
    Model model = Fixtures.withRandomWeights(bare, 1);
    assertThatThrownBy(
            () ->
                pruning(of(0.5), Compensation.MEAN)
                    .prune(model, ReferenceEngines.examples(bare, 2)))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("conv")
        .hasMessageContaining("fold");
  }

  /** A 1x1 convolution from 3 channels to 2. */
  private static Model convolution(int height, int width, float[] kernel, float[] bias) {
    Network network =
        new Network(
            "conv",
            "x",
            List.of(height, width, 3),
            List.of(new Conv2D("conv", "x", 2, 1, 1, Padding.SAME, true)),
            List.of("conv"));
    return new Model(
        network,
        Weights.builder()
            .put("conv/kernel", FloatTensor.of(kernel, 1, 1, 3, 2))
            .put("conv/bias", FloatTensor.of(bias, 2))
            .build());
  }

  private static RepresentativeDataset only(float[] image) {
    return examples(new float[][] {image});
  }

  private static RepresentativeDataset examples(float[][] values) {
    return new RepresentativeDataset() {
      @Override
      public int size() {
        return values.length;
      }

      @Override
      public float[] example(int index) {
        return values[index].clone();
      }
    };
  }

  private static PruningSpec spec() {
    return of(0.5).withScope(Scope.GLOBAL).withBase(Base.PRUNED);
  }

  private static Model model(boolean folded) {
    Model model = Fixtures.withRandomWeights(NETWORK, 1);
    return folded ? Passes.forInference().apply(model) : model;
  }

  private static OneShotPruning pruning(PruningSpec spec, Compensation compensation) {
    return new OneShotPruning(spec, compensation, new ReferenceEngines(), 2, Progress.NONE);
  }

  /** Statistics of what the pruned layers write, after batch normalization. */
  private static Map<String, ChannelStatistics> outputs(Model model, boolean folded)
      throws IOException {
    List<String> tensors =
        folded ? PRUNED : PRUNED.stream().map(name -> name.replace("_conv", "_bn")).toList();
    return ChannelStatistics.collect(
        new ReferenceEngines(), 2, model, tensors, EXAMPLES, Progress.NONE);
  }

  /** The defaults for EfficientNetB0. */
  private static PruningSpec of(double sparsity) {
    return PruningSpec.of(sparsity).resolved(B0);
  }
}
