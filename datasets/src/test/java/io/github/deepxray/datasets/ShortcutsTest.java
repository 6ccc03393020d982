package io.github.deepxray.datasets;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.DatasetManifest.Shortcut;
import io.github.deepxray.datasets.internal.shortcuts.ShortcutScores;
import io.github.deepxray.datasets.phantom.Phantom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Phantoms of one kind with labels by chance: only what is planted tells the class. */
class ShortcutsTest {
  private static final int IMAGES = 400;
  private static final int SIZE = 48;
  private static final List<RgbImage> PHANTOMS = new ArrayList<>();
  private static final boolean[] POSITIVE = new boolean[IMAGES];

  @TempDir private Path folder;

  @BeforeAll
  static void draw() {
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < IMAGES; i++) {
      PHANTOMS.add(Phantom.draw(Slice.NORMAL, 3, i, 1, SIZE));
      POSITIVE[i] = random.nextBoolean();
    }
  }

  /** An image file with a property that three of four images of the class have. */
  private interface Plant {
    RgbImage in(RgbImage image, boolean has);
  }

  private DatasetManifest prepare(Plant plant, boolean column) throws IOException {
    SplittableRandom random = new SplittableRandom(11);
    StringBuilder csv = new StringBuilder(column ? "path,label,site\n" : "path,label\n");
    for (int i = 0; i < IMAGES; i++) {
      boolean has = random.nextInt(4) < 3 == POSITIVE[i];
      // Names without numbers.
      String name =
          random.ints(12, 'a', 'z' + 1).mapToObj(Character::toString).collect(Collectors.joining())
              + ".jpeg";
      Files.write(folder.resolve(name), ImageCodec.encodeJpeg(plant.in(PHANTOMS.get(i), has), 92));
      csv.append(name)
          .append(POSITIVE[i] ? ",sick" : ",normal")
          .append(column ? (has ? ",north" : ",south") : "")
          .append('\n');
    }
    Path file = folder.resolve("images.csv");
    Files.writeString(file, csv);
    DatasetOptions options = DatasetOptions.DEFAULT.withImageSize(SIZE);
    return PreparedDataset.prepare(file, folder.resolve("out"), options, Progress.NONE).manifest();
  }

  private static Map<String, Shortcut> byName(DatasetManifest manifest) {
    return manifest.shortcuts().stream().collect(Collectors.toMap(Shortcut::name, s -> s));
  }

  @Test
  void findsNoneWhereNoneIs() throws IOException {
    DatasetManifest manifest = prepare((image, has) -> image, false);
    assertThat(manifest.shortcuts())
        .extracting(Shortcut::name)
        .contains("frame of the picture", "brightness and contrast", "colour of the border")
        // All files are of one size, format and kind of name.
        .doesNotContain("size", "aspect ratio", "file format")
        .noneMatch(name -> name.startsWith("numbers"));
    for (Shortcut shortcut : manifest.shortcuts()) {
      assertThat(shortcut.auc().low()).as(shortcut.name()).isLessThan(0.53);
      assertThat(shortcut.auc().high()).as(shortcut.name()).isGreaterThan(0.47);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "aspect ratio",
    "colour of the border",
    "hard edges in the corners",
    "brightness and contrast",
    "column site"
  })
  void findsTheOneThatIsPlanted(String name) throws IOException {
    DatasetManifest manifest =
        prepare(
            switch (name) {
              case "aspect ratio" ->
                  (image, has) -> Resizer.resize(image, SIZE, has ? SIZE * 5 / 4 : SIZE);
              case "colour of the border" -> (image, has) -> has ? bordered(image) : image;
              case "hard edges in the corners" -> (image, has) -> has ? marked(image) : image;
              case "brightness and contrast" -> (image, has) -> has ? darker(image) : image;
              default -> (image, has) -> image;
            },
            name.startsWith("column"));
    Shortcut found = byName(manifest).get(name);
    // Three of four: an area of .75 if nothing else helps.
    assertThat(found.auc().value()).isBetween(0.65, 0.85);
    // It tells the class of about three of four validation images, too.
    Map<String, Double> validation =
        ShortcutScores.read(folder.resolve("out")).byShortcut().get(name);
    assertThat(validation).hasSize(manifest.images(Split.VALIDATION));
    assertThat(validation.values().stream().filter(p -> p > 0.5).count())
        .isBetween(validation.size() * 6L / 10, validation.size() * 9L / 10);
    assertThat(found.auc().low()).isGreaterThan(0.6);
    assertThat(found.lowest()).hasSize(4).doesNotContainAnyElementsOf(found.highest());
    if (name.startsWith("column")) {
      assertThat(manifest.shortcuts().get(0)).isEqualTo(found);
    }
    assertThat(PreparedDataset.open(folder.resolve("out")).table()).contains("Shortcuts:", name);
  }

  private static RgbImage changed(RgbImage image, int from, int to, int value) {
    byte[] pixels = image.toBytes();
    for (int y = 0; y < SIZE; y++) {
      for (int x = 0; x < SIZE; x++) {
        int edge = Math.min(Math.min(x, SIZE - 1 - x), Math.min(y, SIZE - 1 - y));
        if (edge >= from && edge < to) {
          for (int c = 0; c < 3; c++) {
            pixels[(y * SIZE + x) * 3 + c] = (byte) value;
          }
        }
      }
    }
    return RgbImage.of(SIZE, SIZE, pixels);
  }

  private static RgbImage bordered(RgbImage image) {
    return changed(image, 0, 2, 90);
  }

  /** Two white bars in the upper left corner, as a letter has. */
  private static RgbImage marked(RgbImage image) {
    byte[] pixels = image.toBytes();
    for (int y = 2; y < 8; y++) {
      for (int x : new int[] {3, 6}) {
        for (int c = 0; c < 3; c++) {
          pixels[(y * SIZE + x) * 3 + c] = (byte) 255;
        }
      }
    }
    return RgbImage.of(SIZE, SIZE, pixels);
  }

  private static RgbImage darker(RgbImage image) {
    byte[] pixels = image.toBytes();
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) ((pixels[i] & 0xff) * 3 / 4);
    }
    return RgbImage.of(SIZE, SIZE, pixels);
  }

  /** Of fewer than five patients a class nothing can be said. */
  @Test
  void tooFewPatientsAreNotMeasured() throws IOException {
    StringBuilder csv = new StringBuilder("path,label,patient\n");
    for (int i = 0; i < 24; i++) {
      Files.write(folder.resolve(i + ".jpeg"), ImageCodec.encodeJpeg(PHANTOMS.get(i), 92));
      csv.append(i).append(".jpeg,").append(i % 2).append(",p").append(i % 6).append('\n');
    }
    Path file = folder.resolve("few.csv");
    Files.writeString(file, csv);
    DatasetOptions options = DatasetOptions.DEFAULT.withImageSize(SIZE).withValidationFraction(0.3);
    PreparedDataset dataset =
        PreparedDataset.prepare(file, folder.resolve("out"), options, Progress.NONE);
    assertThat(dataset.manifest().shortcuts()).isEmpty();
    assertThat(dataset.table()).doesNotContain("Shortcuts");
  }
}
