package io.github.deepxray.train.internal;

import io.github.deepxray.core.internal.math.Cholesky;
import io.github.deepxray.core.internal.math.Logits;
import io.github.deepxray.core.internal.math.PrincipalComponents;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.internal.head.GuardNetwork.Parameters;
import java.util.Arrays;
import java.util.function.ToDoubleFunction;

/** Fits an input guard to feature vectors. */
final class GuardFitter {
  private static final int COMPONENTS = 64;
  // Examples for each principal component, at least.
  private static final int EXAMPLES = 8;
  // Of the standardized features, whose variance is 1.
  private static final double RIDGE = 0.1;
  // Logits between the limit and a squared distance of twice the limit's.
  private static final double STEEPNESS = 20;
  // Least variance of a feature as a share of the mean variance.
  private static final double FLOOR = 1e-4;

  private final double[][] familiar;
  private final double[][] strange;
  private final double[][] validation;

  /**
   * Creates a fitter.
   *
   * @param familiar feature vectors {@code [N, F]} of training images
   * @param strange feature vectors {@code [M, F]} of distorted training images
   * @param validation feature vectors {@code [V, F]} of unchanged validation images
   */
  GuardFitter(double[][] familiar, double[][] strange, double[][] validation) {
    this.familiar = familiar;
    this.strange = strange;
    this.validation = validation;
  }

  /** Returns the fitted guard; the limit of the validation images is 0.5. */
  Parameters fit() {
    double[] mean = mean(familiar);
    double[] variance = variance(mean);
    double[][] near = standardized(familiar, mean, variance);
    double[][] far = standardized(strange, mean, variance);
    double[][] held = standardized(validation, mean, variance);
    // At most half of the directions, so that a distance from their space remains.
    int most = Math.min(familiar.length / EXAMPLES, mean.length / 2);
    int count = Math.max(1, Math.min(COMPONENTS, most));
    double[][] components = PrincipalComponents.of(near, count);
    double[] discriminant = discriminant(near, far);
    double farthest = upper(apply(held, z -> distance(z, components)));
    double side = upper(apply(held, z -> dot(discriminant, z)));
    Parameters raw =
        new Parameters(
            mean, variance, components, STEEPNESS / farthest, -STEEPNESS, discriminant, -side);
    double[][] logits = new double[held.length][];
    Arrays.setAll(
        logits,
        i ->
            new double[] {
              STEEPNESS / farthest * distance(held[i], components) - STEEPNESS,
              dot(discriminant, held[i]) - side
            });
    return raw.shifted(addend(logits));
  }

  /** Addend of both logits for which the limit becomes 0.5. */
  private static double addend(double[][] logits) {
    double low = -50;
    double high = 50;
    for (int step = 0; step < 60; step++) {
      double middle = (low + high) / 2;
      double at =
          InputGuard.limit(
              apply(logits, pair -> unfamiliarity(pair[0] + middle, pair[1] + middle)));
      if (at > 0.5) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return low;
  }

  private static double unfamiliarity(double distance, double distortion) {
    return 1 - Logits.sigmoid(-distance) * Logits.sigmoid(-distortion);
  }

  /** Weights of the linear discriminant (Fisher 1936) with a ridge, in standardized features. */
  private static double[] discriminant(double[][] near, double[][] far) {
    int features = near[0].length;
    double[] center = mean(far);
    double[][] covariance = new double[features][features];
    addProducts(near, new double[features], covariance);
    addProducts(far, center, covariance);
    double[][] right = new double[features][1];
    for (int f = 0; f < features; f++) {
      covariance[f][f] += RIDGE;
      right[f][0] = center[f];
    }
    Cholesky.solve(covariance, right);
    double[] weights = new double[features];
    Arrays.setAll(weights, f -> right[f][0]);
    return weights;
  }

  /** Adds half the covariance of rows to the upper half of a matrix. */
  private static void addProducts(double[][] rows, double[] center, double[][] into) {
    int features = center.length;
    double[] moved = new double[features];
    for (double[] row : rows) {
      Arrays.setAll(moved, f -> row[f] - center[f]);
      for (int i = 0; i < features; i++) {
        double factor = moved[i] / (2.0 * rows.length);
        double[] target = into[i];
        for (int j = i; j < features; j++) {
          target[j] += factor * moved[j];
        }
      }
    }
  }

  private static double[] mean(double[][] rows) {
    double[] mean = new double[rows[0].length];
    for (double[] row : rows) {
      for (int f = 0; f < mean.length; f++) {
        mean[f] += row[f] / rows.length;
      }
    }
    return mean;
  }

  private double[] variance(double[] mean) {
    double[] variance = new double[mean.length];
    for (double[] row : familiar) {
      for (int f = 0; f < mean.length; f++) {
        double d = row[f] - mean[f];
        variance[f] += d * d / familiar.length;
      }
    }
    double floor = Math.max(1e-12, FLOOR * Arrays.stream(variance).average().orElse(0));
    Arrays.setAll(variance, f -> Math.max(floor, variance[f]));
    return variance;
  }

  private static double[][] standardized(double[][] rows, double[] mean, double[] variance) {
    double[][] standardized = new double[rows.length][mean.length];
    for (int i = 0; i < rows.length; i++) {
      for (int f = 0; f < mean.length; f++) {
        standardized[i][f] = (rows[i][f] - mean[f]) / Math.sqrt(variance[f]);
      }
    }
    return standardized;
  }

  /** Squared distance of a vector from the space of orthonormal components. */
  private static double distance(double[] vector, double[][] components) {
    double distance = dot(vector, vector);
    for (double[] component : components) {
      double length = dot(component, vector);
      distance -= length * length;
    }
    return distance;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double[] apply(double[][] rows, ToDoubleFunction<double[]> function) {
    return Arrays.stream(rows).mapToDouble(function).toArray();
  }

  /** Value that a share of {@link InputGuard#BEYOND} of the values exceeds. */
  private static double upper(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length - 1 - (int) Math.floor(sorted.length * InputGuard.BEYOND)];
  }
}
