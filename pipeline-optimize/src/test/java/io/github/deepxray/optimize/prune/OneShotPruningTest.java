package io.github.deepxray.optimize.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.Passes;
import io.github.deepxray.optimize.prune.Centering.Moments;
import io.github.deepxray.optimize.prune.OneShotPruning.Result;
import io.github.deepxray.optimize.prune.PruningSpec.Base;
import io.github.deepxray.optimize.prune.PruningSpec.Scope;
import io.github.deepxray.optimize.quantize.RepresentativeDataset;
import io.github.deepxray.testkit.Fixtures;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OneShotPruningTest {
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
    Network network =
        new Network(
            "conv",
            "x",
            List.of(1, 2, 3),
            List.of(new Conv2D("conv", "x", 2, 1, 1, Padding.SAME, true)),
            List.of("conv"));
    // Inputs of root mean square 5, 10 and 1: two positions each.
    float[] image = {3, 10, 1, (float) Math.sqrt(41), -10, -1};
    RepresentativeDataset examples =
        new RepresentativeDataset() {
          @Override
          public int size() {
            return 1;
          }

          @Override
          public float[] example(int index) {
            return image.clone();
          }
        };
    // Rows are inputs. Products of the first output: 10, 10.5, 10; of the second, which is weaker
    // altogether: 1, 0.1, 0.9.
    float[] kernel = {2, 0.2f, 1.05f, 0.01f, 10, 0.9f};
    Model model =
        new Model(
            network,
            Weights.builder()
                .put("conv/kernel", FloatTensor.of(kernel, 1, 1, 3, 2))
                .put("conv/bias", FloatTensor.of(new float[2], 2))
                .build());
    for (Scope scope : Scope.values()) {
      // Relative to their outputs: .568, .596, .568 and .741, .074, .667: the smallest three are
      // the second output's middle one and the ends of the first output.
      PruningSpec spec = PruningSpec.of(0.5).withScope(scope);
      Result result = pruning(spec, Moments.NONE).prune(model, examples);
      assertThat(result.masks().get("conv/kernel"))
          .isEqualTo(FloatTensor.of(new float[] {0, 1, 1, 0, 0, 1}, 1, 1, 3, 2));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void restoresTheMeansOfEveryPrunedLayer(boolean folded) throws IOException {
    Model model = model(folded);
    Result result = pruning(spec(), Moments.MEAN).prune(model, EXAMPLES);
    Map<String, ChannelStatistics> before = outputs(model, folded);
    Map<String, ChannelStatistics> after = outputs(result.model(), folded);
    Map<String, ChannelStatistics> without =
        outputs(pruning(spec(), Moments.NONE).prune(model, EXAMPLES).model(), folded);
    double drift = 0;
    for (String tensor : before.keySet()) {
      for (int c = 0; c < before.get(tensor).means().size(); c++) {
        double wanted = before.get(tensor).means().get(c);
        assertThat(after.get(tensor).means().get(c)).isCloseTo(wanted, offset(1e-4));
        drift = Math.max(drift, Math.abs(without.get(tensor).means().get(c) - wanted));
      }
    }
    assertThat(drift).isGreaterThan(0.1);
    assertThat(Masks.ofZeros(result.model(), result.masks().names())).isEqualTo(result.masks());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void restoresVariancesIfAsked(boolean folded) throws IOException {
    Model model = model(folded);
    Result result = pruning(spec(), Moments.MEAN_AND_VARIANCE).prune(model, EXAMPLES);
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
    Masks masks = pruning(spec(), Moments.NONE).prune(model(false), EXAMPLES).masks();
    Masks folded = pruning(spec(), Moments.NONE).prune(model(true), EXAMPLES).masks();
    assertThat(folded).isEqualTo(masks);
  }

  @ParameterizedTest
  @EnumSource(Moments.class)
  void sparesTheRest(Moments moments) throws IOException {
    Model model = model(false);
    Result result = pruning(spec(), moments).prune(model, EXAMPLES);
    assertThat(result.masks().names())
        .containsExactlyElementsOf(PRUNED.stream().map(layer -> layer + "/kernel").toList());
    assertThat(result.masks().sparsity()).isEqualTo(0.5, offset(1e-3));
    for (String name : model.weights().names()) {
      if (name.contains("stem") || name.contains("dwconv") || name.contains("_se_")) {
        assertThat(result.model().weights().get(name)).isEqualTo(model.weights().get(name));
      }
    }
    assertThat(result.model().network()).isEqualTo(model.network());
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
                pruning(PruningSpec.of(0.5), Moments.MEAN)
                    .prune(model, ReferenceEngines.examples(bare, 2)))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("conv")
        .hasMessageContaining("fold");
  }

  private static PruningSpec spec() {
    return PruningSpec.of(0.5).withScope(Scope.GLOBAL).withBase(Base.PRUNED);
  }

  private static Model model(boolean folded) {
    Model model = Fixtures.withRandomWeights(NETWORK, 1);
    return folded ? Passes.forInference().apply(model) : model;
  }

  private static OneShotPruning pruning(PruningSpec spec, Moments moments) {
    return new OneShotPruning(spec, moments, new ReferenceEngines(), 2, Progress.NONE);
  }

  /** Statistics of what the pruned layers write, after batch normalization. */
  private static Map<String, ChannelStatistics> outputs(Model model, boolean folded)
      throws IOException {
    List<String> tensors =
        folded ? PRUNED : PRUNED.stream().map(name -> name.replace("_conv", "_bn")).toList();
    return ChannelStatistics.collect(
        new ReferenceEngines(), 2, model, tensors, EXAMPLES, Progress.NONE);
  }
}
