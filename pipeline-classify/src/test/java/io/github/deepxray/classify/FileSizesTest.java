package io.github.deepxray.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.classify.ArtifactReport.FileSizes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSizesTest {
  @TempDir private Path folder;

  @Test
  void ofAFileAreThoseOfGzipAndZip() throws IOException {
    byte[] text = "the same again, ".repeat(5000).getBytes(StandardCharsets.US_ASCII);
    Path file = folder.resolve("model.tflite");
    Files.write(file, text);
    ByteArrayOutputStream gzip = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(gzip)) {
      out.write(text);
    }

    FileSizes sizes = FileSizes.of(file);

    assertThat(sizes.raw()).isEqualTo(80_000);
    assertThat(sizes.gzip()).isEqualTo(gzip.size());
    // A local header with data descriptor, a central header and the end record, the name twice,
    // in place of gzip's header and trailer of 18 bytes.
    int name = "model.tflite".length();
    assertThat(sizes.zip()).isEqualTo(gzip.size() - 18 + 30 + 16 + name + 46 + name + 22);
  }

  @Test
  void zerosCompressAndNoiseDoesNot() throws IOException {
    byte[] noise = new byte[100_000];
    new Random(1).nextBytes(noise);
    Files.write(folder.resolve("noise"), noise);
    Files.write(folder.resolve("zeros"), new byte[100_000]);
    assertThat(FileSizes.of(folder.resolve("noise")).gzip()).isBetween(100_000L, 100_100L);
    assertThat(FileSizes.of(folder.resolve("zeros")).gzip()).isLessThan(200);
  }

  @Test
  void ofAFolderCoverAllThatIsInItWhateverItsTimes() throws IOException {
    Path inner = Files.createDirectories(folder.resolve("a/b"));
    Files.writeString(inner.resolve("one.txt"), "1".repeat(1000));
    Files.writeString(folder.resolve("two.txt"), "2".repeat(3000));
    FileSizes first = FileSizes.of(folder);
    assertThat(first.raw()).isEqualTo(4000);
    assertThat(first.gzip())
        .isEqualTo(
            FileSizes.of(inner.resolve("one.txt")).gzip()
                + FileSizes.of(folder.resolve("two.txt")).gzip());

    Files.setLastModifiedTime(folder.resolve("two.txt"), FileTime.fromMillis(0));

    assertThat(FileSizes.of(folder)).isEqualTo(first);
  }

  @Test
  void ofAFolderAreThoseOfItsArchive() throws IOException {
    Path inner = Files.createDirectories(folder.resolve("a"));
    Files.writeString(inner.resolve("ö.txt"), "1".repeat(1000));
    Files.writeString(inner.resolve("empty"), "");
    Files.writeString(folder.resolve("two.txt"), "2".repeat(3000));
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    try (ZipOutputStream out = new ZipOutputStream(archive)) {
      for (String name : List.of("a/empty", "a/ö.txt", "two.txt")) {
        ZipEntry entry = new ZipEntry(name);
        entry.setTimeLocal(LocalDateTime.of(2000, 1, 1, 0, 0));
        out.putNextEntry(entry);
        Files.copy(folder.resolve(name), out);
      }
    }
    assertThat(FileSizes.of(folder).zip()).isEqualTo(archive.size());
  }

  @Test
  void ofNothingFails() {
    assertThatThrownBy(() -> FileSizes.of(folder.resolve("missing")))
        .isInstanceOf(NoSuchFileException.class);
  }
}
