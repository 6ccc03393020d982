package io.github.deepxray.train.internal.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.train.internal.embedding.EmbeddingCache.Precision;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddingCacheTest {
  private static final int DIMENSION = 5;
  private static final View SECOND = new View(1);

  @TempDir Path folder;

  @Test
  void saysHowMuchRoomIsMissing() throws IOException {
    try (EmbeddingCache cache = open("key")) {
      cache.requireSpace(1000);
      long available = Files.getFileStore(folder).getTotalSpace();
      assertThatThrownBy(() -> cache.requireSpace(available))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("bytes")
          .hasMessageContaining("available")
          .hasMessageContaining("--cache");
    }
  }

  @Test
  void keepsVectorsFromRunToRun() throws IOException {
    float[] odd = {-0f, Float.MIN_VALUE, 1 / 3f, -1e30f, Float.MAX_VALUE};
    try (EmbeddingCache cache = open("key")) {
      cache.put(image(0), View.IDENTITY, vector(0), 0);
      cache.put(image(0), SECOND, odd, 0);
      // From the middle of an array, as batches do.
      cache.put(image(1), View.IDENTITY, concat(vector(7), vector(8)), DIMENSION);
      assertThat(cache.size()).isEqualTo(3);
      assertThat(cache.get(image(0), SECOND)).contains(odd);
    }
    try (EmbeddingCache cache = open("key")) {
      assertThat(cache.size()).isEqualTo(3);
      assertThat(cache.get(image(0), View.IDENTITY)).contains(vector(0));
      assertThat(cache.get(image(0), SECOND)).contains(odd);
      assertThat(cache.get(image(1), View.IDENTITY)).contains(vector(8));
    }
  }

  @Test
  void keepsSixteenBitsWhereThatIsAskedFor() throws IOException {
    float[] exact = {1, -0.5f, 65504, 0x1p-24f, 0};
    float[] rounded = {1 / 3f, 1.0001f, -1000.3f, 1e-9f, 3};
    try (EmbeddingCache cache =
        EmbeddingCache.open(
            folder, new EmbeddingCache.Key("half", "cpu"), DIMENSION, Precision.FLOAT16)) {
      cache.put(image(0), View.IDENTITY, exact, 0);
      cache.put(image(1), View.IDENTITY, concat(exact, rounded), DIMENSION);
      assertThatThrownBy(
              () -> cache.put(image(2), View.IDENTITY, new float[] {0, 0, 7e4f, 0, 0}, 0))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("70000");
    }
    try (EmbeddingCache cache =
        EmbeddingCache.open(
            folder, new EmbeddingCache.Key("half", "cpu"), DIMENSION, Precision.FLOAT16)) {
      assertThat(cache.size()).isEqualTo(2);
      assertThat(cache.get(image(0), View.IDENTITY)).contains(exact);
      float[] read = new float[7];
      assertThat(cache.read(image(1), View.IDENTITY, read, 1)).isTrue();
      assertThat(cache.read(image(2), View.IDENTITY, read, 1)).isFalse();
      for (int i = 0; i < DIMENSION; i++) {
        assertThat(read[i + 1])
            .isCloseTo(rounded[i], within(Math.abs(rounded[i]) * 0x1p-11f + 0x1p-25f));
      }
      assertThat(read[0]).isZero();
      assertThat(read[6]).isZero();
    }
    // A file of the other precision is none.
    try (EmbeddingCache cache = open("half")) {
      assertThat(cache.size()).isZero();
    }
  }

  @Test
  void hasNothingUnderAnotherImageViewOrKey() throws IOException {
    try (EmbeddingCache cache = open("key")) {
      cache.put(image(0), View.IDENTITY, vector(0), 0);
      assertThat(cache.contains(image(0), View.IDENTITY)).isTrue();
      assertThat(cache.contains(image(1), View.IDENTITY)).isFalse();
      assertThat(cache.contains(image(0), SECOND)).isFalse();
      assertThat(cache.get(image(0), SECOND)).isEmpty();
    }
    try (EmbeddingCache other = open("another key")) {
      assertThat(other.contains(image(0), View.IDENTITY)).isFalse();
      other.put(image(0), View.IDENTITY, vector(1), 0);
    }
    try (EmbeddingCache cache = open("key")) {
      assertThat(cache.get(image(0), View.IDENTITY)).contains(vector(0));
    }
  }

  @Test
  void keepsTheFirstOfTwoVectors() throws IOException {
    try (EmbeddingCache cache = open("key")) {
      cache.put(image(0), View.IDENTITY, vector(0), 0);
      cache.put(image(0), View.IDENTITY, vector(1), 0);
      assertThat(cache.size()).isEqualTo(1);
      assertThat(cache.get(image(0), View.IDENTITY)).contains(vector(0));
    }
  }

  /** What a run that was killed while it wrote leaves behind, wherever it stopped. */
  @Test
  void cutsOffAnIncompleteEnd() throws IOException {
    fill(3);
    byte[] whole = Files.readAllBytes(file());
    int record = (whole.length - 16) / 3;
    for (int missing : new int[] {1, 7, record - 1}) {
      Files.write(file(), Arrays.copyOf(whole, whole.length - missing));
      try (EmbeddingCache cache = open("key")) {
        assertThat(cache.size()).isEqualTo(2);
        assertThat(cache.get(image(1), View.IDENTITY)).contains(vector(1));
        assertThat(cache.contains(image(2), View.IDENTITY)).isFalse();
        cache.put(image(2), View.IDENTITY, vector(2), 0);
      }
      assertThat(file()).hasBinaryContent(whole);
    }
  }

  @Test
  void cutsOffADamagedEnd() throws IOException {
    fill(3);
    int record = (int) (Files.size(file()) - 16) / 3;
    for (int back : new int[] {record, record - 33, 20, 1}) {
      flipByte(Files.size(file()) - back);
      try (EmbeddingCache cache = open("key")) {
        assertThat(cache.size()).isEqualTo(2);
        assertThat(cache.get(image(0), View.IDENTITY)).contains(vector(0));
        cache.put(image(2), View.IDENTITY, vector(2), 0);
      }
    }
  }

  @Test
  void startsAnewWhereTheFileIsNoCache() throws IOException {
    fill(2);
    for (byte[] junk : new byte[][] {{}, {1, 2, 3}, new byte[500]}) {
      Files.write(file(), junk);
      try (EmbeddingCache cache = open("key")) {
        assertThat(cache.size()).isZero();
        cache.put(image(0), View.IDENTITY, vector(0), 0);
      }
      try (EmbeddingCache cache = open("key")) {
        assertThat(cache.get(image(0), View.IDENTITY)).contains(vector(0));
      }
    }
  }

  @Test
  void isUsedByOneRunAtATime() throws IOException {
    try (EmbeddingCache cache = open("key")) {
      cache.put(image(0), View.IDENTITY, vector(0), 0);
      assertThatThrownBy(() -> open("key"))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(file().toString())
          .hasMessageContaining("--cache");
      open("another key").close();
      // The failed attempt took nothing away.
      cache.put(image(1), View.IDENTITY, vector(1), 0);
    }
    try (EmbeddingCache cache = open("key")) {
      assertThat(cache.size()).isEqualTo(2);
    }
  }

  @Test
  void takesVectorsFromSeveralThreads() throws Exception {
    try (EmbeddingCache cache = open("key")) {
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        int first = t;
        Thread thread =
            new Thread(
                () -> {
                  for (int i = first; i < 400; i += 3) {
                    put(cache, i);
                  }
                });
        thread.start();
        threads.add(thread);
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }
    try (EmbeddingCache cache = open("key")) {
      assertThat(cache.size()).isEqualTo(400);
      for (int i = 0; i < 400; i++) {
        assertThat(cache.get(image(i), View.IDENTITY)).contains(vector(i));
      }
    }
  }

  private static void put(EmbeddingCache cache, int i) {
    try {
      cache.put(image(i), View.IDENTITY, vector(i), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void fill(int images) throws IOException {
    try (EmbeddingCache cache = open("key")) {
      for (int i = 0; i < images; i++) {
        cache.put(image(i), View.IDENTITY, vector(i), 0);
      }
    }
  }

  private EmbeddingCache open(String key) throws IOException {
    return EmbeddingCache.open(
        folder, new EmbeddingCache.Key(key, "cpu"), DIMENSION, Precision.FLOAT32);
  }

  private Path file() throws IOException {
    String home = Hashes.sha256("key").substring(0, 16);
    try (Stream<Path> files = Files.walk(folder.resolve(home))) {
      return files.filter(Files::isRegularFile).findFirst().orElseThrow();
    }
  }

  private void flipByte(long position) throws IOException {
    try (RandomAccessFile bytes = new RandomAccessFile(file().toFile(), "rw")) {
      bytes.seek(position);
      int value = bytes.read();
      bytes.seek(position);
      bytes.write(value ^ 0x40);
    }
  }

  private static String image(int i) {
    return Hashes.sha256("image " + i);
  }

  private static float[] vector(int i) {
    return new float[] {i, i + 0.5f, -i, 1f / (i + 1), 1e-20f * i};
  }

  private static float[] concat(float[] a, float[] b) {
    float[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }
}
