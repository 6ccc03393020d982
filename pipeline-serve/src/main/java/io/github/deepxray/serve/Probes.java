package io.github.deepxray.serve;

import io.github.deepxray.core.image.RgbImage;
import java.util.List;
import java.util.stream.IntStream;

/** Grey probe images for the warm-up and check of a model: different, bright in the middle. */
final class Probes {
  private static final int SIZE = 64;
  private static final int COUNT = 3;

  private static final List<RgbImage> IMAGES =
      IntStream.range(0, COUNT).mapToObj(Probes::draw).toList();

  private Probes() {}

  /** Returns a probe image. */
  static RgbImage image(int index) {
    return IMAGES.get(index % COUNT);
  }

  private static RgbImage draw(int index) {
    byte[] values = new byte[SIZE * SIZE * 3];
    for (int i = 0; i < values.length; i++) {
      int x = i / 3 % SIZE - SIZE / 2;
      int y = i / 3 / SIZE - SIZE / 2;
      values[i] = (byte) (230 - (x * x + y * y) / (10 + 2 * index));
    }
    return RgbImage.of(SIZE, SIZE, values);
  }
}
