package io.github.deepxray.optimize.internal;

import java.io.IOException;

/**
 * Examples that stand for what a model will see. It is read several times, and by several threads
 * at once.
 */
public interface RepresentativeDataset {
  /** How many examples there are, at least 1. */
  int size();

  /**
   * An example, the same at each call: for images {@code [H, W, C]} row-major, values 0..255.
   *
   * @param index from 0 to {@code size() - 1}
   * @throws IOException if it cannot be read
   */
  float[] example(int index) throws IOException;

  /** The first examples only. */
  default RepresentativeDataset first(int count) {
    RepresentativeDataset all = this;
    int size = Math.min(count, size());
    return new RepresentativeDataset() {
      @Override
      public int size() {
        return size;
      }

      @Override
      public float[] example(int index) throws IOException {
        return all.example(index);
      }
    };
  }
}
