package io.github.deepxray.optimize.internal.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.optimize.quantize.RangeMethod;
import io.github.deepxray.optimize.quantize.RangeSelection;
import io.github.deepxray.optimize.quantize.SearchLimits;
import io.github.deepxray.testkit.Fixtures;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SensitivitySearchTest {
  private static final QuantizationSpec SPEC =
      QuantizationSpec.of(QuantizationMode.INT8).withRanges(RangeSelection.of(RangeMethod.MIN_MAX));

  private static Model exact;
  private static Calibration calibration;
  private static RepresentativeDataset images;

  /**
   * Four convolutions in a row. The kernel of {@code bad} makes one huge output channel that {@code
   * after} ignores, so that the range of its tensor leaves no steps for the other channels.
   */
  @BeforeAll
  static void prepare() throws IOException {
    Network network =
        new Network(
            "chain",
            "images",
            List.of(8, 8, 3),
            List.of(
                new Conv2D("one", "images", 6, 3, 1, Padding.SAME, true),
                new Activation("one_relu", "one", Function.RELU),
                new Conv2D("two", "one_relu", 6, 1, 1, Padding.SAME, true),
                new Activation("two_relu", "two", Function.RELU),
                new Conv2D("bad", "two_relu", 6, 1, 1, Padding.SAME, true),
                new Conv2D("after", "bad", 6, 1, 1, Padding.SAME, true),
                new Activation("after_relu", "after", Function.RELU),
                new GlobalAveragePooling2D("features", "after_relu", false)),
            List.of("features"));
    Model random = Fixtures.withRandomWeights(network, 2);
    float[] bad = random.weights().floats("bad/kernel");
    float[] after = random.weights().floats("after/kernel");
    for (int i = 0; i < 6; i++) {
      bad[i * 6 + 4] *= 3000;
      after[4 * 6 + i] = 0;
    }
    Weights planted =
        Weights.builder()
            .put("bad/kernel", FloatTensor.of(bad, 1, 1, 6, 6))
            .put("after/kernel", FloatTensor.of(after, 1, 1, 6, 6))
            .build();
    exact = new Model(network, random.weights().plus(planted));
    images = CalibratorTest.images(exact, 6);
    calibration = CalibratorTest.calibrate(exact, images);
  }

  private static double sqnr(Model model) throws IOException {
    QuantizationNoise noise = new QuantizationNoise();
    for (int i = 0; i < images.size(); i++) {
      noise.add(
          SimulatedEngines.tensors(exact, images.example(i)).get("features"),
          SimulatedEngines.tensors(model, images.example(i)).get("features"));
    }
    return noise.decibels();
  }

  private static SensitivitySearch.Result search(
      SensitivitySearch.Acceptance acceptance, SensitivitySearch.Cost cost, SearchLimits limits)
      throws IOException {
    SimulatedEngines engines = new SimulatedEngines(3);
    SensitivitySearch.Result result =
        new SensitivitySearch(engines, 3, Progress.NONE)
            .search(
                exact,
                new ModelQuantization(SPEC).integerQuantization(exact, calibration),
                images,
                new SensitivitySearch.Goal("features", acceptance, cost, limits));
    assertThat(engines.open()).isZero();
    return result;
  }

  @Test
  void keepsExactlyTheLayersAroundTheBadTensor() throws IOException {
    assertThat(sqnr(new ModelQuantization(SPEC).quantize(exact, calibration))).isLessThan(20);
    SensitivitySearch.Result result = search(m -> sqnr(m) > 30, m -> 1, new SearchLimits(5, 2));
    assertThat(result.accepted()).isTrue();
    // A tensor is spared only if nobody writes or reads it as integers.
    assertThat(result.floatLayers()).containsExactly("after", "bad");
    assertThat(result.model().quantization().floatLayers()).containsExactly("after", "bad");
    assertThat(sqnr(result.model())).isGreaterThan(30);
    assertThat(result.steps().get(0).floatLayers()).isEmpty();
    assertThat(search(m -> sqnr(m) > 30, m -> 1, new SearchLimits(5, 2))).isEqualTo(result);
  }

  @Test
  void doesNothingIfTheModelPasses() throws IOException {
    AtomicInteger asked = new AtomicInteger();
    SensitivitySearch.Result result =
        search(m -> asked.incrementAndGet() > 0, m -> 1, new SearchLimits(5, 2));
    assertThat(result.accepted()).isTrue();
    assertThat(result.floatLayers()).isEmpty();
    assertThat(result.steps()).hasSize(1);
    assertThat(asked).hasValue(1);
  }

  @Test
  void staysWithinTheLimits() throws IOException {
    SensitivitySearch.Result one = search(m -> false, m -> 1, new SearchLimits(1, 2));
    assertThat(one.accepted()).isFalse();
    assertThat(one.steps()).hasSize(2);
    SensitivitySearch.Result none = search(m -> false, m -> 1, new SearchLimits(0, 2));
    assertThat(none.floatLayers()).isEmpty();
    // Where layer "bad" in floats is too slow, it stays in integers.
    SensitivitySearch.Result slow =
        search(
            m -> sqnr(m) > 30,
            m -> m.quantization().floatLayers().contains("bad") ? 3 : 1,
            new SearchLimits(5, 2));
    assertThat(slow.accepted()).isFalse();
    assertThat(slow.floatLayers()).doesNotContain("bad");
  }

  /** As long as nothing more is kept, what each layer brings is known. */
  @Test
  void measuresNothingTwice() throws IOException {
    List<Long> measured = Collections.synchronizedList(new ArrayList<>());
    Progress counts =
        (task, total) -> {
          if (task.equals("layers in floats")) {
            measured.add(total);
          }
          return Progress.Task.NONE;
        };
    SensitivitySearch.Result result =
        new SensitivitySearch(new SimulatedEngines(1), 1, counts)
            .search(
                exact,
                new ModelQuantization(SPEC).integerQuantization(exact, calibration),
                images,
                new SensitivitySearch.Goal(
                    "features",
                    m -> false,
                    m -> m.quantization().floatLayers().isEmpty() ? 1 : 3,
                    new SearchLimits(5, 2)));
    assertThat(result.floatLayers()).isEmpty();
    assertThat(measured).hasSize(1);
  }

  @Test
  void layersNamedByTheUserStayInFloats() throws IOException {
    SensitivitySearch.Result result =
        new SensitivitySearch(new SimulatedEngines(1), 1, Progress.NONE)
            .search(
                exact,
                new ModelQuantization(SPEC.withKeepFloat(List.of("one")))
                    .integerQuantization(exact, calibration),
                images,
                new SensitivitySearch.Goal(
                    "features", m -> sqnr(m) > 30, m -> 1, new SearchLimits(5, 2)));
    assertThat(result.floatLayers()).containsAll(Set.of("one", "one_relu", "after", "bad"));
  }
}
