package io.github.deepxray.core.internal.math;

import java.util.SplittableRandom;

/** Leading principal components of examples, by orthogonal iteration on their Gram matrix. */
public final class PrincipalComponents {
  // More vectors than wanted make the iteration converge fast.
  private static final int MORE = 16;
  private static final int ITERATIONS = 30;

  private PrincipalComponents() {}

  /**
   * Returns orthonormal directions of largest sum of squares, the largest first.
   *
   * @param examples {@code [N, F]}, of mean 0
   * @param count number of components, below the rank of the examples
   */
  public static double[][] of(double[][] examples, int count) {
    int n = examples.length;
    double[][] gram = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        gram[i][j] = dot(examples[i], examples[j]);
        gram[j][i] = gram[i][j];
      }
    }
    SplittableRandom random = new SplittableRandom(1);
    double[][] block = new double[Math.min(n, count + MORE)][n];
    for (double[] vector : block) {
      for (int i = 0; i < n; i++) {
        vector[i] = random.nextDouble() - 0.5;
      }
    }
    for (int step = 0; step < ITERATIONS; step++) {
      orthonormalize(block);
      for (int b = 0; b < block.length; b++) {
        block[b] = times(gram, block[b]);
      }
    }
    orthonormalize(block);
    double[][] components = new double[count][examples[0].length];
    for (int k = 0; k < count; k++) {
      for (int i = 0; i < n; i++) {
        add(components[k], block[k][i], examples[i]);
      }
    }
    orthonormalize(components);
    return components;
  }

  /** Gram-Schmidt, twice for orthogonality to the last digits. */
  private static void orthonormalize(double[][] vectors) {
    for (int k = 0; k < vectors.length; k++) {
      for (int pass = 0; pass < 2; pass++) {
        for (int j = 0; j < k; j++) {
          add(vectors[k], -dot(vectors[j], vectors[k]), vectors[j]);
        }
      }
      double length = Math.sqrt(dot(vectors[k], vectors[k]));
      for (int i = 0; i < vectors[k].length; i++) {
        // A direction without examples stays 0.
        vectors[k][i] = length > 1e-150 ? vectors[k][i] / length : 0;
      }
    }
  }

  private static double[] times(double[][] matrix, double[] vector) {
    double[] product = new double[matrix.length];
    for (int i = 0; i < product.length; i++) {
      product[i] = dot(matrix[i], vector);
    }
    return product;
  }

  private static void add(double[] to, double factor, double[] vector) {
    for (int i = 0; i < to.length; i++) {
      to[i] += factor * vector[i];
    }
  }

  /** Four sums at a time: independent additions are faster. */
  private static double dot(double[] a, double[] b) {
    double sum0 = 0;
    double sum1 = 0;
    double sum2 = 0;
    double sum3 = 0;
    int i = 0;
    for (; i + 4 <= a.length; i += 4) {
      sum0 += a[i] * b[i];
      sum1 += a[i + 1] * b[i + 1];
      sum2 += a[i + 2] * b[i + 2];
      sum3 += a[i + 3] * b[i + 3];
    }
    for (; i < a.length; i++) {
      sum0 += a[i] * b[i];
    }
    return (sum0 + sum1) + (sum2 + sum3);
  }
}
