package io.github.deepxray.core.internal.math;

/** Solution of linear systems by Cholesky decomposition. */
public final class Cholesky {
  private Cholesky() {}

  /**
   * Solves a system with a positive definite matrix in place.
   *
   * @param matrix {@code [N, N]}, of which the upper half is used and overwritten
   * @param right {@code [N, K]}, the right sides, which become the solutions
   */
  public static void solve(double[][] matrix, double[][] right) {
    int n = matrix.length;
    // matrix = U^T U. Row by row: the inner loops run along rows, and the row that is
    // written stays in the cache.
    for (int i = 0; i < n; i++) {
      double[] row = matrix[i];
      eliminate(matrix, i);
      row[i] = Math.sqrt(row[i]);
      for (int j = i + 1; j < n; j++) {
        row[j] /= row[i];
      }
    }
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < i; k++) {
        subtract(right[i], matrix[k][i], right[k]);
      }
      divide(right[i], matrix[i][i]);
    }
    for (int i = n - 1; i >= 0; i--) {
      for (int k = i + 1; k < n; k++) {
        subtract(right[i], matrix[i][k], right[k]);
      }
      divide(right[i], matrix[i][i]);
    }
  }

  /** Subtracts the rows above from row i, four at a time: fewer loads, equal rounding. */
  private static void eliminate(double[][] matrix, int i) {
    double[] row = matrix[i];
    int k = 0;
    for (; k + 4 <= i; k += 4) {
      double[] row0 = matrix[k];
      double[] row1 = matrix[k + 1];
      double[] row2 = matrix[k + 2];
      double[] row3 = matrix[k + 3];
      double factor0 = row0[i];
      double factor1 = row1[i];
      double factor2 = row2[i];
      double factor3 = row3[i];
      for (int j = i; j < row.length; j++) {
        row[j] =
            row[j] - factor0 * row0[j] - factor1 * row1[j] - factor2 * row2[j] - factor3 * row3[j];
      }
    }
    for (; k < i; k++) {
      double[] above = matrix[k];
      double factor = above[i];
      for (int j = i; j < row.length; j++) {
        row[j] -= factor * above[j];
      }
    }
  }

  private static void subtract(double[] from, double factor, double[] row) {
    for (int o = 0; o < from.length; o++) {
      from[o] -= factor * row[o];
    }
  }

  private static void divide(double[] row, double divisor) {
    for (int o = 0; o < row.length; o++) {
      row[o] /= divisor;
    }
  }
}
