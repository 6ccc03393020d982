package io.github.deepxray.core.internal.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderLockTest {
  @TempDir Path folder;

  /** Holds the lock of a folder until it is killed. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] arguments) throws Exception {
      FolderLock.holding(
          Path.of(arguments[0]),
          () -> {
            System.out.println("holding");
            Thread.sleep(600_000);
            return 0;
          });
    }
  }

  private Process holder(Path out) throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Holder.class.getName(),
                out.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader said = process.inputReader();
    assertThat(said.readLine()).isNotNull();
    return process;
  }

  private static int hold(Path out) throws IOException {
    return FolderLock.holding(out, () -> 7);
  }

  @Test
  void theThreadThatHasItTakesItAgain() throws IOException {
    Path out = folder.resolve("not/there/yet");
    int result =
        FolderLock.holding(
            out,
            () -> {
              assertThat(hold(out.resolve("../yet"))).isEqualTo(7);
              assertThatThrownBy(() -> CompletableFuture.supplyAsync(() -> unchecked(out)).join())
                  .hasCauseInstanceOf(DeepXrayException.class)
                  .hasMessageContaining(out + " is being written by another run (this process)");
              return 1;
            });
    assertThat(result).isEqualTo(1);
    assertThat(CompletableFuture.supplyAsync(() -> unchecked(out)).join()).isEqualTo(7);
  }

  @Test
  void itIsGivenBackAfterAFailure() throws IOException {
    Path made = folder.resolve("made");
    assertThatThrownBy(
            () ->
                FolderLock.holding(
                    made,
                    () -> {
                      throw new IllegalStateException("fails");
                    }))
        .hasMessage("fails");
    assertThat(made).doesNotExist();
    assertThat(CompletableFuture.supplyAsync(() -> unchecked(made)).join()).isEqualTo(7);
  }

  private static int unchecked(Path out) {
    try {
      return hold(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void anotherProcessIsNamedAndNoObstacleOnceItWasKilled() throws Exception {
    Process process = holder(folder);
    try {
      assertThatThrownBy(() -> hold(folder))
          .isInstanceOf(DeepXrayException.class)
          .hasMessageContaining(folder + " is being written by another run")
          .hasMessageContaining("(process " + process.pid() + ")")
          .hasMessageContaining("another folder");
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertThat(folder.resolve(FolderLock.FILE)).exists();
    assertThat(hold(folder)).isEqualTo(7);
    assertThat(Files.readString(folder.resolve(FolderLock.FILE)))
        .isEqualTo("process " + ProcessHandle.current().pid() + "\n");
  }
}
