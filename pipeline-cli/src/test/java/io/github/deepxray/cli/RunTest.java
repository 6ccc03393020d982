package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.report.internal.BundleRecords;
import io.github.deepxray.testkit.InCi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs on drawn phantoms, from the archive to the verified bundle. */
class RunTest {
  @TempDir Path folder;

  private static String checksums(Path out) throws IOException {
    return Files.readString(out.resolve("bundle").resolve(Bundle.CHECKSUMS));
  }

  private static List<String> hashes(Path folder) throws IOException {
    List<String> hashes = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        hashes.add(folder.relativize(file) + " " + Hashes.sha256(file));
      }
    }
    return hashes;
  }

  private static void assertNothingHalfWritten(Path out) throws IOException {
    try (Stream<Path> files = Files.walk(out)) {
      assertThat(files.map(Path::toString).filter(name -> name.contains(".partial"))).isEmpty();
    }
  }

  @Test
  void leavesTheBundleAndTheOptionsItRanWith() throws IOException {
    assertThat(SmallRun.out().resolve("run.yaml"))
        .content()
        .contains("seed: 5", "validation-fraction: 0.25", "resume: true", "head: \"logistic\"");
    for (String folder : List.of("data", "cache", "train", "evaluation", "bundle")) {
      assertThat(SmallRun.out().resolve(folder)).isDirectory();
    }
    assertThat(new Bundle(SmallRun.bundle()).damage()).isEmpty();
    assertThat(new BundleRecords(new Bundle(SmallRun.bundle())).provenance().config())
        .containsEntry("seed", "5")
        .containsEntry("head", "logistic")
        .doesNotContainKeys("out", "data", "weights", "cache");
    assertNothingHalfWritten(SmallRun.out());
  }

  @Test
  void theKeptOptionsGiveTheSameBytesElsewhere() throws IOException {
    Path out = folder.resolve("again");
    Outcome again = Outcome.of("run", "--config", SmallRun.out().resolve("run.yaml"), "--out", out);
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(again.out()).contains("verified");
    assertThat(checksums(out)).isEqualTo(checksums(SmallRun.out()));
    for (String stage : List.of("data", "evaluation", "bundle")) {
      assertThat(hashes(out.resolve(stage))).isEqualTo(hashes(SmallRun.out().resolve(stage)));
    }
    assertThat(out.resolve("train/model.safetensors"))
        .hasSameBinaryContentAs(SmallRun.out().resolve("train/model.safetensors"));
  }

  @InCi
  @Test
  void theStagesOneByOneGiveTheSameModel() throws IOException {
    Path out = folder.resolve("stages");
    Object[][] stages = {
      {
        "data",
        "--data",
        SmallRun.archive(),
        "--validation-fraction",
        0.25,
        "--seed",
        5,
        "--records-per-shard",
        16,
        "--image-size",
        SmallRun.SIZE,
        "--out",
        out
      },
      {
        "train",
        "--backbone",
        SmallRun.BACKBONE,
        "--weights",
        SmallRun.weights(),
        "--head",
        "logistic",
        "--views",
        1,
        "--epochs",
        40,
        "--seed",
        5,
        "--out",
        out
      },
      {"evaluate", "--out", out},
      {"export", "--out", out},
      {"verify", out.resolve("bundle")},
    };
    for (Object[] stage : stages) {
      Outcome outcome = Outcome.of(stage);
      assertThat(outcome.code()).as(stage[0] + ": " + outcome.err()).isZero();
    }
    for (String file :
        List.of(
            Bundle.SAVED_MODEL + "/saved_model.pb",
            Bundle.TFLITE_FLOAT32,
            Bundle.TFLITE_DYNAMIC,
            "metrics.json",
            "dataset.json")) {
      assertThat(out.resolve("bundle").resolve(file))
          .hasSameBinaryContentAs(SmallRun.bundle().resolve(file));
    }
    assertThat(new BundleRecords(new Bundle(out.resolve("bundle"))).provenance().config())
        .containsEntry("data.seed", "5")
        .containsEntry("train.head", "logistic")
        .containsEntry("export.name", "deepxray")
        .doesNotContainKeys("data.data", "train.weights", "train.out");
  }

  @InCi
  @Test
  void killedAtAnyMomentTheNextRunGoesOnToTheSameBundle() throws Exception {
    String expected = checksums(SmallRun.out());
    Path out = folder.resolve("killed");
    Path log = folder.resolve("log");
    SplittableRandom random = new SplittableRandom(1);
    int kills = 0;
    // The stages do not take long: later and later kills meet all of them.
    for (int seconds = 1; seconds <= 6; seconds++) {
      Process run = Outcome.fork(log, List.of("-Xmx2g"), SmallRun.arguments(out));
      if (!run.waitFor(seconds * 1000L + random.nextInt(1000), TimeUnit.MILLISECONDS)) {
        run.destroyForcibly().waitFor();
        kills++;
      }
      Path bundle = out.resolve("bundle");
      if (Files.exists(bundle)) {
        // Where there is a bundle it is a whole one.
        assertThat(new Bundle(bundle).damage()).isEmpty();
      }
    }
    assertThat(kills).isPositive();
    Outcome last = Outcome.of(SmallRun.arguments(out));
    assertThat(last.code()).as(last.err()).isZero();
    assertThat(checksums(out)).isEqualTo(expected);
    assertNothingHalfWritten(out);
  }
}
