package io.github.deepxray.optimize.internal;

import java.io.IOException;

/** Representative examples of the inputs of a model, read several times by several threads. */
public interface RepresentativeDataset {
  /** Number of examples, at least 1. */
  int size();

  /**
   * Reads an example, equal at each call: for images {@code [H, W, C]} row-major, values 0..255.
   *
   * @param index from 0 to {@code size() - 1}
   * @throws IOException if the example cannot be read
   */
  float[] example(int index) throws IOException;

  /** Returns the first examples only. */
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
