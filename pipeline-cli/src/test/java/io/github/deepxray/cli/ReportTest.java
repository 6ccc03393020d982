package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.classify.Bundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
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

  @Test
  void drawsThePageThatTheRunLeft() throws IOException {
    Path page = folder.resolve("deep/page.html");
    Outcome outcome = Outcome.of("report", SmallRun.bundle(), "--out", page);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out()).isEqualTo("report " + page + "\n");
    assertThat(page).hasSameBinaryContentAs(SmallRun.bundle().resolve("report.html"));
    assertThat(new Bundle(SmallRun.bundle()).damage()).isEmpty();
  }

  @Test
  void speedIsMeasuredWhenAskedFor() throws IOException {
    Path bundle = copy();
    Outcome outcome = Outcome.of("report", bundle, "--turns", 1);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(Files.readString(bundle.resolve("report.html")))
        .contains("ms per image", "on one thread, measured on");
    assertThat(new Bundle(bundle).damage()).isEmpty();
    // And is gone when not.
    Outcome.of("report", bundle);
    assertThat(bundle.resolve(Bundle.CHECKSUMS))
        .hasSameBinaryContentAs(SmallRun.bundle().resolve(Bundle.CHECKSUMS));
  }

  @Test
  void aDamagedBundleIsNamedInOneLine() throws IOException {
    Path bundle = copy();
    Files.writeString(bundle.resolve("metrics.json"), "{}");
    Outcome outcome = Outcome.of("report", bundle);
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.errLines()).hasSize(1);
    assertThat(outcome.err()).contains(bundle.toString(), "metrics.json has changed");
  }
}
