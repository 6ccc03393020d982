package io.github.deepxray.datasets.internal.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.datasets.source.SourceLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileSourceTest {
  private static final byte[] HELLO = "hello".getBytes(StandardCharsets.US_ASCII);

  @TempDir Path folder;

  @FunctionalInterface
  private interface Filling {
    void fill(ZipArchiveOutputStream zip) throws IOException;
  }

  private Path zip(Filling filling) throws IOException {
    Path file = folder.resolve("archive.zip");
    try (ZipArchiveOutputStream zip = new ZipArchiveOutputStream(file)) {
      filling.fill(zip);
    }
    return file;
  }

  private static void put(ZipArchiveOutputStream zip, String name, byte[] bytes)
      throws IOException {
    zip.putArchiveEntry(new ZipArchiveEntry(name));
    zip.write(bytes);
    zip.closeArchiveEntry();
  }

  private static void open(Path path, SourceLimits limits) throws IOException {
    FileSource.open(path, limits).close();
  }

  @Test
  void readsAnArchiveAndAFolderAlike() throws IOException {
    Path zip =
        zip(
            z -> {
              put(z, "b/2.txt", HELLO);
              put(z, "b/1.txt", new byte[0]);
              put(z, "a.txt", new byte[300_000]);
            });
    Path tree = Files.createDirectories(folder.resolve("tree/b")).getParent();
    Files.write(tree.resolve("b/2.txt"), HELLO);
    Files.createFile(tree.resolve("b/1.txt"));
    Files.write(tree.resolve("a.txt"), new byte[300_000]);
    for (Path path : new Path[] {zip, tree}) {
      try (FileSource source = FileSource.open(path, SourceLimits.DEFAULT)) {
        assertThat(source.files())
            .containsExactly(
                new SourceFile("a.txt", 300_000),
                new SourceFile("b/1.txt", 0),
                new SourceFile("b/2.txt", 5));
        assertThat(source.read(source.files().get(0))).isEqualTo(new byte[300_000]);
        assertThat(source.read(source.files().get(1))).isEmpty();
        assertThat(source.read(source.files().get(2))).isEqualTo(HELLO);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../evil.jpeg",
        "a/../../evil.jpeg",
        "evil/..",
        "..\\evil.jpeg",
        "a\\..\\..\\evil.jpeg",
        "/etc/evil.jpeg",
        "\\\\server\\evil.jpeg",
        "C:\\evil.jpeg",
        "c:evil.jpeg",
        "__MACOSX/../../evil.jpeg",
        "a/evil\u0000.jpeg",
        "a/evil\u001b[2J.jpeg",
      })
  void refusesPathsThatLeadOutside(String name) throws IOException {
    Path zip =
        zip(
            z -> {
              put(z, "good.jpeg", HELLO);
              put(z, name, HELLO);
            });
    assertThatThrownBy(() -> open(zip, SourceLimits.DEFAULT))
        .isInstanceOf(DeepXrayException.class)
        .satisfies(
            e -> {
              // The JDK's own reader may be the first to refuse a control character.
              if (e instanceof RefusedException) {
                assertThat(e).hasMessageContaining("entry \"").hasMessageContaining("evil");
              }
              assertThat(e.getMessage().chars().noneMatch(Character::isISOControl)).isTrue();
            });
  }

  @Test
  void refusesSymbolicLinksInAnArchive() throws IOException {
    Path zip =
        zip(
            z -> {
              ZipArchiveEntry link = new ZipArchiveEntry("train/NORMAL/link.jpeg");
              link.setUnixMode(0120777);
              z.putArchiveEntry(link);
              z.write("/etc/passwd".getBytes(StandardCharsets.US_ASCII));
              z.closeArchiveEntry();
            });
    assertThatThrownBy(() -> open(zip, SourceLimits.DEFAULT))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("train/NORMAL/link.jpeg")
        .hasMessageContaining("symbolic link");
  }

  @Test
  void refusesSymbolicLinksInAFolderButNotTheFolderItself() throws IOException {
    assumeTrue(FileSystems.getDefault().supportedFileAttributeViews().contains("posix"));
    Path tree = Files.createDirectories(folder.resolve("tree/a")).getParent();
    Files.write(tree.resolve("a/file"), HELLO);
    Path alias = Files.createSymbolicLink(folder.resolve("alias"), tree);
    try (FileSource source = FileSource.open(alias, SourceLimits.DEFAULT)) {
      assertThat(source.files()).containsExactly(new SourceFile("a/file", 5));
    }
    Files.createSymbolicLink(tree.resolve("a/link"), Path.of("/etc"));
    assertThatThrownBy(() -> open(tree, SourceLimits.DEFAULT))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("a/link")
        .hasMessageContaining("symbolic link");
  }

  @Test
  void refusesOverlongNames() throws IOException {
    String name = "x".repeat(300) + ".jpeg";
    Path zip = zip(z -> put(z, name, HELLO));
    assertThatThrownBy(() -> open(zip, SourceLimits.DEFAULT))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("xxxxx")
        .hasMessageContaining("305 characters")
        .satisfies(e -> assertThat(e.getMessage().length()).isLessThan(500));
  }

  @Test
  void refusesTooManyEntries() throws IOException {
    Path zip =
        zip(
            z -> {
              for (int i = 0; i < 11; i++) {
                put(z, "file" + i, HELLO);
              }
            });
    open(zip, SourceLimits.DEFAULT.withMaxEntries(11));
    assertThatThrownBy(() -> open(zip, SourceLimits.DEFAULT.withMaxEntries(10)))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining(zip.toString())
        .hasMessageContaining("11 entries");
    Path tree = Files.createDirectory(folder.resolve("tree"));
    for (int i = 0; i < 11; i++) {
      Files.write(tree.resolve("file" + i), HELLO);
    }
    assertThatThrownBy(() -> open(tree, SourceLimits.DEFAULT.withMaxEntries(10)))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("file");
  }

  @Test
  void refusesTooManyBytes() throws IOException {
    Path zip =
        zip(
            z -> {
              put(z, "one", random(600));
              put(z, "two", random(600));
            });
    open(zip, SourceLimits.DEFAULT.withMaxTotalBytes(1200));
    assertThatThrownBy(() -> open(zip, SourceLimits.DEFAULT.withMaxTotalBytes(1199)))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("1199 bytes");
    Path tree = Files.createDirectory(folder.resolve("tree"));
    Files.write(tree.resolve("one"), random(600));
    Files.write(tree.resolve("two"), random(600));
    assertThatThrownBy(() -> open(tree, SourceLimits.DEFAULT.withMaxTotalBytes(1199)))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("1199 bytes");
  }

  @Test
  void refusesEntriesThatGrowWithoutMeasure() throws IOException {
    Path zip = zip(z -> put(z, "train/NORMAL/bomb.jpeg", new byte[20 << 20]));
    assertThatThrownBy(() -> open(zip, SourceLimits.DEFAULT))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("train/NORMAL/bomb.jpeg")
        .hasMessageContaining("would inflate");
  }

  @Test
  void refusesAnEntryThatHoldsMoreThanItSays() throws IOException {
    Path zip = zip(z -> put(z, "liar.jpeg", new byte[1000]));
    patchDirectory(zip, 24, 10);
    try (FileSource source = FileSource.open(zip, SourceLimits.DEFAULT)) {
      assertThatThrownBy(() -> source.read(source.files().get(0)))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("liar.jpeg");
    }
  }

  @Test
  void refusesTwoEntriesOfOneName() throws IOException {
    Path zip =
        zip(
            z -> {
              put(z, "same.jpeg", HELLO);
              put(z, "same.jpeg", random(7));
            });
    assertThatThrownBy(() -> open(zip, SourceLimits.DEFAULT))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("same.jpeg")
        .hasMessageContaining("repeated");
  }

  @Test
  void noticesDamageByTheChecksum() throws IOException {
    Path zip =
        zip(
            z -> {
              z.setMethod(ZipArchiveOutputStream.STORED);
              ZipArchiveEntry entry = new ZipArchiveEntry("image.jpeg");
              entry.setSize(5);
              CRC32 crc = new CRC32();
              crc.update(HELLO);
              entry.setCrc(crc.getValue());
              z.putArchiveEntry(entry);
              z.write(HELLO);
              z.closeArchiveEntry();
            });
    byte[] bytes = Files.readAllBytes(zip);
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("hello");
    bytes[at] = 'j';
    Files.write(zip, bytes);
    try (FileSource source = FileSource.open(zip, SourceLimits.DEFAULT)) {
      assertThatThrownBy(() -> source.read(source.files().get(0)))
          .isInstanceOf(DeepXrayException.class)
          .isNotInstanceOf(RefusedException.class)
          .hasMessageContaining("checksum");
    }
  }

  @Test
  void doesNotReadAFileLargerThanAllowed() throws IOException {
    Path zip = zip(z -> put(z, "large.jpeg", random(2000)));
    try (FileSource source = FileSource.open(zip, SourceLimits.DEFAULT.withMaxFileBytes(1999))) {
      assertThatThrownBy(() -> source.read(source.files().get(0)))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining("2000 bytes");
    }
  }

  @Test
  void saysWhatToDoAboutACutArchive() throws IOException {
    Path zip = zip(z -> put(z, "a", random(5000)));
    byte[] bytes = Files.readAllBytes(zip);
    for (int length : new int[] {0, 10, 3000, bytes.length - 1}) {
      Files.write(zip, Arrays.copyOf(bytes, length));
      assertThatThrownBy(() -> open(zip, SourceLimits.DEFAULT))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(zip.toString())
          .hasMessageContaining("download it again");
    }
    assertThatThrownBy(() -> open(folder.resolve("nowhere.zip"), SourceLimits.DEFAULT))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("nowhere.zip");
  }

  @Test
  void survivesRandomDamage() throws IOException {
    Path zip =
        zip(
            z -> {
              for (int i = 0; i < 5; i++) {
                put(z, "train/NORMAL/file" + i, random(200 + i));
              }
            });
    byte[] good = Files.readAllBytes(zip);
    Random random = new Random(3);
    for (int i = 0; i < 2000; i++) {
      byte[] bad = good.clone();
      for (int k = 0; k < 3; k++) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt();
      }
      Files.write(zip, bad);
      try (FileSource source = FileSource.open(zip, SourceLimits.DEFAULT)) {
        for (SourceFile file : source.files()) {
          try {
            assertThat(source.read(file)).hasSize((int) file.size());
          } catch (DeepXrayException e) {
            assertThat(e.getMessage()).isNotBlank();
          }
        }
      } catch (DeepXrayException e) {
        assertThat(e).hasMessageContaining(zip.toString());
      }
    }
  }

  /** Overwrites a 32-bit field of the first entry of the archive's directory. */
  private static void patchDirectory(Path zip, int field, int value) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(zip)).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < bytes.limit() - 4; i++) {
      if (bytes.getInt(i) == 0x02014b50) {
        bytes.putInt(i + field, value);
        break;
      }
    }
    Files.write(zip, bytes.array());
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }
}
