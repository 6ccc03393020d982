package io.github.deepxray.server;

import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.phantom.Phantom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Drawn phantoms as samples of the page. */
final class PhantomSamples {
  private static final int PER_SLICE = 3;
  private static final int SIZE = 448;

  // Another seed than that of demo, whose phantoms are training images.
  private static final long SEED = 20_181;

  private static final List<Slice> SLICES = List.of(Slice.BACTERIAL, Slice.NORMAL, Slice.VIRAL);

  private PhantomSamples() {}

  /** Returns the samples by file name, each drawn on request. */
  static Map<String, Supplier<RgbImage>> all() {
    Map<String, Supplier<RgbImage>> samples = new LinkedHashMap<>();
    for (Slice slice : SLICES) {
      for (int i = 1; i <= PER_SLICE; i++) {
        int number = i;
        samples.put(
            slice.key() + "-" + i + ".png", () -> Phantom.draw(slice, SEED, number, 1, SIZE));
      }
    }
    return samples;
  }
}
