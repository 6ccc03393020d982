package io.github.deepxray.datasets.internal.tfrecord;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.MaskedCrc;
import io.github.deepxray.core.internal.io.TfRecordWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TfRecordTest {
  @TempDir Path folder;

  @Test
  void writesTheMaskedChecksumOfTheKnownVector() throws IOException {
    // CRC-32C("123456789") is e3069283 (RFC 3720's check value).
    byte[] bytes = Files.readAllBytes(write("123456789".getBytes(StandardCharsets.US_ASCII)));
    ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(bytes).hasSize(12 + 9 + 4);
    assertThat(file.getLong(0)).isEqualTo(9);
    assertThat(file.getInt(12 + 9)).isEqualTo(MASKED);
  }

  private static final int MASKED = 0xc78ab0e5;

  @Test
  void writesWhatPythonWrites() throws IOException {
    byte[] python = resource("python.tfrecord");
    Path copy = Files.write(folder.resolve("python.tfrecord"), python);
    List<byte[]> records = readAll(copy);
    assertThat(records).hasSize(3);
    assertThat(Files.readAllBytes(write(records.toArray(byte[][]::new)))).isEqualTo(python);
  }

  @Test
  void readsGzipWrittenByPython() throws IOException {
    Path plain = Files.write(folder.resolve("plain"), resource("python.tfrecord"));
    Path gzip = Files.write(folder.resolve("gzip"), resource("python-gzip.tfrecord"));
    assertThat(readAll(gzip)).containsExactlyElementsOf(readAll(plain));
  }

  @Test
  void readsBackWhatItWrote() throws IOException {
    byte[][] records = {new byte[0], {1}, random(100_000), random(7)};
    assertThat(readAll(write(records))).containsExactly(records);
    assertThat(readAll(Files.createFile(folder.resolve("empty")))).isEmpty();
  }

  @Test
  void tellsARecordWhoseLengthLooksLikeGzip() throws IOException {
    byte[] record = random(0x8b1f);
    Path file = write(record);
    assertThat(Files.readAllBytes(file)).startsWith(0x1f, 0x8b);
    assertThat(readAll(file)).containsExactly(record);
  }

  @Test
  void noticesEveryWrongBit() throws IOException {
    Path file = write(random(20), random(30), random(10));
    byte[] good = Files.readAllBytes(file);
    for (int i = 0; i < good.length; i++) {
      byte[] bad = good.clone();
      bad[i] ^= (byte) (1 << (i % 8));
      Files.write(file, bad);
      int record = i < 36 ? 1 : i < 36 + 46 ? 2 : 3;
      assertThatThrownBy(() -> readAll(file))
          .as("byte %s", i)
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(file + ", record " + record + " ");
    }
  }

  @Test
  void noticesEveryCut() throws IOException {
    Path file = write(random(20), random(30));
    byte[] good = Files.readAllBytes(file);
    for (int length = 0; length < good.length; length++) {
      Files.write(file, Arrays.copyOf(good, length));
      if (length == 0 || length == 36) {
        assertThat(readAll(file)).hasSize(length == 0 ? 0 : 1);
        continue;
      }
      assertThatThrownBy(() -> readAll(file))
          .as("cut at %s", length)
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(file + ", record " + (length < 36 ? 1 : 2) + " ");
    }
  }

  @Test
  void noticesACutGzipFile() throws IOException {
    Path file = folder.resolve("cut.gz");
    byte[] record = random(5000);
    try (OutputStream out = Files.newOutputStream(file);
        TfRecordWriter writer = new TfRecordWriter(new GZIPOutputStream(out))) {
      writer.write(record);
      writer.write(record);
    }
    byte[] good = Files.readAllBytes(file);
    assertThat(readAll(file)).hasSize(2);
    Files.write(file, Arrays.copyOf(good, 3000));
    assertThatThrownBy(() -> readAll(file))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(file + ", record 1 ")
        .hasMessageContaining("gzip");
    Files.write(file, Arrays.copyOf(good, 5));
    assertThatThrownBy(() -> readAll(file))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  void refusesARecordLongerThanAllowed() throws IOException {
    Path file = write(random(10), random(101));
    assertThatThrownBy(
            () -> {
              try (TfRecordReader reader = TfRecordReader.open(file, 100)) {
                reader.next();
                reader.next();
              }
            })
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(file + ", record 2 at byte 26")
        .hasMessageContaining("101 bytes");
  }

  @Test
  void reservesNoMemoryForALengthThatLies() throws IOException {
    // A whole head that announces 2 GiB minus one, and nothing behind it.
    byte[] head = Files.readAllBytes(write(new byte[0]));
    ByteBuffer buffer = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putLong(0, Integer.MAX_VALUE - 8);
    buffer.putInt(8, MaskedCrc.of(head, 0, 8));
    Path file = Files.write(folder.resolve("liar"), Arrays.copyOf(head, 12));
    assertThatThrownBy(
            () -> {
              try (TfRecordReader reader = TfRecordReader.open(file, Integer.MAX_VALUE)) {
                reader.next();
              }
            })
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("record 1 ");
  }

  private Path write(byte[]... records) throws IOException {
    Path file = folder.resolve("test.tfrecord");
    try (TfRecordWriter writer = new TfRecordWriter(Files.newOutputStream(file))) {
      for (byte[] record : records) {
        writer.write(record);
      }
    }
    return file;
  }

  private static List<byte[]> readAll(Path file) throws IOException {
    List<byte[]> records = new ArrayList<>();
    try (TfRecordReader reader = TfRecordReader.open(file)) {
      for (Optional<byte[]> r = reader.next(); r.isPresent(); r = reader.next()) {
        records.add(r.get());
        assertThat(reader.record()).isEqualTo(records.size());
      }
    }
    return records;
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in =
        TfRecordTest.class.getResourceAsStream("/io/github/deepxray/datasets/" + name)) {
      return in.readAllBytes();
    }
  }
}
