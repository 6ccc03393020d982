package io.github.deepxray.core.internal.math;

import java.util.Arrays;

/**
 * Logistic regression with an L2 penalty on all coefficients but the intercept: the minimum of the
 * summed negative log likelihood plus half the penalty times the squared coefficients, as
 * scikit-learn's {@code LogisticRegression(C=1/penalty)} has it. Fitted by Newton's method.
 */
public final class LogisticRegression {
  private static final int MOST_STEPS = 50;
  private static final double TOLERANCE = 1e-9;

  private final double[] coefficients;

  private LogisticRegression(double[] coefficients) {
    this.coefficients = coefficients;
  }

  /** Returns a coefficient for each feature, then the intercept. */
  public double[] coefficients() {
    return coefficients.clone();
  }

  /**
   * Fits the coefficients.
   *
   * @param features {@code [N, F]}, of about unit variance
   * @param targets probability that each example is of the positive class, 0..1: 1 or 0 where the
   *     class is known
   * @param penalty 0 or more
   */
  public static LogisticRegression fit(double[][] features, double[] targets, double penalty) {
    int width = features[0].length + 1;
    double[] weights = new double[width];
    double loss = loss(features, targets, penalty, weights);
    for (int step = 0; step < MOST_STEPS; step++) {
      double[][] gradient = new double[width][1];
      double[][] hessian = new double[width][width];
      derive(features, targets, weights, gradient, hessian);
      for (int i = 0; i < width; i++) {
        gradient[i][0] += i < width - 1 ? penalty * weights[i] : 0;
        // Keeps the matrix regular where features are linear combinations of others.
        hessian[i][i] += i < width - 1 ? Math.max(penalty, 1e-6) : 1e-6;
      }
      Cholesky.solve(hessian, gradient);
      double size = 1;
      double[] next = moved(weights, gradient, size);
      double nextLoss = loss(features, targets, penalty, next);
      while (!(nextLoss <= loss) && size > 1e-6) {
        size /= 2;
        next = moved(weights, gradient, size);
        nextLoss = loss(features, targets, penalty, next);
      }
      boolean done = loss - nextLoss <= TOLERANCE * Math.abs(loss);
      weights = next;
      loss = nextLoss;
      if (done) {
        break;
      }
    }
    return new LogisticRegression(weights);
  }

  /** The probability of the positive class, 0..1. */
  public double probability(double... features) {
    return Logits.sigmoid(logit(coefficients, features));
  }

  private static double logit(double[] weights, double[] features) {
    double sum = weights[features.length];
    for (int f = 0; f < features.length; f++) {
      sum += weights[f] * features[f];
    }
    return sum;
  }

  private static double loss(
      double[][] features, double[] targets, double penalty, double[] weights) {
    double sum = 0;
    for (int i = 0; i < features.length; i++) {
      double logit = logit(weights, features[i]);
      sum +=
          Math.max(0, logit)
              - targets[i] * logit
              + StrictMath.log1p(StrictMath.exp(-Math.abs(logit)));
    }
    for (int f = 0; f < weights.length - 1; f++) {
      sum += penalty / 2 * weights[f] * weights[f];
    }
    return sum;
  }

  /** First and second derivatives of the negative log likelihood; the upper half of the latter. */
  private static void derive(
      double[][] features,
      double[] targets,
      double[] weights,
      double[][] gradient,
      double[][] hessian) {
    int width = weights.length;
    double[] row = new double[width];
    row[width - 1] = 1;
    for (int i = 0; i < features.length; i++) {
      System.arraycopy(features[i], 0, row, 0, width - 1);
      double p = Logits.sigmoid(logit(weights, features[i]));
      double error = p - targets[i];
      double weight = p * (1 - p);
      for (int a = 0; a < width; a++) {
        gradient[a][0] += error * row[a];
        double weighted = weight * row[a];
        double[] line = hessian[a];
        for (int b = a; b < width; b++) {
          line[b] += weighted * row[b];
        }
      }
    }
  }

  private static double[] moved(double[] weights, double[][] change, double size) {
    double[] moved = Arrays.copyOf(weights, weights.length);
    for (int i = 0; i < moved.length; i++) {
      moved[i] -= size * change[i][0];
    }
    return moved;
  }
}
