package io.github.deepxray.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

/** Assertions on long arrays of numbers whose messages describe only the largest difference. */
public final class ArrayAssertions {
  private ArrayAssertions() {}

  /**
   * Asserts that no two values differ by more than {@code tolerance}.
   *
   * @param what the name of the values in messages
   */
  public static void assertClose(
      String what, double[] actual, double[] expected, double tolerance) {
    assertThat(actual).as(what).hasSameSizeAs(expected);
    int worst = 0;
    for (int i = 0; i < actual.length; i++) {
      // Written so that NaN counts as the largest difference.
      if (!(Math.abs(actual[i] - expected[i]) <= Math.abs(actual[worst] - expected[worst]))) {
        worst = i;
      }
    }
    if (actual.length > 0 && !(Math.abs(actual[worst] - expected[worst]) <= tolerance)) {
      fail(
          "%s differs most at [%d]: %s instead of %s, beyond %s",
          what, worst, actual[worst], expected[worst], tolerance);
    }
  }

  /** As {@link #assertClose(String, double[], double[], double)}. */
  public static void assertClose(String what, float[] actual, double[] expected, double tolerance) {
    assertClose(what, doubles(actual), expected, tolerance);
  }

  /** As {@link #assertClose(String, double[], double[], double)}. */
  public static void assertClose(String what, float[] actual, float[] expected, double tolerance) {
    assertClose(what, doubles(actual), doubles(expected), tolerance);
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < doubles.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }
}
