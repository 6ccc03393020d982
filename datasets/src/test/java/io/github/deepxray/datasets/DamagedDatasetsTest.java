package io.github.deepxray.datasets;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.CodedOutputStream;
import io.github.deepxray.core.internal.io.TfRecordWriter;
import io.github.deepxray.datasets.internal.source.FileSource;
import io.github.deepxray.datasets.internal.source.SourceFile;
import io.github.deepxray.datasets.source.SourceLimits;
import io.github.deepxray.testkit.ParserContract;
import io.github.deepxray.testkit.SharedData;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.Example;

class DamagedDatasetsTest {
  @TempDir Path folder;

  @Test
  void damagedRecordFilesAreReadOrRefused() throws IOException {
    byte[] plain = records(example(), example());
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(plain);
    }
    ParserContract.survivesDamage(this::readRecords, 300, List.of(plain, packed.toByteArray()));
  }

  /** With right checksums around them. */
  @Test
  void damagedExamplesAreReadOrRefused() throws IOException {
    byte[] example = example();
    // Without height and width, which are then found in the image.
    String text = new String(example, StandardCharsets.ISO_8859_1);
    byte[] sizeless =
        text.replace("height", "heighT")
            .replace("width", "widtH")
            .getBytes(StandardCharsets.ISO_8859_1);
    ParserContract.survivesDamage(
        bytes -> readRecords(records(bytes)), 300, List.of(example, sizeless));
  }

  @Test
  void damagedArchivesAreReadOrRefused() throws IOException {
    ByteArrayOutputStream zip = new ByteArrayOutputStream();
    try (ZipOutputStream out = new ZipOutputStream(zip)) {
      for (String name : List.of("train/NORMAL/a.png", "train/PNEUMONIA/b.png", "notes.txt")) {
        out.putNextEntry(new ZipEntry(name));
        out.write(image());
        out.closeEntry();
      }
    }
    ParserContract.survivesDamage(this::readArchive, 300, List.of(zip.toByteArray()));
  }

  @Test
  void mapsInMapsWithoutEndAreRefused() throws IOException {
    byte[] file = Files.readAllBytes(SharedData.hostile("cve-2024-7254-map.tfrecord"));
    assertThat(ParserContract.refuses(this::readRecords, file, "the file"))
        .contains("hostile.tfrecord, record 1", "not a tf.train.Example");
  }

  /** As objects they would take some hundred megabytes. */
  @Test
  void millionsOfOtherFeaturesAreSkipped() throws IOException {
    ByteBuffer others = ByteBuffer.allocate(3_000_000 * 8);
    for (int i = 0; others.hasRemaining(); i++) {
      // An entry of a map: its length, and a key of four characters.
      others.put(new byte[] {0x0a, 6, 0x0a, 4});
      for (int shift = 0; shift < 28; shift += 7) {
        others.put((byte) (i >> shift & 0x7f));
      }
    }
    ByteArrayOutputStream example = new ByteArrayOutputStream();
    example.writeBytes(example());
    // The same field once more: its features are those of both.
    CodedOutputStream out = CodedOutputStream.newInstance(example);
    out.writeByteArray(Example.FEATURES_FIELD_NUMBER, others.array());
    out.flush();
    Path file = Files.write(folder.resolve("a.tfrecord"), records(example.toByteArray()));
    try (XrayReader reader = XrayReader.open(List.of(file))) {
      assertThat(reader.next().orElseThrow().toExample()).isEqualTo(example());
    }
  }

  private void readRecords(byte[] bytes) throws IOException {
    Path file = Files.write(folder.resolve("hostile.tfrecord"), bytes);
    try (XrayReader reader = XrayReader.open(List.of(file))) {
      while (reader.next().isPresent()) {
        assertThat(file).exists();
      }
    }
  }

  private void readArchive(byte[] bytes) throws IOException {
    Path file = Files.write(folder.resolve("hostile.zip"), bytes);
    try (FileSource source = FileSource.open(file, SourceLimits.DEFAULT)) {
      for (SourceFile entry : source.files()) {
        source.read(entry);
      }
    }
  }

  private static byte[] records(byte[]... examples) throws IOException {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    try (TfRecordWriter writer = new TfRecordWriter(file)) {
      for (byte[] example : examples) {
        writer.write(example);
      }
    }
    return file.toByteArray();
  }

  private static byte[] example() throws IOException {
    return XrayRecord.of(image(), Label.POSITIVE, "train/PNEUMONIA/a.png", "person1").toExample();
  }

  private static byte[] image() throws IOException {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(9, 7, BufferedImage.TYPE_BYTE_GRAY), "png", png);
    return png.toByteArray();
  }
}
