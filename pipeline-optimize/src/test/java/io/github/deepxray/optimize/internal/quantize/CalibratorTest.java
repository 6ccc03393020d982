package io.github.deepxray.optimize.internal.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.internal.Histogram;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import io.github.deepxray.optimize.internal.TensorStatistics;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.testkit.Fixtures;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CalibratorTest {
  private static final int EXAMPLES = 7;
  private static final Model MODEL =
      new ModelQuantization(QuantizationSpec.of(QuantizationMode.INT8))
          .prepare(IntegerQuantizationTest.source());
  private static final RepresentativeDataset IMAGES = images(MODEL, EXAMPLES);

  static RepresentativeDataset images(Model model, int count) {
    return new RepresentativeDataset() {
      @Override
      public int size() {
        return count;
      }

      @Override
      public float[] example(int index) {
        return Fixtures.randomImages(model.network(), 1, index);
      }
    };
  }

  static Calibration calibrate(Model model, RepresentativeDataset images) throws IOException {
    return new Calibrator(new SimulatedEngines(1), 1, Progress.NONE).calibrate(model, images);
  }

  @Test
  void seesWhatIsThere() throws IOException {
    Calibration calibration = calibrate(MODEL, IMAGES);
    assertThat(calibration.tensors().keySet())
        .containsExactlyInAnyOrderElementsOf(MODEL.network().tensors());
    for (int i = 0; i < EXAMPLES; i++) {
      Map<String, float[]> tensors = SimulatedEngines.tensors(MODEL, IMAGES.example(i));
      for (String name : MODEL.network().tensors()) {
        float[] sorted = tensors.get(name).clone();
        Arrays.sort(sorted);
        TensorStatistics seen = calibration.tensor(name);
        assertThat(seen.exampleMin(i)).isEqualTo(sorted[0]);
        assertThat(seen.exampleMax(i)).isEqualTo(sorted[sorted.length - 1]);
        Histogram histogram = seen.histogram();
        assertThat(histogram.total()).isEqualTo((long) EXAMPLES * sorted.length);
        assertThat(histogram.edge(0)).isCloseTo(seen.min(), within(histogram.width() * 1.001));
        assertThat(histogram.edge(histogram.bins()))
            .isCloseTo(seen.max(), within(histogram.width() * 1.001));
        // At the middle of the range, away from rounding at the ends: counts on both sides.
        double middle = histogram.edge(histogram.bins() / 2);
        double below = 0;
        for (int e = 0; e < EXAMPLES; e++) {
          for (float v : SimulatedEngines.tensors(MODEL, IMAGES.example(e)).get(name)) {
            below += v < middle ? 1 : 0;
          }
        }
        if (i == 0) {
          assertThat(histogram.shareOutside(middle, Double.MAX_VALUE))
              .isCloseTo(below / histogram.total(), within(1e-3));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 16})
  void theNumberOfEnginesChangesNothing(int engines) throws IOException {
    SimulatedEngines factory = new SimulatedEngines(engines);
    Calibration calibration =
        new Calibrator(factory, engines, Progress.NONE).calibrate(MODEL, IMAGES);
    assertThat(calibration).isEqualTo(calibrate(MODEL, IMAGES));
    assertThat(factory.open()).isZero();
  }

  @Test
  void neitherDoHowManyTensorsAreHeldAtOnce() throws IOException {
    Calibration calibration =
        new Calibrator(new SimulatedEngines(1), 1, Progress.NONE, 600).calibrate(MODEL, IMAGES);
    assertThat(Calibrator.groups(MODEL.network(), 600)).hasSizeGreaterThan(3);
    assertThat(calibration).isEqualTo(calibrate(MODEL, IMAGES));
  }

  @Test
  void namesATensorThatIsNotFinite() {
    FloatTensor kernel = (FloatTensor) MODEL.weights().get("expand_conv/kernel");
    float[] values = kernel.toFloats();
    values[0] = Float.NaN;
    Model broken =
        new Model(
            MODEL.network(),
            MODEL
                .weights()
                .plus(
                    Weights.builder()
                        .put("expand_conv/kernel", FloatTensor.of(values, kernel.shape()))
                        .build()));
    assertThatThrownBy(() -> calibrate(broken, IMAGES))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("expand_conv")
        .hasMessageContaining("example 0");
    assertThatThrownBy(() -> calibrate(MODEL, IMAGES.first(0)))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("at least 1");
  }
}
