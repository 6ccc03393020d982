package io.github.deepxray.train.internal.head;

import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.features.Matrix;
import java.util.Arrays;

/** Standardization of each feature to mean 0 and variance 1 on the training split. */
final class Standardization {
  /**
   * Lower limit of a feature's variance as a share of the mean variance, so that almost constant
   * features are not amplified.
   */
  private static final double FLOOR = 1e-4;

  private final float[] mean;
  private final float[] variance;

  private Standardization(float[] mean, float[] variance) {
    this.mean = mean;
    this.variance = variance;
  }

  static Standardization none(int dimension) {
    float[] ones = new float[dimension];
    Arrays.fill(ones, 1);
    return new Standardization(new float[dimension], ones);
  }

  static Standardization of(Embeddings train) {
    int dimension = train.dimension();
    double rows = (double) train.images().size() * train.views().size();
    double[] mean = new double[dimension];
    double[] variance = new double[dimension];
    for (Matrix view : train.views()) {
      for (int r = 0; r < view.rows(); r++) {
        for (int c = 0; c < dimension; c++) {
          mean[c] += view.at(r, c) / rows;
        }
      }
    }
    for (Matrix view : train.views()) {
      for (int r = 0; r < view.rows(); r++) {
        for (int c = 0; c < dimension; c++) {
          double d = view.at(r, c) - mean[c];
          variance[c] += d * d / rows;
        }
      }
    }
    double floor = Math.max(1e-12, FLOOR * Arrays.stream(variance).average().orElse(0));
    float[] means = new float[dimension];
    float[] variances = new float[dimension];
    for (int c = 0; c < dimension; c++) {
      means[c] = (float) mean[c];
      variances[c] = (float) Math.max(floor, variance[c]);
    }
    return new Standardization(means, variances);
  }

  Matrix apply(Matrix features) {
    int columns = features.columns();
    float[] scale = new float[columns];
    for (int c = 0; c < columns; c++) {
      scale[c] = (float) (1 / Math.sqrt(variance[c]));
    }
    float[] values = features.toFloats();
    for (int i = 0; i < values.length; i++) {
      int c = i % columns;
      values[i] = (values[i] - mean[c]) * scale[c];
    }
    return Matrix.of(values, features.rows(), columns);
  }

  FloatTensor mean() {
    return FloatTensor.of(mean, mean.length);
  }

  FloatTensor variance() {
    return FloatTensor.of(variance, variance.length);
  }
}
