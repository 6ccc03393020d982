package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.testkit.InCi;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Language and time zone change no byte of what is made. */
@InCi
class SurroundingsTest {
  @TempDir static Path folder;
  private static String expected;

  @BeforeAll
  static void runInEnglish() throws Exception {
    expected = checksums("english", "-Duser.language=en", "-Duser.timezone=UTC");
  }

  /** What a run that fine-tunes, quantizes and writes for Keras has made. */
  private static String checksums(String name, String... surroundings) throws Exception {
    Path out = folder.resolve(name);
    List<Object> arguments = new ArrayList<>(List.of(SmallRun.arguments(out)));
    arguments.addAll(
        List.of("--fine-tune", "top", "--fine-tune-epochs", 1, "--fine-tune-views", 1));
    arguments.addAll(
        List.of("--quantize", "int8", "--calibration-images", 8, "--keras", "--allow-unblessed"));
    List<String> java = new ArrayList<>(List.of("-Xmx2g"));
    java.addAll(List.of(surroundings));
    Path log = folder.resolve(name + ".log");
    int code = Outcome.fork(log, java, arguments.toArray()).waitFor();
    assertThat(code).as(Files.readString(log)).isZero();
    return Files.readString(out.resolve("bundle").resolve(Bundle.CHECKSUMS));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-Duser.language=ar -Duser.country=SA -Duser.timezone=Asia/Riyadh",
        "-Duser.language=th -Duser.country=TH -Duser.variant=TH -Duser.timezone=Asia/Kathmandu",
        "-Duser.language=tr -Duser.country=TR -Duser.timezone=America/St_Johns"
      })
  void languageAndZoneChangeNothing(String surroundings) throws Exception {
    assertThat(checksums("run" + surroundings.hashCode(), surroundings.split(" ")))
        .isEqualTo(expected);
  }
}
