package io.github.deepxray.datasets;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.datasets.phantom.Phantom;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PhantomArchiveTest {
  private static final PhantomOptions SMALL =
      PhantomOptions.DEFAULT.withTrain(9, 21).withVal(2, 2).withTest(4, 6).withSize(32);

  @TempDir Path folder;

  @Test
  void writesTheLayoutAndNamesOfTheKaggleArchive() throws IOException {
    PhantomArchive.writeFolder(folder.resolve("p"), SMALL);
    Path root = folder.resolve("p/chest_xray");
    assertThat(names(root.resolve("train/NORMAL"))).hasSize(9);
    assertThat(names(root.resolve("train/PNEUMONIA"))).hasSize(21);
    assertThat(names(root.resolve("val/NORMAL"))).hasSize(2);
    assertThat(names(root.resolve("test/PNEUMONIA"))).hasSize(6);
    List<String> sick = names(root.resolve("train/PNEUMONIA"));
    assertThat(sick).allSatisfy(n -> assertThat(XrayName.parse(n).patient()).isPresent());
    assertThat(sick).noneMatch(n -> XrayName.parse(n).contradicts(Label.POSITIVE));
    assertThat(sick.stream().map(n -> XrayName.parse(n).patient()).distinct().count())
        .isBetween(5L, 20L);
    assertThat(sick.stream().map(n -> XrayName.parse(n).slice().orElseThrow()).distinct())
        .containsExactlyInAnyOrder(Slice.BACTERIAL, Slice.VIRAL);
    assertThat(root.resolve("README.txt")).content().contains("not medical data");
    ImageCodec.Header header =
        ImageCodec.header(
            Files.readAllBytes(root.resolve("train/PNEUMONIA").resolve(sick.get(0))), "x");
    assertThat(header).isEqualTo(new ImageCodec.Header("jpeg", 32, 32, 1, true));
  }

  @Test
  void givesTheSameArchiveForTheSameOptions() throws IOException {
    Path a = folder.resolve("a.zip");
    Path b = folder.resolve("b.zip");
    PhantomArchive.writeZip(a, SMALL);
    PhantomArchive.writeZip(b, SMALL);
    assertThat(a).hasSameBinaryContentAs(b);
    PhantomArchive.writeZip(b, SMALL.withSeed(1));
    assertThat(Files.mismatch(a, b)).isNotNegative();
  }

  @Test
  void drawsTheSamePixelsForTheSameSeeds() {
    RgbImage image = Phantom.draw(Slice.VIRAL, 3, 4, 5, 48);
    assertThat(Phantom.draw(Slice.VIRAL, 3, 4, 5, 48)).isEqualTo(image);
    assertThat(Phantom.draw(Slice.VIRAL, 3, 4, 6, 48)).isNotEqualTo(image);
    assertThat(Phantom.draw(Slice.VIRAL, 3, 5, 5, 48)).isNotEqualTo(image);
    assertThat(Phantom.draw(Slice.BACTERIAL, 3, 4, 5, 48)).isNotEqualTo(image);
    assertThat(image.isGrey()).isTrue();
  }

  /** The classes differ, but no single number tells them apart. */
  @Test
  void overlapsInSimpleMeasures() {
    List<Double> normal = contrasts(Slice.NORMAL);
    List<Double> sick =
        Stream.concat(contrasts(Slice.BACTERIAL).stream(), contrasts(Slice.VIRAL).stream())
            .toList();
    double greater =
        normal.stream()
            .mapToDouble(n -> sick.stream().filter(s -> s > n).count() / (double) sick.size())
            .average()
            .orElseThrow();
    assertThat(Math.max(greater, 1 - greater)).isBetween(0.5, 0.97);
  }

  /** How much neighbouring pixels of the lungs differ, on average. */
  private static List<Double> contrasts(Slice slice) {
    return IntStream.range(0, 30)
        .mapToObj(
            i -> {
              RgbImage image = Phantom.draw(slice, 1, i, 1, 96);
              double sum = 0;
              for (int y = 30; y < 65; y++) {
                for (int x = 20; x < 40; x++) {
                  sum += Math.abs(image.at(y, x, 0) - image.at(y, x + 2, 0));
                }
              }
              return sum;
            })
        .collect(Collectors.toList());
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }
}
