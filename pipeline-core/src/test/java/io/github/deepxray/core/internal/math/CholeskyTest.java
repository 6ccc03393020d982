package io.github.deepxray.core.internal.math;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class CholeskyTest {
  @Test
  void solvesAKnownSystem() {
    // The decomposition of this matrix is integer: rows (2, 6, -8), (0, 1, 5), (0, 0, 3).
    double[][] matrix = {{4, 12, -16}, {12, 37, -43}, {-16, -43, 98}};
    double[][] right = {{-20, 4}, {-43, 12}, {192, -16}};

    Cholesky.solve(matrix, right);

    double[][] expected = {{1, 1}, {2, 0}, {3, 0}};
    for (int i = 0; i < 3; i++) {
      assertThat(right[i]).containsExactly(expected[i], within(1e-9));
    }
  }

  // Sizes around the four rows that are eliminated at a time.
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 8, 9, 37})
  void theSolutionSolvesTheSystem(int n) {
    SplittableRandom random = new SplittableRandom(n);
    double[][] matrix = positiveDefinite(n, random);
    double[][] solution = random(n, 2, random);
    double[][] right = product(matrix, solution);

    Cholesky.solve(matrix, right);

    for (int i = 0; i < n; i++) {
      assertThat(right[i]).containsExactly(solution[i], within(1e-9));
    }
  }

  /** Returns A Aᵀ + I. */
  private static double[][] positiveDefinite(int n, SplittableRandom random) {
    double[][] factor = random(n, n, random);
    double[][] transposed = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        transposed[i][j] = factor[j][i];
      }
    }
    double[][] matrix = product(factor, transposed);
    for (int i = 0; i < n; i++) {
      matrix[i][i] += 1;
    }
    return matrix;
  }

  private static double[][] random(int rows, int columns, SplittableRandom random) {
    double[][] values = new double[rows][columns];
    for (double[] row : values) {
      for (int i = 0; i < columns; i++) {
        row[i] = random.nextDouble() - 0.5;
      }
    }
    return values;
  }

  private static double[][] product(double[][] left, double[][] right) {
    double[][] product = new double[left.length][right[0].length];
    for (int i = 0; i < left.length; i++) {
      for (int j = 0; j < right[0].length; j++) {
        for (int k = 0; k < right.length; k++) {
          product[i][j] += left[i][k] * right[k][j];
        }
      }
    }
    return product;
  }
}
