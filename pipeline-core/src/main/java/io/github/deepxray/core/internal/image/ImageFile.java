package io.github.deepxray.core.internal.image;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.DecodedImage;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.ImageLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads image files. */
public final class ImageFile {
  private ImageFile() {}

  /**
   * Reads an image of any format of {@link ImageCodec}.
   *
   * @throws DeepXrayException if the path is a folder, or the image cannot be decoded
   * @throws IOException if the file cannot be read
   */
  public static DecodedImage read(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new DeepXrayException(file + " is a folder; give an image file.");
    }
    return ImageCodec.read(Files.readAllBytes(file), file.toString(), ImageLimits.DEFAULT);
  }
}
