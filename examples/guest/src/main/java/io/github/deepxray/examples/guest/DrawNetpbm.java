package io.github.deepxray.examples.guest;

import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Draws phantoms as grey Netpbm files. */
final class DrawNetpbm {
  private DrawNetpbm() {}

  /** Arguments: the folder to write. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    PhantomArchive.writeFolder(
        folder, PhantomOptions.DEFAULT.withTrain(20, 28).withVal(4, 4).withTest(12, 16));
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder)) {
      files = all.filter(file -> file.toString().endsWith(".jpeg")).toList();
    }
    for (Path file : files) {
      String name = file.getFileName().toString().replace(".jpeg", ".pgm");
      Files.write(
          file.resolveSibling(name), grey(ImageCodec.decode(Files.readAllBytes(file), name)));
      Files.delete(file);
    }
  }

  private static byte[] grey(RgbImage image) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    String header = "P5\n# a phantom\n" + image.width() + " " + image.height() + "\n255\n";
    out.writeBytes(header.getBytes(StandardCharsets.US_ASCII));
    for (int row = 0; row < image.height(); row++) {
      for (int column = 0; column < image.width(); column++) {
        out.write(image.at(row, column, 0));
      }
    }
    return out.toByteArray();
  }
}
