package io.github.deepxray.train.internal.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.deepxray.core.internal.engine.Processor;
import io.github.deepxray.testkit.SharedData;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The features of the processor are those that native libraries see. */
class OtherProcessorTest {
  /** The exit code of the emulator where processors cannot be restricted. */
  private static final int IMPOSSIBLE = 77;

  @TempDir Path folder;

  /** Run in another process. */
  public static void main(String[] args) {
    System.out.println(Processor.features());
  }

  @Test
  void olderProcessorsHaveOtherFeatures() throws IOException, InterruptedException {
    assertThat(Processor.features()).matches(".+; .+");
    Path emulator = SharedData.otherProcessor();
    String here = features(emulator, "native");
    assertThat(here).isEqualTo(Processor.features());
    assumeThat(here).contains("avx512f");
    assertThat(features(emulator, "haswell"))
        .contains("avx2")
        .isNotEqualTo(here)
        .doesNotStartWith(here.substring(0, here.indexOf(';')));
  }

  private String features(Path emulator, String processor)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            emulator.toString(),
            processor,
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            OtherProcessorTest.class.getName());
    builder.environment().put("OTHER_CPU_LIB", folder.resolve("other.so").toString());
    Process process = builder.redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    assumeThat(code).isNotEqualTo(IMPOSSIBLE);
    assertThat(code).as(out).isZero();
    return List.of(out.split("\n")).get(0);
  }
}
