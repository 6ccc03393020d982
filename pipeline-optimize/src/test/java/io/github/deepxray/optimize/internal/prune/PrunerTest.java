package io.github.deepxray.optimize.internal.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.backbone.Backbone;
import io.github.deepxray.core.backbone.Backbones;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Sparsity;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Int8Tensor;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.optimize.prune.PruningSchedule;
import io.github.deepxray.optimize.prune.PruningSchedule.ConstantSparsity;
import io.github.deepxray.optimize.prune.PruningSchedule.PolynomialDecay;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.optimize.prune.PruningSpec.Base;
import io.github.deepxray.optimize.prune.PruningSpec.Scope;
import io.github.deepxray.optimize.prune.PruningSpec.Structure;
import io.github.deepxray.testkit.Fixtures;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PrunerTest {
  private static final Backbone B0 = Backbones.named("efficientnetb0");

  private static final Network NETWORK = SmallEfficientNet.network();
  private static final Model MODEL = Fixtures.withRandomWeights(NETWORK, 1);

  /** Made once, as it takes a while. */
  private static final class Whole {
    private static final Model MODEL = Fixtures.withRandomWeights(EfficientNet.B0.network(32), 1);
  }

  /** One kernel [1, 1, 8, 2] of known weights. */
  private static final Network TINY =
      new Network(
          "tiny",
          "x",
          List.of(2, 2, 8),
          List.of(new Conv2D("conv", "x", 2, 1, 1, Padding.SAME, false)),
          List.of("conv"));

  @ParameterizedTest
  @CsvSource({"0.333, LAYER", "0.8, GLOBAL"})
  void prunesTheShareOfAll1x1WeightsAndSparesTheRest(double sparsity, Scope scope) {
    Model model = Whole.MODEL;
    Network b0 = model.network();
    Model pruned = once(of(sparsity).withScope(scope), model).apply(model);

    Map<String, Sparsity.Count> counts = Sparsity.of(pruned).tensors();
    long pointwise = 0;
    long zeros = 0;
    for (WeightSpec spec : b0.weightSpecs()) {
      Sparsity.Count count = counts.get(spec.name());
      if (!spec.name().matches("(block[4-7]._(expand|project)_conv|top_conv)/kernel")) {
        assertThat(pruned.weights().get(spec.name())).isEqualTo(model.weights().get(spec.name()));
      }
      if (spec.name().matches("(block.._(expand|project)_conv|top_conv)/kernel")) {
        pointwise += count.weights();
        zeros += count.weights() - count.nonZero();
      }
    }
    assertThat(zeros).isEqualTo(Math.round(sparsity * pointwise));
  }

  @Test
  void prunesEachLayerAlike() {
    Masks masks = once(of(0.5).withBase(Base.PRUNED), MODEL);
    assertThat(masks.sparsity()).isEqualTo(0.5, offset(1e-6));
    for (String name : masks.tensors().keySet()) {
      assertThat((double) zeros(masks.get(name)))
          .isCloseTo(0.5 * masks.get(name).size(), offset(1.0));
    }
  }

  @Test
  void keepsTheLargestOfEachKernel() {
    Masks masks = once(of(0.7), MODEL);
    masks
        .tensors()
        .forEach(
            (name, mask) -> {
              float[] values = MODEL.weights().floats(name);
              float largestRemoved = 0;
              float smallestKept = Float.MAX_VALUE;
              for (int i = 0; i < values.length; i++) {
                if (mask.at(i) == 0) {
                  largestRemoved = Math.max(largestRemoved, Math.abs(values[i]));
                } else {
                  smallestKept = Math.min(smallestKept, Math.abs(values[i]));
                }
              }
              assertThat(largestRemoved).as(name).isLessThanOrEqualTo(smallestKept);
            });
  }

  @Test
  void globalScopeRanksByTheLampScore() {
    Network two =
        new Network(
            "two",
            "x",
            List.of(1, 1, 2),
            List.of(
                new Conv2D("a", "x", 2, 1, 1, Padding.SAME, false),
                new Conv2D("b", "a", 2, 1, 1, Padding.SAME, false)),
            List.of("b"));
    Weights weights =
        Weights.builder()
            .put("a/kernel", FloatTensor.of(new float[] {1, 2, -3, 4}, 1, 1, 2, 2))
            // A hundred times the magnitudes, and one that dwarfs the others.
            .put("b/kernel", FloatTensor.of(new float[] {100, 200, -300, 4000}, 1, 1, 2, 2))
            .build();
    PruningSpec spec =
        new PruningSpec(
            0.5, Base.PRUNED, Scope.GLOBAL, Structure.UNSTRUCTURED, null, null, List.of());
    Model model = new Model(two, weights);

    // Lamp of a: 1/30, 4/29, 9/25, 1; of b: 1/1614, 4/1613, 9/1609, 1.
    assertThat(once(spec, model).tensors())
        .containsEntry("a/kernel", FloatTensor.of(new float[] {0, 1, 1, 1}, 1, 1, 2, 2))
        .containsEntry("b/kernel", FloatTensor.of(new float[] {0, 0, 0, 1}, 1, 1, 2, 2));
  }

  @ParameterizedTest
  @CsvSource({
    "0.4, POINTWISE, LAYER, UNSTRUCTURED",
    "0.4, POINTWISE, GLOBAL, UNSTRUCTURED",
    "0.4, PRUNED, GLOBAL, BLOCK_1X4",
    "0.5, PRUNED, LAYER, TWO_OF_FOUR"
  })
  void hiddenLayersOfTheHeadLoseTheShareOfTheirOwn(
      double sparsity, Base base, Scope scope, Structure structure) {
    int features = NETWORK.size(NETWORK.outputs().get(0));
    Network head =
        new Network(
            "head",
            "features",
            List.of(features),
            List.of(
                new Dense("member2_hidden1", "features", 40, true),
                new Dense("member2_hidden2", "member2_hidden1", 20, true),
                new Dense("member2_logit", "member2_hidden2", 1, true)),
            List.of("member2_logit"));
    Network classifier = NETWORK.then(head);
    // Its weights are all larger than those of the backbone, or smaller.
    for (float scale : new float[] {1000, 1e-6f}) {
      Weights.Builder weights = Weights.builder();
      Fixtures.withRandomWeights(head, 3)
          .weights()
          .asMap()
          .forEach(
              (name, tensor) -> {
                float[] values = tensor.toFloats();
                for (int i = 0; i < values.length; i++) {
                  values[i] *= scale;
                }
                weights.put(name, FloatTensor.of(values, tensor.shape()));
              });
      PruningSpec spec =
          new PruningSpec(sparsity, base, scope, structure, null, null, null).resolved(B0);
      Pruner pruner = new Pruner(spec, new ConstantSparsity(sparsity, 0), classifier);
      Masks masks = pruner.masks(0, new Model(classifier, MODEL.weights().plus(weights.build())));
      for (String layer : List.of("member2_hidden1", "member2_hidden2")) {
        assertThat(masks.sparsity(layer + "/kernel"))
            .isCloseTo(sparsity, offset(4.0 / masks.get(layer + "/kernel").size()));
      }
      assertThat(masks.tensors().keySet()).doesNotContain("member2_logit/kernel");
      assertThat(pruner.sparsity(masks)).isCloseTo(sparsity, offset(12.0 / pruner.baseWeights()));
      Masks backbone = new Pruner(spec, new ConstantSparsity(sparsity, 0), NETWORK).masks(0, MODEL);
      backbone.tensors().forEach((name, mask) -> assertThat(masks.get(name)).isEqualTo(mask));
    }
  }

  @Test
  void removesEarlierPositionsAmongEquals() {
    float[] ones = new float[16];
    Arrays.fill(ones, 1);
    ones[3] = 0.5f;
    for (Scope scope : Scope.values()) {
      FloatTensor mask = tiny(0.25, scope, Structure.UNSTRUCTURED, ones);
      assertThat(mask)
          .isEqualTo(
              FloatTensor.of(
                  new float[] {0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 1, 1, 8, 2));
    }
  }

  @Test
  void twoOfFourKeepsTheTwoLargestOfFourInputs() {
    // Rows are input channels, columns outputs.
    float[] kernel = {
      1, 9, //
      2, 8, //
      -3, 7, //
      4, -6, //
      -8, 1, //
      7, 1, //
      6, 1, //
      5, 1,
    };
    float[] expected = {0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1};
    for (Scope scope : Scope.values()) {
      assertThat(tiny(0.5, scope, Structure.TWO_OF_FOUR, kernel))
          .isEqualTo(FloatTensor.of(expected, 1, 1, 8, 2));
    }
  }

  @Test
  void blocksGoByTheirMeanMagnitude() {
    float[] kernel = {
      1, 2, //
      1, 2, //
      1, 2, //
      9, 2, //
      3, 1, //
      3, 3, //
      3, 1, //
      -3.5f, -3.5f,
    };
    // Means: 3 and 2 of the upper, 3.125 and 2.125 of the lower half.
    float[] expected = {1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0};
    assertThat(tiny(0.5, Scope.LAYER, Structure.BLOCK_1X4, kernel))
        .isEqualTo(FloatTensor.of(expected, 1, 1, 8, 2));
  }

  @ParameterizedTest
  @EnumSource(Scope.class)
  void everyGroupOfFourHasTwoZeros(Scope scope) {
    PruningSpec spec = of(0.5).withStructure(Structure.TWO_OF_FOUR).withScope(scope);
    Masks masks = once(spec, MODEL);
    assertThat(masks.sparsity()).isEqualTo(0.5);
    assertGroups(masks, List.of(2));
  }

  @Test
  void whileItRisesGroupsAreWholeOrHaveTwoZeros() {
    PruningSpec spec = of(0.5).withStructure(Structure.TWO_OF_FOUR);
    Masks masks =
        new Pruner(spec, new PolynomialDecay(0, 0.5, 0, 100, 1, 10), NETWORK).masks(40, MODEL);
    assertThat(masks.sparsity()).isEqualTo(0.2, offset(2.0 / 800));
    assertGroups(masks, List.of(0, 2));
  }

  @ParameterizedTest
  @EnumSource(Scope.class)
  void blocksAreWholeOrZero(Scope scope) {
    PruningSpec spec = of(0.6).withStructure(Structure.BLOCK_1X4).withScope(scope);
    Pruner pruner = new Pruner(spec, new ConstantSparsity(0.6, 0), NETWORK);
    Masks masks = pruner.masks(0, MODEL);
    assertGroups(masks, List.of(0, 4));
    assertThat(pruner.sparsity(masks)).isEqualTo(0.6, offset(4.0 / pruner.baseWeights()));
  }

  @Test
  void channelsThatFillNoGroupStay() {
    Network odd =
        new Network(
            "odd",
            "x",
            List.of(2, 2, 6),
            List.of(new Conv2D("conv", "x", 3, 1, 1, Padding.SAME, false)),
            List.of("conv"));
    Model model = Fixtures.withRandomWeights(odd, 1);
    FloatTensor mask = once(of(0.5).withStructure(Structure.TWO_OF_FOUR), model).get("conv/kernel");
    assertThat(zeros(mask)).isEqualTo(6);
    for (int i = 12; i < 18; i++) {
      assertThat(mask.at(i)).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "LAYER, UNSTRUCTURED",
    "GLOBAL, UNSTRUCTURED",
    "LAYER, BLOCK_1X4",
    "GLOBAL, BLOCK_1X4",
    "LAYER, TWO_OF_FOUR",
    "GLOBAL, TWO_OF_FOUR"
  })
  void whatIsMaskedStaysMaskedWhileItIsZeroAndTheSparsityRises(Scope scope, Structure structure) {
    PruningSpec spec = of(0.5).withStructure(structure).withScope(scope);
    PruningSchedule schedule = new PolynomialDecay(0.1, 0.5, 0, 40, 3, 10);
    Pruner pruner = new Pruner(spec, schedule, NETWORK);
    Model current = MODEL;
    Masks before = Masks.none();
    for (long step = 0; step <= 40; step += 10) {
      Masks masks = pruner.masks(step, current);
      assertThat(pruner.sparsity(masks))
          .isEqualTo(schedule.sparsity(step), offset(4.0 / pruner.baseWeights()));
      for (String name : before.tensors().keySet()) {
        FloatTensor old = before.get(name);
        FloatTensor now = masks.get(name);
        for (int i = 0; i < old.size(); i++) {
          assertThat(now.at(i)).isLessThanOrEqualTo(old.at(i));
        }
      }
      // A step of training, after which the masks are applied again.
      Model trained = Fixtures.withRandomWeights(NETWORK, 2 + step).with(current.quantization());
      current = masks.apply(trained);
      before = masks;
    }
  }

  @Test
  void aWeightThatIsTrainedBehindItsMaskComesBack() {
    float[] kernel = new float[16];
    for (int i = 0; i < 16; i++) {
      kernel[i] = i + 1;
    }
    assertThat(tiny(0.5, Scope.LAYER, Structure.UNSTRUCTURED, kernel).at(0)).isZero();
    kernel[0] = -100;
    assertThat(tiny(0.5, Scope.LAYER, Structure.UNSTRUCTURED, kernel).at(0)).isEqualTo(1);
  }

  @Test
  void aPartOfTheNetworkIsEnoughIfItHasAllThatIsPruned() {
    PruningSpec spec = of(0.5).withFrom("block4b");
    Pruner pruner = new Pruner(spec, new ConstantSparsity(0.5, 0), NETWORK);
    Weights.Builder weights = Weights.builder();
    pruner.weights().forEach(name -> weights.put(name, MODEL.weights().get(name)));
    List<Layer> parallel = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    for (String name : pruner.weights()) {
      // Not how they are wired, but each with its own shape: only the weights matter.
      List<Integer> shape = MODEL.weights().get(name).shape();
      String layer = name.substring(0, name.indexOf('/'));
      parallel.add(new Conv2D("in_" + layer, "x", shape.get(2), 1, 1, Padding.SAME, false));
      parallel.add(new Conv2D(layer, "in_" + layer, shape.get(3), 1, 1, Padding.SAME, false));
      weights.put(
          "in_" + layer + "/kernel",
          FloatTensor.of(new float[shape.get(2)], 1, 1, 1, shape.get(2)));
      outputs.add(layer);
    }
    Model part =
        new Model(new Network("part", "x", List.of(2, 2, 1), parallel, outputs), weights.build());

    assertThat(pruner.masks(0, part)).isEqualTo(pruner.masks(0, MODEL));
    assertThat(pruner.sparsity(pruner.masks(0, part))).isEqualTo(0.5, offset(1e-6));
    assertThat(pruner.masks(0, part).sparsity()).isGreaterThan(0.5);
  }

  @Test
  void refusesMoreThanThereIs() {
    assertThatThrownBy(() -> once(of(0.95).withFrom("top"), MODEL))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("spare fewer");
    assertThatThrownBy(
            () -> once(of(0.5).withStructure(Structure.TWO_OF_FOUR).withSpare(List.of()), MODEL))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("dwconv");
  }

  @Test
  void masksLeaveZerosWithoutSign() {
    Masks masks = once(of(0.5), MODEL);
    Model pruned = masks.apply(MODEL);
    for (String name : masks.tensors().keySet()) {
      float[] values = pruned.weights().floats(name);
      float[] before = MODEL.weights().floats(name);
      FloatTensor mask = masks.get(name);
      for (int i = 0; i < values.length; i++) {
        int expected = mask.at(i) == 0 ? 0 : Float.floatToRawIntBits(before[i]);
        assertThat(Float.floatToRawIntBits(values[i])).isEqualTo(expected);
      }
    }
    assertThat(Masks.ofZeros(pruned, masks.tensors().keySet())).isEqualTo(masks);
    assertThat(pruned.network()).isEqualTo(MODEL.network());
  }

  @Test
  void foldingKeepsZerosAndTheirSign() {
    float[] gamma = new float[16];
    Arrays.fill(gamma, -1);
    Model model =
        new Model(
            NETWORK,
            MODEL
                .weights()
                .plus(Weights.builder().put("top_bn/gamma", FloatTensor.of(gamma, 16)).build()));
    Masks masks = once(of(0.5), model);
    Model folded = Passes.forInference().apply(masks.apply(model));
    assertThat(Masks.ofZeros(folded, masks.tensors().keySet())).isEqualTo(masks);
    for (String name : masks.tensors().keySet()) {
      for (float value : folded.weights().floats(name)) {
        assertThat(Float.floatToRawIntBits(value)).isNotEqualTo(Integer.MIN_VALUE);
      }
    }
  }

  @Test
  void masksRefuseQuantizedWeightsAndOtherNumbers() {
    Masks masks = once(of(0.5), MODEL);
    Tensor kernel = Int8Tensor.quantize((FloatTensor) MODEL.weights().get("top_conv/kernel"), 3);
    Model quantized =
        new Model(
            NETWORK,
            MODEL.weights().plus(Weights.builder().put("top_conv/kernel", kernel).build()));
    assertThatThrownBy(() -> masks.apply(quantized))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("before quantizing");
    assertThatThrownBy(() -> new Masks(Map.of("w", FloatTensor.of(new float[] {0.5f}, 1))))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(Masks.none().apply(MODEL)).isEqualTo(MODEL);
    assertThat(Masks.none().sparsity()).isZero();
  }

  private static FloatTensor tiny(
      double sparsity, Scope scope, Structure structure, float[] kernel) {
    Model model =
        new Model(
            TINY, Weights.builder().put("conv/kernel", FloatTensor.of(kernel, 1, 1, 8, 2)).build());
    PruningSpec spec = of(sparsity).withScope(scope).withStructure(structure);
    return once(spec, model).get("conv/kernel");
  }

  private static void assertGroups(Masks masks, List<Integer> zerosAllowed) {
    for (FloatTensor mask : masks.tensors().values()) {
      int inputs = mask.shape().get(2);
      int outputs = mask.shape().get(3);
      for (int o = 0; o < outputs; o++) {
        for (int first = 0; first < inputs; first += 4) {
          int zeros = 0;
          for (int i = first; i < first + 4; i++) {
            zeros += mask.at(i * outputs + o) == 0 ? 1 : 0;
          }
          assertThat(zerosAllowed).contains(zeros);
        }
      }
    }
  }

  private static long zeros(FloatTensor mask) {
    long zeros = 0;
    for (int i = 0; i < mask.size(); i++) {
      zeros += mask.at(i) == 0 ? 1 : 0;
    }
    return zeros;
  }

  private static Masks once(PruningSpec spec, Model model) {
    return Pruner.atOnce(spec, model.network()).masks(0, model);
  }

  /** The defaults for EfficientNetB0. */
  private static PruningSpec of(double sparsity) {
    return PruningSpec.of(sparsity).resolved(B0);
  }
}
