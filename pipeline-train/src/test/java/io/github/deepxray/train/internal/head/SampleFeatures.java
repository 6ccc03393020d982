package io.github.deepxray.train.internal.head;

import io.github.deepxray.datasets.Label;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.features.Matrix;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Random feature vectors of two overlapping classes. */
final class SampleFeatures {
  private SampleFeatures() {}

  /**
   * Draws them.
   *
   * @param separation how far apart the classes are in each feature, noise being 1 wide
   */
  static Embeddings draw(int images, int dimension, int views, double separation, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Embeddings.Image> list = new ArrayList<>();
    for (int i = 0; i < images; i++) {
      boolean positive = i % 3 != 0;
      list.add(
          new Embeddings.Image(
              "image" + i,
              "patient" + i,
              positive ? "viral" : "normal",
              positive ? Label.POSITIVE : Label.NEGATIVE));
    }
    List<Matrix> matrices = new ArrayList<>();
    for (int v = 0; v < views; v++) {
      float[] values = new float[images * dimension];
      for (int k = 0; k < values.length; k++) {
        boolean positive = list.get(k / dimension).label().equals(Label.POSITIVE);
        values[k] = (float) (random.nextDouble() - 0.5 + (positive ? separation : 0));
      }
      matrices.add(Matrix.of(values, images, dimension));
    }
    return new Embeddings(list, 2, dimension, matrices);
  }
}
