package io.github.deepxray.tflite.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.tflite.internal.TfLiteEngine.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Runs the files of a folder, {@code -Ddeepxray.tflite.files=<folder>}, such as those that {@code
 * tools/convert_keras.py} writes, and prints a table of them.
 */
class ForeignFilesTest {
  @Test
  void runsTheFilesOfAFolder() throws IOException {
    String folder = System.getProperty("deepxray.tflite.files");
    assumeTrue(folder != null, "no -Ddeepxray.tflite.files=<folder>");
    try (Stream<Path> entries = Files.list(Path.of(folder))) {
      List<Path> files =
          entries.filter(file -> file.toString().endsWith(".tflite")).sorted().toList();
      System.out.println("| file | with XNNPACK | without | largest difference |");
      System.out.println("|---|---|---|---|");
      for (Path file : files) {
        System.out.println(row(file));
      }
      assertThat(files).isNotEmpty();
    }
  }

  private static String row(Path file) throws IOException {
    String row = "| " + file.getFileName() + " | ";
    try (TfLiteEngine xnnpack = TfLiteEngine.load(file, Options.DEFAULT);
        TfLiteEngine plain = TfLiteEngine.load(file, Options.DEFAULT.withoutDelegate())) {
      float[] image = image(xnnpack);
      float[] scores = xnnpack.run(image, 1)[0];
      float[] expected = plain.run(image, 1)[0];
      double largest = 0;
      for (int i = 0; i < scores.length; i++) {
        largest = Math.max(largest, Math.abs(scores[i] - expected[i]));
      }
      return String.format(
          Locale.ROOT,
          "%s%d steps | %d steps | %.2g |",
          row,
          xnnpack.planSize(),
          plain.planSize(),
          largest);
    } catch (DeepXrayException e) {
      return row + e.getMessage() + " |";
    }
  }

  private static float[] image(TfLiteEngine engine) {
    int size = engine.inputShape().stream().reduce(1, Math::multiplyExact);
    SplittableRandom random = new SplittableRandom(1);
    float[] image = new float[size];
    for (int i = 0; i < size; i++) {
      image[i] = random.nextInt(256);
    }
    return image;
  }
}
