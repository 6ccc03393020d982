package io.github.deepxray.core.internal.math;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogisticRegressionTest {
  private static final int EXAMPLES = 60;

  /** The coefficients are those that {@code tools/goldens/logistic_regression.py} prints. */
  @ParameterizedTest
  @CsvSource({
    "0.5, 2.190469, 0.495344, -0.026921, -0.416327",
    "30, 0.360554, 0.062789, 0.008676, -0.216499"
  })
  void fitsTheCoefficientsOfScikitLearn(
      double penalty, double a, double b, double c, double intercept) {
    double[][] features = new double[EXAMPLES][];
    double[] targets = new double[EXAMPLES];
    for (int i = 0; i < EXAMPLES; i++) {
      double x = Math.sin(i);
      double y = Math.cos(3 * i);
      features[i] = new double[] {x, y, x * y};
      targets[i] = x + 0.5 * y + 0.8 * Math.sin(7 * i) > 0.2 ? 1 : 0;
    }
    LogisticRegression model = LogisticRegression.fit(features, targets, penalty);
    assertThat(model.coefficients())
        .containsExactly(new double[] {a, b, c, intercept}, within(1e-5));
  }

  @Test
  void endsWhereFeaturesTellTheClassExactlyOrRepeatEachOther() {
    double[][] features =
        IntStream.range(0, 40)
            .mapToObj(i -> new double[] {i - 19.5, 2 * (i - 19.5)})
            .toArray(double[][]::new);
    double[] targets = new double[40];
    for (int i = 20; i < 40; i++) {
      targets[i] = 1;
    }
    for (double penalty : new double[] {0, 1}) {
      LogisticRegression model = LogisticRegression.fit(features, targets, penalty);
      assertThat(model.probability(-10, -20)).isBetween(0.0, 0.01);
      assertThat(model.probability(10, 20)).isBetween(0.99, 1.0);
    }
  }
}
