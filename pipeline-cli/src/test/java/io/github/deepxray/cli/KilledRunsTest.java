package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.testkit.Nightly;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that fine-tune and quantize, killed at random moments and begun again. */
@Nightly
class KilledRunsTest {
  private static final int KILLS = 60;
  private static final List<String> JAVA = List.of("-Xmx2g");

  @TempDir Path folder;

  private static Object[] arguments(Path out) {
    List<Object> arguments = new ArrayList<>(List.of(SmallRun.arguments(out)));
    arguments.addAll(
        List.of(
            "--fine-tune",
            "top",
            "--fine-tune-epochs",
            3,
            "--fine-tune-views",
            1,
            "--quantize",
            "int8",
            "--calibration-images",
            8,
            "--allow-unblessed"));
    return arguments.toArray();
  }

  private static String checksums(Path out) throws IOException {
    return Files.readString(out.resolve("bundle").resolve(Bundle.CHECKSUMS));
  }

  @Test
  void endWithTheBytesOfARunThatWasLeftAlone() throws Exception {
    Path log = folder.resolve("log");
    Path alone = folder.resolve("alone");
    long start = System.nanoTime();
    assertThat(Outcome.fork(log, JAVA, arguments(alone)).waitFor())
        .as(Files.readString(log))
        .isZero();
    long milliseconds = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    String expected = checksums(alone);

    SplittableRandom random = new SplittableRandom(1);
    Path out = folder.resolve("killed");
    int kills = 0;
    int finished = 0;
    // A run may end before its moment has come; then a new one begins in an empty folder.
    for (int round = 0; round < 10 * KILLS && kills < KILLS; round++) {
      Process run = Outcome.fork(log, JAVA, arguments(out));
      if (!run.waitFor(random.nextLong(milliseconds), TimeUnit.MILLISECONDS)) {
        run.destroyForcibly().waitFor();
        kills++;
        if (Files.exists(out.resolve("bundle"))) {
          assertThat(new Bundle(out.resolve("bundle")).damage()).isEmpty();
        }
      } else {
        assertThat(run.exitValue()).as(Files.readString(log)).isZero();
        assertThat(checksums(out)).isEqualTo(expected);
        AtomicFiles.deleteRecursively(out);
        finished++;
      }
    }
    assertThat(kills).isEqualTo(KILLS);
    assertThat(Outcome.fork(log, JAVA, arguments(out)).waitFor())
        .as(Files.readString(log))
        .isZero();
    assertThat(checksums(out)).isEqualTo(expected);
    System.out.printf("%d kills, %d runs ended with the same bytes%n", kills, finished + 1);
  }
}
