package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.testkit.DamagedInputs;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.testkit.Robustness.Reading;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.ParameterException;

/** Damaged files of options give options or a line. */
class DamagedOptionsTest {
  private static final long MOST_BYTES = 64L << 20;

  private static final String CONFIG =
      """
      {"data": "archive.zip", "out": "work", "views": 3, "resume": false, "max-bad": 0.5,
       "classes": ["a", "b"], "seed": 7, "head": "logistic", "prune": 0.5}
      """;

  private static final String BLOCK =
      """
      # A run.
      data: archive.zip
      out: work
      views: 3
      max-bad: 0.5
      classes:
        - a
        - b
      head: "logistic"
      """;

  private static final String GRID =
      """
      {"data": "d.zip", "out": "o", "weights": {"b0": "imagenet", "b1": "w.h5"},
       "seeds": [1, 2], "baseline": "logistic", "options": {"epochs": 3, "views": null},
       "grid": {"head": ["logistic", "mlp"]},
       "experiments": {"small": {"backbone": "b1"}, "same": null}}
      """;

  @TempDir Path folder;

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private static Reading options(Path file) {
    return () -> {
      String[] arguments = {"run", "--config", file.toString()};
      try {
        ConfigFile.effective(
            Main.commandLine(arguments).parseArgs(arguments).subcommand().commandSpec());
      } catch (ParameterException e) {
        throw new DeepXrayException(e.getMessage(), e);
      }
    };
  }

  @InCi
  @ParameterizedTest
  @ValueSource(strings = {"json", "yaml"})
  void config(String extension) throws IOException {
    Path file = file("config." + extension, CONFIG);
    assertThat(DamagedInputs.json(file, MOST_BYTES, options(file))).isPositive();
  }

  @InCi
  @Test
  void blockYaml() throws IOException {
    Path file = file("config.yaml", BLOCK);
    assertThat(DamagedInputs.bytes(file, MOST_BYTES, options(file))).isPositive();
  }

  @Test
  void stagesBefore() throws IOException {
    Path file = file("run.yaml", BLOCK);
    assertThat(
            DamagedInputs.bytes(
                file,
                MOST_BYTES,
                () -> Configurations.withEarlierStages(folder, "export", Map.of())))
        .isPositive();
  }

  @ParameterizedTest
  @ValueSource(strings = {"json", "yaml"})
  void grids(String extension) throws IOException {
    Path file = file("grid." + extension, GRID);
    assertThat(
            DamagedInputs.json(
                file,
                MOST_BYTES,
                () -> {
                  GridSpec spec = GridSpec.read(file);
                  spec.cells().forEach(spec::effective);
                  spec.shared();
                }))
        .isPositive();
  }

  @Test
  void aGridOfTooManyExperimentsIsRefused() throws IOException {
    StringBuilder grid = new StringBuilder("data: d.zip\ngrid:\n");
    for (String option : List.of("epochs", "views", "patience")) {
      grid.append("  ").append(option).append(": [1").append(", 1".repeat(200)).append("]\n");
    }
    Path file = file("grid.yaml", grid.toString());
    assertThatThrownBy(() -> GridSpec.read(file))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("grid")
        .hasMessageContaining("experiments");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'threshold: 0.9%threshold: 0.1%' | 'line 2: \"threshold\" is repeated.'",
        "'threshold: 0.9%---%threshold: 0.1%' |"
            + " 'line 3: something follows the end; keep one value, or one document of YAML.'",
      })
  void whatCouldBeReadInTwoWaysIsRefusedWithTheLine(String lines, String message)
      throws IOException {
    Path config = file("c.yaml", lines.replace('%', '\n'));
    Outcome outcome = Outcome.of("predict", "m", "i.png", "--config", config);
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err()).contains("c.yaml, " + message);
  }
}
