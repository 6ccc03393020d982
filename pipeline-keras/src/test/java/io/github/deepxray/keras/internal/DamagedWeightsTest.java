package io.github.deepxray.keras.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DamagedWeightsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"packed-keras.h5", "dense-keras.h5"})
  void readsWhatOtherProgramsMakeOfIt(String name) throws IOException {
    Path file = write(resource(name));
    assertThat(KerasHdf5.read(file, SmallNetwork.NETWORK)).isEqualTo(SmallNetwork.weights());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "small-keras.h5",
        "small-keras3.weights.h5",
        "small-keras3.h5",
        "packed-keras.h5",
        "dense-keras.h5"
      })
  void aTruncatedFileNeverGivesAModel(String name) throws IOException {
    byte[] whole = resource(name);
    for (int length = 0; length < whole.length; length += 1 + whole.length / 97) {
      assertRefused(Arrays.copyOf(whole, length), "complete");
    }
    assertRefused(Arrays.copyOf(whole, whole.length - 1), "cut off");
  }

  @Test
  void userBytesInFrontOfTheFileAreSkipped() throws IOException {
    byte[] plain = resource("small-keras.h5");
    byte[] shifted = new byte[512 + plain.length];
    System.arraycopy(plain, 0, shifted, 512, plain.length);
    // Base address and end of file of the superblock.
    ByteBuffer bytes = ByteBuffer.wrap(shifted).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(512 + 24, 512).putLong(512 + 40, shifted.length);
    assertThat(KerasHdf5.read(write(shifted), SmallNetwork.NETWORK))
        .isEqualTo(SmallNetwork.weights());
    assertRefused(Arrays.copyOf(shifted, shifted.length - 1), "cut off");
  }

  @Test
  void aFilterOfAnotherKindIsNamed() throws IOException {
    byte[] bytes = resource("packed-keras.h5");
    // The number of deflate, the length of its name, flags and number of options become lz4's.
    replace(bytes, new byte[] {1, 0, 8, 0, 1, 0, 1, 0}, new byte[] {4, 125, 8, 0, 1, 0, 1, 0});
    assertRefused(bytes, "shuffle, lz4");
  }

  @Test
  void aChunkThatUnpacksToMoreIsRefused() throws IOException {
    byte[] bytes = resource("packed-keras.h5");
    // The first dimension of the chunks of stem_conv/kernel and the size of a value.
    replace(
        bytes,
        new byte[] {2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 4},
        new byte[] {1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 4});
    assertRefused(bytes, "stem_conv/kernel", "decompress");
  }

  @Test
  void aMissingChunkIsRefused() throws IOException {
    byte[] bytes = resource("packed-keras.h5");
    // The number of entries of each tree of chunks.
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    for (int i = text.indexOf("TREE\1"); i >= 0; i = text.indexOf("TREE\1", i + 1)) {
      bytes[i + 6]--;
    }
    assertRefused(bytes, "of 16 chunks");
  }

  @Test
  void tablesInCirclesAreRefused() throws IOException {
    byte[] bytes = resource("small-keras.h5");
    int tree = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("TREE");
    // A node of a level above the leaves whose first child is itself.
    bytes[tree + 5] = 1;
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(tree + 32, tree);
    assertRefused(bytes, "Keras HDF5");
  }

  @Test
  void tablesOfMoreThanTheFileHoldsAreRefused() throws IOException {
    byte[] trees = resource("dense-keras.h5");
    byte[] heaps = trees.clone();
    String text = new String(trees, StandardCharsets.ISO_8859_1);
    for (int i = text.indexOf("BTHD"); i >= 0; i = text.indexOf("BTHD", i + 1)) {
      // The number of all records.
      ByteBuffer.wrap(trees).order(ByteOrder.LITTLE_ENDIAN).putLong(i + 26, Integer.MAX_VALUE);
    }
    assertRefused(trees, "more entries than the file");
    for (int i = text.indexOf("FRHP"); i >= 0; i = text.indexOf("FRHP", i + 1)) {
      // Columns and rows, whose product times eight is no int.
      ByteBuffer.wrap(heaps)
          .order(ByteOrder.LITTLE_ENDIAN)
          .putShort(i + 110, (short) (1 << 14))
          .putShort(i + 140, (short) (1 << 15));
    }
    assertRefused(heaps, "more blocks");
  }

  @Test
  void longNamesAreRefused() throws IOException {
    byte[] plain = resource("small-keras.h5");
    byte[] bytes = Arrays.copyOf(plain, plain.length + 400);
    Arrays.fill(bytes, plain.length, bytes.length - 1, (byte) 'x');
    // The names of the first group become the ends of one.
    int heap = new String(plain, StandardCharsets.ISO_8859_1).indexOf("HEAP");
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(heap + 8, bytes.length - plain.length)
        .putLong(heap + 24, plain.length);
    assertRefused(bytes, "a name has", "characters");
  }

  @Test
  void anArchiveThatUnpacksToFarMoreIsRefused() throws IOException {
    for (String entry : new String[] {KerasFile.CONFIG_ENTRY, KerasFile.WEIGHTS_ENTRY}) {
      Path file = folder.resolve("bomb.keras");
      try (ZipInputStream in =
              new ZipInputStream(
                  DamagedWeightsTest.class.getResourceAsStream("small-keras3.keras"));
          ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(file))) {
        for (ZipEntry next = in.getNextEntry(); next != null; next = in.getNextEntry()) {
          out.putNextEntry(new ZipEntry(next.getName()));
          in.transferTo(out);
          byte[] padding = new byte[1 << 20];
          Arrays.fill(padding, (byte) ' ');
          for (int i = 0; i < 24 && next.getName().equals(entry); i++) {
            out.write(padding);
          }
        }
      }
      assertRefused(file, entry, "decompresses to more");
    }
  }

  private static void replace(byte[] bytes, byte[] old, byte[] replacement) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    String sought = new String(old, StandardCharsets.ISO_8859_1);
    assertThat(text).contains(sought);
    for (int i = text.indexOf(sought); i >= 0; i = text.indexOf(sought, i + 1)) {
      System.arraycopy(replacement, 0, bytes, i, replacement.length);
    }
  }

  private void assertRefused(byte[] bytes, String... words) throws IOException {
    assertRefused(write(bytes), words);
  }

  private static void assertRefused(Path file, String... words) {
    assertThatThrownBy(() -> KerasHdf5.read(file, SmallNetwork.NETWORK))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll(words)
        .hasMessageStartingWith(file.toString())
        .hasMessageNotContaining("\n");
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("weights.h5"), bytes);
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = DamagedWeightsTest.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }
}
