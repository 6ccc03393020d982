package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.testkit.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.Model.CommandSpec;

class ConfigFileTest {
  @TempDir Path folder;

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private static CommandSpec parse(Object... arguments) {
    String[] texts = Arrays.stream(arguments).map(String::valueOf).toArray(String[]::new);
    return Main.commandLine(texts).parseArgs(texts).subcommand().commandSpec();
  }

  private static Map<String, String> effective(Object... arguments) {
    return ConfigFile.effective(parse(arguments));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "run.yaml | 'data: archive.zip\nout: work\nviews: 3\nresume: false\nmax-bad: 0.5'",
        "run.yml  | 'data: archive.zip\nout: work\nviews: 3\nresume: false\nmax-bad: 0.5'",
        "run.json | '{\"data\": \"archive.zip\", \"out\": \"work\", \"views\": 3, \"resume\":"
            + " false, \"max-bad\": 0.5}'"
      })
  void holdsAllOptionsRequiredOnesIncluded(String name, String text) throws IOException {
    assertThat(effective("run", "--config", file(name, text)))
        .containsEntry("data", "archive.zip")
        .containsEntry("out", "work")
        .containsEntry("views", "3")
        .containsEntry("resume", "false")
        .containsEntry("max-bad", "0.5")
        .containsEntry("recipe", "fast");
  }

  @Test
  void optionsOfTheCommandLineWin() throws IOException {
    Path file = file("run.yaml", "data: a.zip\nout: work\nseed: 3\nresume: false\n");
    assertThat(effective("run", "--config=" + file, "--seed", 4, "--resume"))
        .containsEntry("seed", "4")
        .containsEntry("resume", "true")
        .containsEntry("data", "a.zip");
    Path resuming = file("resume.yaml", "resume: true\n");
    assertThat(effective("train", "--out", "o", "--config", resuming, "--no-resume"))
        .containsEntry("resume", "false");
  }

  @ParameterizedTest
  @CsvSource({"seed, 010", "seed, -3", "name, 1.10", "name, no", "views, 02", "classes, 'no,yes'"})
  void aValueMeansTheSameInAFileAndAsAFlag(String option, String value) throws IOException {
    List<String> flag = List.of("run", "--data", "d", "--out", "o", "--" + option, value);
    String yaml = value.contains(",") ? "[" + value + "]" : value;
    Path file = file("run.yaml", option + ": " + yaml + "\n");
    assertThat(effective("run", "--data", "d", "--out", "o", "--config", file))
        .isEqualTo(effective(flag.toArray()));
  }

  @ParameterizedTest
  @CsvSource({"dup, 2, is repeated", "multi, 3, keep one value"})
  void whatCouldBeReadInTwoWaysIsRefused(String name, int line, String words) {
    Path file = SharedData.cases("config/" + name + ".yaml");
    Outcome outcome = Outcome.of("predict", "bundle", "x.png", "--config", file);
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.errLines().get(0)).contains(file + ", line " + line).contains(words);
  }

  @Test
  void aNumberOfTheCasesIsTheNumberOfTheFlag() {
    Path file = SharedData.cases("config/oct.yaml");
    assertThat(effective("train", "--out", "o", "--config", file)).containsEntry("seed", "10");
  }

  @Test
  void aFractionIsNoWholeNumber() throws IOException {
    Path file = file("run.yaml", "epochs: 3.9\ndata: d\nout: o\n");
    assertThat(Outcome.of("run", "--config", file).err())
        .contains("Invalid value for option '--epochs'")
        .contains("3.9");
  }

  @Test
  void whatEarlierStagesKeptOfListsIsRecorded() throws IOException {
    Path out = Files.createDirectory(folder.resolve("lists"));
    CommandSpec run =
        parse("run", "--data", "d", "--out", "o", "--quantize", "int8", "--quantize", "dynamic");
    Files.writeString(Configurations.file(out, "run"), ConfigFile.yaml(run));
    assertThat(Configurations.withEarlierStages(out, "export", Map.of()))
        .containsEntry("run.quantize", ConfigFile.effective(run).get("quantize"));
    assertThat(ConfigFile.effective(run)).containsEntry("quantize", "int8,dynamic");
  }

  @Test
  void resumingIsTheDefault() {
    assertThat(effective("train", "--out", "o")).containsEntry("resume", "true");
    assertThat(effective("train", "--out", "o", "--resume")).containsEntry("resume", "true");
    assertThat(effective("train", "--out", "o", "--no-resume")).containsEntry("resume", "false");
  }

  @Test
  void oneFileServesAllCommands() throws IOException {
    Path file = file("all.yaml", "out: work\nseed: 3\nformat: csv\n");
    assertThat(effective("evaluate", "--config", file)).containsEntry("out", "work");
    assertThat(effective("predict", "model", "image.png", "--config", file))
        .containsEntry("format", "csv");
  }

  @Test
  void theWeightsOfTheBackboneAreNotThoseToPrune() throws IOException {
    Path file = file("all.yaml", "weights: imagenet\nout: work\nshare: 0.5\n");
    assertThat(effective("prune", "--config", file)).containsEntry("share", "0.5");
    assertThat(effective("train", "--config", file)).containsEntry("weights", "imagenet");
    Path out = Files.createDirectory(folder.resolve("out"));
    Files.writeString(out.resolve("prune.yaml"), "out: \"work\"\nshare: \"0.5\"\n");
    assertThat(Configurations.withEarlierStages(out, "export", Map.of("name", "x", "out", "y")))
        .isEqualTo(Map.of("prune.share", "0.5", "export.name", "x"));
  }

  @Test
  void gradualPruningIsCalledTheSameEverywhere() throws IOException {
    Path file = file("all.yaml", "prune-gradually: 0.5\nout: work\ndata: d\n");
    for (String command : List.of("run", "finetune")) {
      assertThat(effective(command, "--config", file)).containsEntry("prune-gradually", "0.5");
    }
  }

  @Test
  void theReportOfQuantizationHasTwoNames() {
    for (String no : List.of("--no-report", "--no-layer-report")) {
      assertThat(effective("quantize", "--out", "o", no)).containsEntry("layer-report", "false");
    }
    for (String yes : List.of("--report", "--layer-report")) {
      assertThat(effective("quantize", "--out", "o", yes)).containsEntry("layer-report", "true");
    }
    assertThat(effective("quantize", "--out", "o")).containsEntry("layer-report", "true");
  }

  @Test
  void listsAreLists() throws IOException {
    Path file = file("all.yaml", "seeds: [7, 8]\nheads: [mlp]\n");
    assertThat(effective("repeat", "--data", "d", "--out", "o", "--config", file))
        .containsEntry("seeds", "7,8")
        .containsEntry("heads", "mlp");
  }

  @Test
  void whatIsKeptGivesTheSameOptionsAgain() throws IOException {
    Object[] arguments = {
      "run",
      "--data",
      "a b: c#.zip",
      "--out",
      "010",
      "--name",
      "1.10",
      "--cache",
      "yes",
      "--no-resume",
      "--official-val",
      "validation",
      "--weights",
      "1e5",
      "--seed",
      "-3",
      "--target-sensitivity",
      "0.9",
      "--views",
      "2",
      "--head",
      "null"
    };
    Path kept = file("run.yaml", ConfigFile.yaml(parse(arguments)));
    assertThat(effective("run", "--config", kept)).isEqualTo(effective(arguments));
    Path repeat = file("repeat.yaml", ConfigFile.yaml(parse("repeat", "--data=d", "--out=o")));
    assertThat(effective("repeat", "--config", repeat))
        .isEqualTo(effective("repeat", "--data=d", "--out=o"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "x.yaml | 'haed: mlp'                 | 'haed'",
        "x.yaml | 'config: other.yaml'        | 'config'",
        "x.yaml | 'a: [b'                     | 'line 1'",
        "x.yaml | 'just text'                 | 'name: value'",
        "x.yaml | 'out: {a: b}'               | 'out must be one value'",
        "x.json | '{\"out\": 1,}'             | 'line 1'",
        "x.yaml | 'seed: many'                | '--seed'",
        "x.yaml | 'threads: -1'               | '--threads'",
      })
  void whatIsWrongIsToldInOneLine(String name, String text, String part) throws IOException {
    Path file = file(name, text);
    Outcome outcome = Outcome.of("train", "--out", folder.resolve("o"), "--config", file);
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err()).contains(part).doesNotContain("Exception");
    assertThat(outcome.errLines()).hasSize(2);
  }

  @Test
  void aFileThatIsNoneIsNamed() {
    Outcome missing = Outcome.of("evaluate", "--config", folder.resolve("nothere.yaml"));
    assertThat(missing.code()).isEqualTo(2);
    assertThat(missing.err()).contains("nothere.yaml");
    Outcome directory = Outcome.of("evaluate", "--config", folder);
    assertThat(directory.code()).isEqualTo(2);
    assertThat(directory.err()).contains(folder.toString()).doesNotContain("Exception");
  }

  @Test
  void anEmptyFileChangesNothing() throws IOException {
    assertThat(effective("evaluate", "--out", "o", "--config", file("empty.yaml", "")))
        .isEqualTo(effective("evaluate", "--out", "o"));
  }
}
