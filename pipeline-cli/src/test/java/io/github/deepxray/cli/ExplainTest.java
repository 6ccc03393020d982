package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.HeatMap;
import io.github.deepxray.core.image.HeatMapOverlay;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.testkit.SharedData;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExplainTest {
  /** Cells a side of the map: the backbone divides by 32. */
  private static final int CELLS = SmallRun.SIZE / 32;

  @TempDir Path folder;
  private Path images;
  private Path out;

  @BeforeEach
  void makeFolders() throws IOException {
    images = Files.createDirectories(folder.resolve("images"));
    out = folder.resolve("out");
  }

  private static Path draw(Path file, int height, int width) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.getRaster().setSample(x, y, 0, (x * 3 + y * 5) % 251);
      }
    }
    Files.createDirectories(file.getParent());
    ImageIO.write(image, "png", file.toFile());
    return file;
  }

  private static RgbImage read(Path file) throws IOException {
    return ImageCodec.decode(Files.readAllBytes(file), file.toString());
  }

  private JsonNode entries(Path folder) throws IOException {
    JsonNode file = Json.read(folder.resolve("explanations.json"));
    assertThat(file.path("format").asText()).isEqualTo("deepxray-explanations/1");
    return file.path("images");
  }

  @Test
  void drawsEveryImageAndSaysWhatPredictSays() throws IOException {
    Path xray = images.resolve("xray.jpeg");
    Files.copy(SmallRun.anImage(), xray);
    draw(images.resolve("deeper/wide.png"), 100, 300);
    Outcome outcome = Outcome.of("explain", SmallRun.bundle(), images, "--out", out);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out().lines()).hasSize(2).anyMatch(line -> line.contains("xray.png"));

    JsonNode predicted =
        Json.parse(
            Outcome.of("predict", SmallRun.bundle(), images, "--format", "json").out(), "predict");
    JsonNode entries = entries(out);
    assertThat(entries).hasSize(2);
    for (int i = 0; i < 2; i++) {
      JsonNode entry = entries.get(i);
      for (String field : List.of("file", "label", "probability", "threshold")) {
        assertThat(entry.path(field)).as(field).isEqualTo(predicted.get(i).path(field));
      }
      JsonNode map = entry.path("heatMap");
      assertThat(map.path("height").asInt()).isEqualTo(CELLS);
      assertThat(map.path("width").asInt()).isEqualTo(CELLS);
      double max = 0;
      for (JsonNode value : map.path("values")) {
        assertThat(value.doubleValue()).isBetween(0.0, 1.0);
        max = Math.max(max, value.doubleValue());
      }
      assertThat(map.path("values")).hasSize(CELLS * CELLS);
      assertThat(max).isEqualTo(map.path("max").doubleValue() > 0 ? 1 : 0);
      // In its own aspect.
      RgbImage picture = read(out.resolve(entry.path("picture").asText()));
      assertThat(picture.height()).isEqualTo(entry.path("height").asInt());
      assertThat(picture.width()).isEqualTo(entry.path("width").asInt());
    }
    assertThat(out.resolve("deeper/wide.png")).exists();

    Path again = folder.resolve("again");
    Outcome.of("explain", SmallRun.bundle(), images, "--out", again);
    for (String file : List.of("explanations.json", "xray.png", "deeper/wide.png")) {
      assertThat(again.resolve(file)).hasSameBinaryContentAs(out.resolve(file));
    }
  }

  /** The picture is what the network saw, in more pixels. */
  @ParameterizedTest
  @CsvSource({"CROP, 100, 0.375, 0, 0.25, 1", "PAD, 400, 0, -1.5, 1, 4"})
  void theMapIsDrawnOverTheFittedImage(
      Fit fit, int side, double left, double top, double width, double height) throws IOException {
    Path bundle = folder.resolve("bundle");
    try (Stream<Path> files = Files.walk(SmallRun.bundle())) {
      for (Path file : files.toList()) {
        Files.copy(file, bundle.resolve(SmallRun.bundle().relativize(file).toString()));
      }
    }
    Path artifacts = bundle.resolve(ArtifactReport.FILE);
    ArtifactReport.write(artifacts, fit, new Bundle(bundle).artifacts());
    Files.writeString(bundle.resolve(Bundle.CHECKSUMS), Bundle.checksums(bundle));
    Path wide = draw(images.resolve("wide.png"), 100, 400);

    Outcome outcome = Outcome.of("explain", bundle, wide, "--out", out, "--opacity", 0);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    RgbImage fitted = fit.apply(read(wide), side, side);
    assertThat(read(out.resolve("wide.png"))).isEqualTo(fitted);
    JsonNode entry = entries(out).get(0);
    JsonNode region = entry.path("heatMap").path("region");
    assertThat(region.path("left").doubleValue()).isEqualTo(left);
    assertThat(region.path("top").doubleValue()).isEqualTo(top);
    assertThat(region.path("width").doubleValue()).isEqualTo(width);
    assertThat(region.path("height").doubleValue()).isEqualTo(height);

    // The bundle of this run stretches.
    Path square = images.resolve("square.png");
    Files.write(square, ImageCodec.encodePng(fit.apply(read(wide), SmallRun.SIZE, SmallRun.SIZE)));
    Path other = folder.resolve("other");
    Outcome.of("explain", SmallRun.bundle(), square, "--out", other);
    assertThat(entries(other).get(0).path("probability")).isEqualTo(entry.path("probability"));
    assertThat(entries(other).get(0).path("heatMap").path("values"))
        .isEqualTo(entry.path("heatMap").path("values"));
  }

  @Test
  void theHottestCellIsWhereTheMapSays() throws IOException {
    Path xray = images.resolve("xray.jpeg");
    Files.copy(SmallRun.anImage(), xray);
    Outcome outcome = Outcome.of("explain", SmallRun.bundle(), xray, "--out", out, "--heat-only");
    assertThat(outcome.code()).as(outcome.err()).isZero();
    JsonNode values = entries(out).get(0).path("heatMap").path("values");
    float[] cells = new float[CELLS * CELLS];
    for (int i = 0; i < cells.length; i++) {
      cells[i] = values.get(i).floatValue();
    }
    RgbImage colors = HeatMapOverlay.alone(HeatMap.of(CELLS, CELLS, cells), CELLS, CELLS);
    RgbImage picture = read(out.resolve("xray.png"));
    for (int i = 0; i < CELLS * CELLS; i++) {
      // The middle of a cell of 32 x 32 pixels lies between four of them.
      int y = i / CELLS * 32 + 16;
      int x = i % CELLS * 32 + 16;
      for (int c = 0; c < 3; c++) {
        assertThat(picture.at(y, x, c)).isCloseTo(colors.at(i / CELLS, i % CELLS, c), within(12));
      }
    }

    Outcome.of("explain", SmallRun.bundle(), xray, "--out", out, "--opacity", 0);
    assertThat(read(out.resolve("xray.png"))).isEqualTo(read(xray));
  }

  @Test
  void badFilesAreReportedAndTheOthersGoOn() throws IOException {
    draw(images.resolve("a.png"), 50, 40);
    Files.writeString(images.resolve("b.png"), "not an image");
    Outcome outcome =
        Outcome.of("explain", SmallRun.bundle(), images.resolve("gone.png"), images, "--out", out);
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.errLines())
        .hasSize(2)
        .allMatch(line -> line.startsWith("deepxray: "))
        .anyMatch(line -> line.contains("b.png"))
        .anyMatch(line -> line.contains("gone.png"));
    assertThat(entries(out)).hasSize(1);
    try (Stream<Path> files = Files.list(out)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("a.png", "explanations.json");
    }
  }

  @Test
  void picturesReplaceNeitherEachOtherNorTheImages() throws IOException {
    Path first = draw(images.resolve("one/a.png"), 20, 30);
    Path second = draw(images.resolve("two/a.png"), 30, 20);
    Outcome outcome = Outcome.of("explain", SmallRun.bundle(), first, second, "--out", out);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    List<String> pictures = new ArrayList<>();
    entries(out).forEach(entry -> pictures.add(entry.path("picture").asText()));
    assertThat(pictures).containsExactly("a.png", "a-2.png");
    assertThat(read(out.resolve("a-2.png")).width()).isEqualTo(20);

    byte[] before = Files.readAllBytes(first);
    Outcome same = Outcome.of("explain", SmallRun.bundle(), images, "--out", images);
    assertThat(same.code()).isEqualTo(1);
    assertThat(same.err()).contains("would replace").contains("--out");
    assertThat(first).hasBinaryContent(before);
  }

  @Test
  void aBundleWithoutTheModelSaysHowToGetIt() throws IOException {
    Path bundle = folder.resolve("bundle");
    Files.createDirectories(bundle);
    Files.copy(SmallRun.bundle().resolve(Bundle.CHECKSUMS), bundle.resolve(Bundle.CHECKSUMS));
    Outcome outcome = Outcome.of("explain", bundle, SmallRun.anImage(), "--out", out);
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.errLines()).hasSize(1);
    assertThat(outcome.err()).contains(bundle.toString(), "model-explain.tflite", "--no-explain");
    assertThat(out).doesNotExist();
  }

  @Test
  void tensorFlowIsNotLoaded() throws Exception {
    Path classes = folder.resolve("classes.log");
    Path log = folder.resolve("log");
    Process process =
        Outcome.fork(
            log,
            List.of("-Xlog:class+load:file=" + classes),
            "explain",
            SmallRun.bundle(),
            SmallRun.anImage(),
            "--out",
            out);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(log)).isZero();
    assertThat(Files.readString(classes))
        .contains("org.bytedeco.tensorflowlite.")
        .doesNotContainPattern(" org\\.tensorflow\\.(?!lite\\.)");
  }

  @InCi
  @Test
  void largeImagesAreShrunkInTheirOwnAspect() throws IOException {
    Outcome outcome =
        Outcome.of(
            "explain",
            SmallRun.bundle(),
            SharedData.fullResolution(),
            "--out",
            out,
            "--max-side",
            400);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    for (JsonNode entry : entries(out)) {
      RgbImage picture = read(out.resolve(entry.path("picture").asText()));
      assertThat(Math.max(picture.height(), picture.width())).isEqualTo(400);
      double aspect = entry.path("width").doubleValue() / entry.path("height").doubleValue();
      assertThat((double) picture.width() / picture.height()).isCloseTo(aspect, within(0.01));
    }
  }
}
