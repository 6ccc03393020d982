package io.github.deepxray.core.internal.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HashesTest {
  /** The vector "abc" of FIPS 180-2. */
  private static final String ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  @Test
  void hashesKnownVectors(@TempDir Path folder) throws IOException {
    assertThat(Hashes.sha256("abc")).isEqualTo(ABC);
    assertThat(Hashes.sha256(new byte[] {'a', 'b', 'c'})).isEqualTo(ABC);
    assertThat(Hashes.sha256(Files.writeString(folder.resolve("f"), "abc"))).isEqualTo(ABC);
    assertThat(Hashes.sha256(""))
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  }

  @Test
  void hashesFilesLongerThanABuffer(@TempDir Path folder) throws IOException {
    // One million letters a: the long vector of FIPS 180-2.
    Path file = Files.writeString(folder.resolve("f"), "a".repeat(1_000_000));
    assertThat(Hashes.sha256(file))
        .isEqualTo("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  }
}
