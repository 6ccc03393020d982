package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.report.internal.BundleRecords;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the trackers write is for their own tests; here is when they do. */
class TrackingTest {
  private static List<String> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString().replace('\\', '/'))
          .sorted()
          .toList();
    }
  }

  @Test
  void aRunLeavesEventFilesBesideTheBundleAndNothingInIt() throws IOException {
    List<String> events = files(SmallRun.out().resolve("tensorboard"));
    assertThat(events).hasSize(2);
    assertThat(events.get(0)).matches("evaluation/events\\.out\\.tfevents\\.\\d{10}\\.deepxray");
    assertThat(events.get(1)).matches("train/events\\.out\\.tfevents\\.\\d{10}\\.deepxray");
    assertThat(files(SmallRun.bundle())).noneMatch(file -> file.contains("tfevents"));
    assertThat(new BundleRecords(new Bundle(SmallRun.bundle())).provenance().config())
        .doesNotContainKeys("tensorboard", "mlflow", "mlflow-experiment");
  }

  @Test
  void aDeadServerCostsOneLine() throws IOException {
    List<String> before = files(SmallRun.out().resolve("tensorboard"));
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    Outcome outcome =
        Outcome.of(
            "evaluate",
            "--out",
            SmallRun.out(),
            "--no-tensorboard",
            "--mlflow",
            "http://127.0.0.1:" + port);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out()).contains("test split").doesNotContain("MLflow");
    assertThat(outcome.errLines().stream().filter(line -> line.contains("MLflow")))
        .singleElement()
        .asString()
        .startsWith("deepxray: MLflow at http://127.0.0.1:" + port + " is left alone from now on");
    assertThat(files(SmallRun.out().resolve("tensorboard"))).isEqualTo(before);
  }
}
