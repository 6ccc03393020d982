package io.github.deepxray.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.ImageNote;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.DatasetAudit.Quarantined;
import io.github.deepxray.datasets.DatasetAudit.Reason;
import io.github.deepxray.testkit.SharedData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an image shows decides, not the bytes that it is stored in. */
class SamePicturesTest {
  private static final DatasetOptions OPTIONS =
      DatasetOptions.DEFAULT.withImageSize(24).withMaxBad(1);

  @TempDir Path folder;

  private static byte[] jpeg(long seed) {
    byte[] pixels = new byte[24 * 24 * 3];
    new Random(seed).nextBytes(pixels);
    return ImageCodec.encodeJpeg(RgbImage.of(24, 24, pixels), 90);
  }

  /** The same picture with a comment behind its first marker. */
  private static byte[] withComment(byte[] jpeg) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(jpeg, 0, 2);
    out.writeBytes(new byte[] {(byte) 0xff, (byte) 0xfe, 0, 4, 'h', 'i'});
    out.write(jpeg, 2, jpeg.length - 2);
    return out.toByteArray();
  }

  private void put(String path, byte[] bytes) throws IOException {
    Path file = folder.resolve("source").resolve(path);
    Files.createDirectories(file.getParent());
    Files.write(file, bytes);
  }

  private void putAll() throws IOException {
    for (int i = 0; i < 10; i++) {
      put("train/a/" + i + ".jpg", jpeg(i));
      put("train/b/" + i + ".jpg", jpeg(100 + i));
      put("test/a/" + i + ".jpg", jpeg(200 + i));
      put("test/b/" + i + ".jpg", jpeg(300 + i));
    }
  }

  private PreparedDataset prepare() throws IOException {
    return PreparedDataset.prepare(
        folder.resolve("source"), folder.resolve("out"), OPTIONS, 2, Progress.NONE);
  }

  private static Map<String, Reason> setAside(PreparedDataset dataset) {
    return dataset.manifest().audit().quarantined().stream()
        .collect(Collectors.toMap(Quarantined::file, Quarantined::reason));
  }

  @Test
  void aTestImageWithAnotherHeaderIsKeptOutOfTraining() throws IOException {
    putAll();
    put("train/a/copy.jpg", withComment(jpeg(203)));
    PreparedDataset dataset = prepare();
    assertThat(setAside(dataset)).isEqualTo(Map.of("train/a/copy.jpg", Reason.IMAGE_IN_TEST));
    assertThat(dataset.manifest().audit().identical())
        .singleElement()
        .satisfies(
            group -> {
              assertThat(group.files()).containsExactly("test/a/3.jpg", "train/a/copy.jpg");
              assertThat(group.acrossSplits()).isTrue();
            });
  }

  @Test
  void aTestImageOfBothClassesIsSetAside() throws IOException {
    putAll();
    put("test/b/copy.jpg", withComment(jpeg(203)));
    put("train/b/other.jpg", withComment(jpeg(204)));
    PreparedDataset dataset = prepare();
    assertThat(setAside(dataset))
        .isEqualTo(
            Map.of(
                "test/a/3.jpg", Reason.TWO_LABELS,
                "test/b/copy.jpg", Reason.TWO_LABELS,
                "test/a/4.jpg", Reason.TWO_LABELS,
                "train/b/other.jpg", Reason.TWO_LABELS));
    assertThat(dataset.images(Split.TEST)).isEqualTo(18);
  }

  /** A tag of orientation must not tell the class. */
  @Test
  void imagesAreStoredUpright() throws IOException {
    putAll();
    byte[] turned = Files.readAllBytes(SharedData.cases("images/gray_orient6.jpg"));
    put("train/a/turned.jpg", turned);
    put("test/a/dark.png", Files.readAllBytes(SharedData.cases("images/png_16of12.png")));
    PreparedDataset dataset =
        PreparedDataset.prepare(
            folder.resolve("source"),
            folder.resolve("out"),
            OPTIONS.withImageSize(512).withFit(Fit.STRETCH),
            2,
            Progress.NONE);
    assertThat(
            dataset.manifest().audit().folders().stream()
                .flatMap(f -> f.notes().entrySet().stream())
                .toList())
        .containsExactlyInAnyOrder(
            Map.entry(ImageNote.TURNED, 1), Map.entry(ImageNote.PART_OF_RANGE, 1));
    assertThat(dataset.table())
        .contains("1 image was turned upright as its orientation tag says.")
        .contains("1 image uses only a part of the range of its 16 bits");
    RgbImage stored = null;
    for (Split split : Split.values()) {
      for (XrayRecord record : dataset.readAll(split)) {
        stored = record.filename().equals("train/a/turned.jpg") ? record.decode() : stored;
      }
    }
    RgbImage upright = ImageCodec.decode(turned, "it");
    assertThat(upright.height()).isEqualTo(640);
    // Squeezed from 640 x 512 to 512 x 512: columns stay, rows come closer.
    for (int y = 20; y < 500; y += 60) {
      for (int x = 20; x < 500; x += 60) {
        assertThat(stored.at(y, x, 0)).isCloseTo(upright.at(y * 640 / 512, x, 0), within(40));
      }
    }
  }
}
