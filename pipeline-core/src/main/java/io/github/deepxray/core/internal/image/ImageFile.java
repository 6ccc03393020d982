package io.github.deepxray.core.internal.image;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.DecodedImage;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.ImageLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads images from files. */
public final class ImageFile {
  private ImageFile() {}

  /**
   * Reads an image in any of the formats of {@link ImageCodec}.
   *
   * @throws DeepXrayException if it is a folder, or cannot be decoded
   * @throws IOException if it cannot be read
   */
  public static DecodedImage read(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new DeepXrayException(file + " is a folder, no image; name one of the files in it.");
    }
    return ImageCodec.read(Files.readAllBytes(file), file.toString(), ImageLimits.DEFAULT);
  }
}
