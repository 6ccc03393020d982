package io.github.deepxray.serve;

import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.testkit.DamagedInputs;
import io.github.deepxray.testkit.Robustness.Reading;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that is given a damaged bundle loads it or says in a line why it does not. */
class DamagedBundleTest {
  private static final long MOST_BYTES = 512L << 20;

  @TempDir static Path home;
  private static Path folder;

  @BeforeAll
  static void write() throws IOException {
    folder = TinyBundle.write(home.resolve("bundle"), 1);
  }

  /** With checksums that are right for what was damaged: they must not be all that helps. */
  private static Reading loading() {
    return () -> {
      Files.writeString(folder.resolve(Bundle.CHECKSUMS), Bundle.checksums(folder));
      load();
    };
  }

  private static void load() throws IOException {
    ModelVersion.load(1, folder, ServerOptions.DEFAULT).release();
  }

  @ParameterizedTest
  @ValueSource(strings = {ArtifactReport.FILE, Bundle.METRICS})
  void json(String file) throws IOException {
    DamagedInputs.json(folder.resolve(file), MOST_BYTES, loading());
  }

  @Test
  void labels() throws IOException {
    DamagedInputs.bytes(folder.resolve(Bundle.LABELS), MOST_BYTES, loading());
  }

  @Test
  void checksums() throws IOException {
    Files.writeString(folder.resolve(Bundle.CHECKSUMS), Bundle.checksums(folder));
    DamagedInputs.bytes(folder.resolve(Bundle.CHECKSUMS), MOST_BYTES, DamagedBundleTest::load);
  }
}
