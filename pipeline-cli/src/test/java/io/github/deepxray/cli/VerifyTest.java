package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.classify.Bundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyTest {
  @TempDir Path folder;

  private Path copy() throws IOException {
    Path copy = folder.resolve("bundle");
    try (Stream<Path> files = Files.walk(SmallRun.bundle())) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(SmallRun.bundle().relativize(file).toString()));
      }
    }
    return copy;
  }

  private static Path data() {
    return SmallRun.out().resolve("data");
  }

  @Test
  void aDamagedBundleFailsAndTheTableSaysWhere() throws IOException {
    Path bundle = copy();
    byte[] model = Files.readAllBytes(bundle.resolve(Bundle.TFLITE_FLOAT32));
    Files.write(bundle.resolve(Bundle.TFLITE_FLOAT32), Arrays.copyOf(model, 1000));
    Files.delete(bundle.resolve(Bundle.TFLITE_DYNAMIC));
    Files.writeString(bundle.resolve("notes.txt"), "added");
    Outcome outcome = Outcome.of("verify", bundle, "--data", data());
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.out())
        .contains(
            Bundle.TFLITE_FLOAT32 + " has changed",
            Bundle.TFLITE_DYNAMIC + " is missing",
            "notes.txt does not belong",
            "float32 cannot be run",
            "dynamic cannot be run",
            "NOT VERIFIED")
        .containsPattern("saved_model +test +28 .* blessed");
  }

  @Test
  void withoutItsDataTheBundleCannotBeVerified() throws IOException {
    Outcome beside = Outcome.of("verify", copy());
    assertThat(beside.code()).isEqualTo(1);
    assertThat(beside.errLines()).hasSize(1);
    assertThat(beside.err()).contains("--data");
    Outcome wrong = Outcome.of("verify", SmallRun.bundle(), "--data", folder);
    assertThat(wrong.code()).isEqualTo(1);
    assertThat(wrong.errLines()).hasSize(1);
    assertThat(wrong.err()).contains(folder.toString());
  }
}
