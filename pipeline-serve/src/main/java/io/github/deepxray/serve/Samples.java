package io.github.deepxray.serve;

import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** Sample images of the page, drawn at the first request. */
final class Samples {
  private final Map<String, Supplier<RgbImage>> images;
  private final Map<String, byte[]> drawn = new ConcurrentHashMap<>();

  /** Creates the samples of the options. */
  Samples(Map<String, Supplier<RgbImage>> images) {
    this.images = images;
  }

  /** The names of the samples. */
  List<String> names() {
    return List.copyOf(images.keySet());
  }

  /** Returns a sample as PNG. */
  Optional<byte[]> png(String name) {
    return Optional.ofNullable(images.get(name))
        .map(image -> drawn.computeIfAbsent(name, n -> ImageCodec.encodePng(image.get())));
  }
}
