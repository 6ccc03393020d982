package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.testkit.InCi;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** By itself: beside other tests the server would have to refuse requests. */
class BenchmarkServeIT {
  @InCi
  @Test
  @DisabledOnOs(OS.WINDOWS)
  void measuresEverything() {
    Outcome outcome =
        Outcome.of(
            "benchmark-serve",
            SmallRun.bundle(),
            "--engine",
            "dynamic",
            "--requests",
            200,
            "--seconds",
            1,
            "--threads",
            1,
            "--batches",
            "4");
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out())
        .contains(
            "bare loop",
            "start to ready",
            "throughput",
            "at 70 %",
            "at 400 %",
            "longest accepted",
            "new versions       3 of 3",
            "soak                    200 requests, 0 not",
            "resident memory",
            "SIGTERM to end",
            "dynamic ",
            "saved_model ");
    Matcher counts =
        Pattern.compile("(\\d+) (?:failed|not answered with the probability)")
            .matcher(outcome.out());
    List<String> failed = counts.results().map(count -> count.group(1)).toList();
    assertThat(failed).as(outcome.out()).hasSize(6).containsOnly("0");
  }
}
