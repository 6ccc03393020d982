package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.internal.io.FolderLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two runs into one folder would remove each other's files. */
class OneRunAtATimeTest {
  @TempDir Path out;

  @Test
  void everyCommandThatWritesStagesIsRefusedWhileAnotherDoes() throws Exception {
    Path spec =
        Files.writeString(
            out.resolve("grid.yaml"),
            "data: " + SmallRun.archive() + "\ngrid: {head: [logistic, mlp]}\n");
    List<List<Object>> commands =
        List.of(
            List.of(SmallRun.arguments(out)),
            List.of("data", "--data", SmallRun.archive(), "--out", out),
            List.of("demo", "--out", out),
            List.of("compare", spec, "--out", out),
            List.of(
                "repeat",
                "--data",
                SmallRun.archive(),
                "--weights",
                SmallRun.weights(),
                "--backbone",
                SmallRun.BACKBONE,
                "--seeds",
                1,
                "--out",
                out));
    FolderLock.holding(
        out,
        () -> {
          for (List<Object> command : commands) {
            Outcome outcome =
                CompletableFuture.supplyAsync(() -> Outcome.of(command.toArray())).join();
            assertThat(outcome.code()).as(outcome.err()).isEqualTo(1);
            assertThat(outcome.err())
                .contains(out + " is being written by another run (this process); wait until");
          }
          return 0;
        });
    try (var files = Files.list(out)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("grid.yaml", FolderLock.FILE);
    }
  }
}
