package io.github.deepxray.optimize.internal.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Quantization.Affine;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.optimize.internal.Range;
import io.github.deepxray.optimize.internal.TensorStatistics;
import io.github.deepxray.optimize.quantize.RangeMethod;
import io.github.deepxray.optimize.quantize.RangeSelection;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RangesTest {
  private static final List<RangeMethod> ALL =
      List.of(
          RangeMethod.MIN_MAX,
          RangeMethod.PERCENTILE,
          RangeMethod.MSE,
          RangeMethod.ENTROPY,
          RangeMethod.MOVING_AVERAGE);

  @Test
  void minMaxReachesToZero() {
    assertThat(Ranges.of(RangeMethod.MIN_MAX, Statistics.of(2, 5, 3), 256))
        .isEqualTo(new Range(0, 5));
    assertThat(Ranges.of(RangeMethod.MIN_MAX, Statistics.of(-2, -5), 256))
        .isEqualTo(new Range(-5, 0));
    assertThat(Ranges.of(RangeMethod.MIN_MAX, Statistics.of(-2, 3), 256))
        .isEqualTo(new Range(-2, 3));
  }

  @Test
  void percentileCutsTheSameShareOnBothSides() {
    // -1000 .. 999 in steps of 1: of 2,000 values 10 may go on either side.
    float[] values = new float[2000];
    for (int i = 0; i < values.length; i++) {
      values[i] = i - 1000;
    }
    TensorStatistics seen = Statistics.of(8001, values);
    Range range = Ranges.of(RangeMethod.percentile(0.99), seen, 256);
    double bin = seen.histogram().width();
    assertThat(range.min()).isCloseTo(-990, within(bin));
    assertThat(range.max()).isCloseTo(989, within(bin));
    // Never more than that: the values at the cut are inside.
    assertThat(range.min()).isLessThanOrEqualTo(-990);
    assertThat(range.max()).isGreaterThanOrEqualTo(989);
    assertThat(Ranges.of(RangeMethod.percentile(1), seen, 256)).isEqualTo(new Range(-1000, 999));
  }

  @Test
  void percentileLeavesOutliersOut() {
    float[] values = gaussian(100_000, 1, 3);
    values[17] = 500;
    values[18] = -300;
    Range range = Ranges.of(RangeMethod.PERCENTILE, Statistics.of(values), 256);
    // Of a normal distribution .9998 lie within 3.72 standard deviations; a bin is 0.2 wide.
    assertThat(range.max()).isBetween(3.4, 4.1);
    assertThat(range.min()).isBetween(-4.1, -3.4);
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 256})
  void mseFindsWhatTryingAllRangesFinds(int levels) {
    float[] values = gaussian(20_000, 1, 5);
    for (int i = 0; i < 200; i++) {
      // A tail on one side only.
      values[i] = 3 + i / 20f;
    }
    TensorStatistics seen = Statistics.of(values);
    Range found = Ranges.of(RangeMethod.MSE, seen, levels);

    double best = Double.POSITIVE_INFINITY;
    for (double low = seen.min(); low < -0.5; low += 0.1) {
      for (double high = 0.5; high < seen.max() + 0.1; high += 0.1) {
        best = Math.min(best, squaredError(values, low, high, levels));
      }
    }
    double error = squaredError(values, found.min(), found.max(), levels);
    assertThat(error).isLessThan(best * 1.02);
    assertThat(error).isLessThan(squaredError(values, seen.min(), seen.max(), levels));
  }

  @Test
  void mseKeepsAllOfAnEvenDistribution() {
    float[] values = new float[10_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = i / 10_000f * 6 - 2;
    }
    Range range = Ranges.of(RangeMethod.MSE, Statistics.of(values), 256);
    assertThat(range.min()).isCloseTo(-2, within(0.05));
    assertThat(range.max()).isCloseTo(4, within(0.05));
  }

  @Test
  void entropyMatchesItsDefinitionOnAFewBins() {
    // Four bins, two steps, all kept: P = .4 .2 .2 .2, Q = .3 .3 .2 .2.
    double expected = 0.4 * Math.log(0.4 / 0.3) + 0.2 * Math.log(0.2 / 0.3);
    assertThat(Ranges.divergence(new double[] {4, 2, 2, 2}, 4, 2))
        .isCloseTo(expected, offset(1e-12));
    // Cut at two bins, one step: P = .4 .6 (the tail is put into the last), Q = .5 .5 of 4 + 2.
    assertThat(Ranges.divergence(new double[] {4, 2, 2, 2}, 2, 1))
        .isCloseTo(0.4 * Math.log(0.4 / 0.5) + 0.6 * Math.log(0.6 / 0.5), offset(1e-12));
    // An empty bin stays empty: Q = .5 0 .5 is P itself.
    assertThat(Ranges.divergence(new double[] {3, 0, 3}, 3, 1)).isCloseTo(0, offset(1e-12));
  }

  @Test
  void entropyCutsALongThinTail() {
    float[] values = gaussian(200_000, 1, 7);
    for (int i = 0; i < 20; i++) {
      values[i] = 30 + i;
    }
    Range range = Ranges.of(RangeMethod.ENTROPY, Statistics.of(values), 256);
    assertThat(range.max()).isBetween(2.0, 8.0);
    assertThat(range.min()).isBetween(-6.0, -2.0);
    // Values of one sign get all steps on their side.
    float[] positive = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      positive[i] = Math.abs(values[i]);
    }
    assertThat(Ranges.of(RangeMethod.ENTROPY, Statistics.of(positive), 256).min()).isZero();
  }

  @Test
  void movingAverageFollowsItsFormula() {
    TensorStatistics seen =
        Statistics.of(64, new float[] {-1, 2}, new float[] {-3, 1}, new float[] {0, 7});
    Range range = Ranges.of(RangeMethod.movingAverage(0.9), seen, 256);
    assertThat(range.min()).isCloseTo((-1 * 0.9 - 3 * 0.1) * 0.9, offset(1e-12));
    assertThat(range.max()).isCloseTo((2 * 0.9 + 0.1) * 0.9 + 0.7, offset(1e-12));
  }

  @Test
  void everyMethodCopesWithDegenerateTensors() {
    float[][] tensors = {
      {0, 0, 0}, {3, 3}, {-3, -3, -3}, {1e-42f, 0}, {1e30f, -1e30f}, {1000, 1000.001f}, {5}
    };
    for (RangeMethod method : ALL) {
      for (float[] tensor : tensors) {
        Range range = Ranges.of(method, Statistics.of(tensor), 256);
        assertThat(range.min()).as("%s of %s", method, Arrays.toString(tensor)).isNotPositive();
        assertThat(range.max()).isNotNegative();
        for (Arithmetic arithmetic : List.of(Arithmetic.INT8, Arithmetic.INT16)) {
          Affine affine = range.affine(arithmetic);
          assertThat(affine.zeroPoint()).isBetween(arithmetic.min(), arithmetic.max());
        }
      }
      // What is seen only once and far from 0 is not cut off.
      assertThat(Ranges.of(method, Statistics.of(3f, 3f, 3f), 256).max()).isEqualTo(3);
    }
  }

  @Test
  void theGridFollowsTfLitesSpecification() {
    // scale = (max - min) / 255, zero point = round(-128 - min / scale).
    assertThat(new Range(-1, 3).affine(Arithmetic.INT8))
        .isEqualTo(new Affine((float) (4 / 255.0), (int) Math.round(-128 + 255 / 4.0)));
    assertThat(new Range(0, 6).affine(Arithmetic.INT8))
        .isEqualTo(new Affine((float) (6 / 255.0), -128));
    assertThat(new Range(-6, 0).affine(Arithmetic.INT8))
        .isEqualTo(new Affine((float) (6 / 255.0), 127));
    assertThat(new Range(0, 255).affine(Arithmetic.INT8)).isEqualTo(new Affine(1, -128));
    assertThat(new Range(-1, 3).affine(Arithmetic.INT16))
        .isEqualTo(new Affine((float) (3 / 32767.0), 0));
    assertThat(new Range(0, 0).affine(Arithmetic.INT8)).isEqualTo(new Affine(1, 0));
  }

  @Test
  void methodsHaveNames() {
    for (RangeMethod method : ALL) {
      assertThat(RangeMethod.of(method.toString())).isEqualTo(method);
    }
    assertThat(RangeMethod.of("percentile:0.999")).isEqualTo(RangeMethod.percentile(0.999));
    assertThat(RangeMethod.of("KL")).isEqualTo(RangeMethod.ENTROPY);
    for (String wrong :
        List.of("median", "percentile:", "percentile:1.5", "mse:3", "percentile:x")) {
      assertThatThrownBy(() -> RangeMethod.of(wrong)).isInstanceOf(DeepXrayException.class);
    }
    assertThatThrownBy(() -> RangeMethod.of("median")).hasMessageContaining("choose min-max");
  }

  @Test
  void theFirstRuleThatFitsDecides() {
    RangeSelection selection =
        RangeSelection.of(RangeMethod.PERCENTILE)
            .with("block2a", RangeMethod.MSE)
            .with("block2a_dw*", RangeMethod.MIN_MAX);
    assertThat(selection.rule("block2a_dwconv")).contains(RangeMethod.MIN_MAX);
    assertThat(selection.rule("block2a_expand_conv")).contains(RangeMethod.MSE);
    assertThat(selection.rule("block2b_expand_conv")).isEmpty();
    assertThat(RangeSelection.Rule.of("stem=mse"))
        .isEqualTo(new RangeSelection.Rule("stem", RangeMethod.MSE));
    assertThatThrownBy(() -> RangeSelection.Rule.of("mse"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("<layers>=<method>");
  }

  private static double squaredError(float[] values, double low, double high, int levels) {
    double step = (high - low) / (levels - 1);
    double sum = 0;
    for (float value : values) {
      double level = Math.max(0, Math.min(levels - 1, Math.rint((value - low) / step)));
      double error = low + level * step - value;
      sum += error * error;
    }
    return sum;
  }

  private static float[] gaussian(int count, double deviation, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return values;
  }
}
