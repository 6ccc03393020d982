package io.github.deepxray.core.internal.math;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PrincipalComponentsTest {
  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  @Test
  void arePerpendicularAndOfLengthOne() {
    SplittableRandom random = new SplittableRandom(5);
    double[][] examples = new double[40][25];
    for (double[] row : examples) {
      for (int i = 0; i < row.length; i++) {
        row[i] = random.nextDouble() - 0.5;
      }
    }
    double[][] components = PrincipalComponents.of(examples, 7);
    for (int j = 0; j < 7; j++) {
      for (int k = 0; k < 7; k++) {
        assertThat(dot(components[j], components[k])).isCloseTo(j == k ? 1 : 0, within(1e-12));
      }
    }
  }

  @Test
  void findTheAxesOfAnEllipsoidTheLongestFirst() {
    // Plus and minus each axis, of lengths 5, 4, 3, 2, 1, in a turned order.
    int[] axes = {3, 0, 4, 1, 2};
    double[][] examples = new double[10][6];
    for (int i = 0; i < 5; i++) {
      examples[2 * i][axes[i]] = 5 - i;
      examples[2 * i + 1][axes[i]] = i - 5;
    }
    double[][] components = PrincipalComponents.of(examples, 3);
    for (int k = 0; k < 3; k++) {
      assertThat(Math.abs(components[k][axes[k]])).isCloseTo(1, within(1e-9));
    }
  }

  @Test
  void spanTheSpaceOfTheExamples() {
    SplittableRandom random = new SplittableRandom(6);
    double[][] basis = new double[3][50];
    for (double[] row : basis) {
      for (int i = 0; i < row.length; i++) {
        row[i] = random.nextDouble() - 0.5;
      }
    }
    double[][] examples = new double[30][50];
    for (double[] row : examples) {
      for (double[] direction : basis) {
        double factor = random.nextDouble() - 0.5;
        for (int i = 0; i < row.length; i++) {
          row[i] += factor * direction[i];
        }
      }
    }
    double[][] components = PrincipalComponents.of(examples, 3);
    for (double[] row : examples) {
      double rest = dot(row, row);
      for (double[] component : components) {
        rest -= dot(row, component) * dot(row, component);
      }
      assertThat(rest).isCloseTo(0, within(1e-12));
    }
  }
}
