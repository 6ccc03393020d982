package io.github.deepxray.serve;

import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.phantom.Phantom;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/** Images that the project draws itself: to try the model on, and to warm it up. */
final class Samples {
  private static final int PER_SLICE = 3;
  private static final int SIZE = 448;
  private static final int PROBE_SIZE = 64;

  // Not those of demo, which the model has seen.
  private static final long SEED = 20_181;

  private static final List<Slice> SLICES = List.of(Slice.NORMAL, Slice.BACTERIAL, Slice.VIRAL);

  private final Map<String, Drawing> drawings = new TreeMap<>();
  private final Map<String, byte[]> drawn = new ConcurrentHashMap<>();

  /** A phantom to draw. */
  private record Drawing(Slice slice, int number) {
    RgbImage draw(int size) {
      return Phantom.draw(slice, SEED, number, 1, size);
    }
  }

  private static final List<RgbImage> PROBES =
      SLICES.stream().map(slice -> new Drawing(slice, 0).draw(PROBE_SIZE)).toList();

  Samples() {
    for (Slice slice : SLICES) {
      IntStream.rangeClosed(1, PER_SLICE)
          .forEach(i -> drawings.put(slice.key() + "-" + i + ".png", new Drawing(slice, i)));
    }
  }

  /** One of the images to try a model on. */
  static RgbImage probe(int index) {
    return PROBES.get(index % PROBES.size());
  }

  /** The names of the samples. */
  List<String> names() {
    return List.copyOf(drawings.keySet());
  }

  /** A sample as PNG. */
  Optional<byte[]> png(String name) {
    Drawing drawing = drawings.get(name);
    return drawing == null
        ? Optional.empty()
        : Optional.of(drawn.computeIfAbsent(name, n -> ImageCodec.encodePng(drawing.draw(SIZE))));
  }
}
