package io.github.deepxray.train.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.internal.head.GuardNetwork;
import io.github.deepxray.train.internal.head.GuardNetwork.Parameters;
import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;

class GuardFitterTest {
  private static final int FEATURES = 12;

  /** Vectors of a plane in 12 dimensions, with little noise, around 3. */
  private static double[][] inThePlane(int count, long seed) {
    Random random = new Random(seed);
    return rows(
        count,
        random::nextGaussian,
        (base, i) ->
            3 + (i % 2 == 0 ? base[0] : base[1]) * (1 + i / 4) + 0.1 * random.nextGaussian());
  }

  private interface Feature {
    double of(double[] base, int index);
  }

  private static double[][] rows(int count, DoubleSupplier random, Feature feature) {
    double[][] rows = new double[count][FEATURES];
    for (double[] row : rows) {
      double[] base = {random.getAsDouble(), random.getAsDouble()};
      Arrays.setAll(row, i -> feature.of(base, i));
    }
    return rows;
  }

  /** The same plane, turned over: what is near 3 is near -1. */
  private static double[][] moved(int count, long seed) {
    double[][] rows = inThePlane(count, seed);
    for (double[] row : rows) {
      Arrays.setAll(row, i -> row[i] - (i < 3 ? 4 : 0));
    }
    return rows;
  }

  private static float[] run(Parameters guard, double[][] rows) {
    Model network = new Model(GuardNetwork.network(FEATURES, guard.components()), guard.weights());
    float[] input = new float[rows.length * FEATURES];
    for (int i = 0; i < input.length; i++) {
      input[i] = (float) rows[i / FEATURES][i % FEATURES];
    }
    try (InferenceEngine engine =
        new TfLiteEngineFactory().create(Passes.forInference().apply(network), 1)) {
      return engine.run(input, rows.length)[0];
    }
  }

  private static double flagged(Parameters guard, double[][] rows) {
    int count = 0;
    for (float value : run(guard, rows)) {
      count += value > 0.5 ? 1 : 0;
    }
    return (double) count / rows.length;
  }

  private static Parameters fit() {
    return new GuardFitter(inThePlane(200, 1), moved(200, 2), inThePlane(300, 3)).fit();
  }

  @Test
  void letsOnePercentOfTheValidationImagesBeyondTheLimit() {
    double[] validation = new double[300];
    float[] values = run(fit(), inThePlane(300, 3));
    Arrays.setAll(validation, i -> values[i]);
    assertThat(Arrays.stream(validation).filter(v -> v > InputGuard.limit(validation)).count())
        .isEqualTo(3);
    assertThat(InputGuard.limit(validation)).isCloseTo(0.5, within(1e-3));
  }

  @Test
  void flagsWhatLeavesThePlaneAndWhatIsMovedAlongTheDiscriminant() {
    Parameters guard = fit();
    Random random = new Random(9);
    double[][] anywhere =
        rows(200, random::nextGaussian, (base, i) -> 3 + 5 * random.nextGaussian());
    assertThat(flagged(guard, anywhere)).isGreaterThan(0.99);
    assertThat(flagged(guard, moved(200, 10))).isGreaterThan(0.95);
    assertThat(flagged(guard, inThePlane(200, 11))).isLessThan(0.05);
  }

  @Test
  void computesTheFormulaOfItsDocumentation() {
    Parameters guard = fit();
    Weights weights = guard.weights();
    int count = guard.components();
    double[][] rows = inThePlane(5, 12);
    float[] values = run(guard, rows);
    for (int r = 0; r < rows.length; r++) {
      double[] z = new double[FEATURES];
      double near = weights.floats("guard_length/bias")[0];
      double undistorted = weights.floats("guard_distortion/bias")[0];
      float scale = weights.floats("guard_length/kernel")[0];
      for (int f = 0; f < FEATURES; f++) {
        double deviation = Math.sqrt(weights.floats("guard_standardize/variance")[f]);
        z[f] = (rows[r][f] - weights.floats("guard_standardize/mean")[f]) / deviation;
        near += scale * z[f] * z[f];
        undistorted += z[f] * weights.floats("guard_distortion/kernel")[f];
      }
      for (int k = 0; k < count; k++) {
        double length = 0;
        for (int f = 0; f < FEATURES; f++) {
          length += weights.floats("guard_components/kernel")[f * count + k] * z[f];
        }
        near -= scale * length * length;
      }
      double expected = 1 - 1 / (1 + Math.exp(-near)) / (1 + Math.exp(-undistorted));
      assertThat(values[r]).isCloseTo((float) expected, within(1e-4f));
    }
  }

  @Test
  void hasALimitOfFewImages() {
    assertThat(InputGuard.limit(new double[] {0.5}))
        .isCloseTo(Math.E / (Math.E + 1), within(1e-12));
    // The odds of the largest, 2 to 3, times e.
    double odds = Math.E * 2 / 3;
    assertThat(InputGuard.limit(new double[] {0.2, 0.4, 0.1}))
        .isCloseTo(odds / (1 + odds), within(1e-12));
    double[] hundred = new double[100];
    Arrays.setAll(hundred, i -> i / 100.0);
    assertThat(InputGuard.limit(hundred)).isCloseTo(0.985, within(1e-12));
  }
}
