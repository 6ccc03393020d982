package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

class CommandLineTest {
  @TempDir Path folder;

  static Stream<String> commands() {
    return Main.commandLine().getSubcommands().keySet().stream().filter(c -> !c.equals("help"));
  }

  @Test
  void withoutACommandItShowsHowToUseIt() {
    Outcome outcome = Outcome.of();
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err()).contains("Usage: deepxray").contains("predict").contains("demo");
  }

  @Test
  void helpAndVersionSucceed() {
    assertThat(Outcome.of("--help").code()).isZero();
    assertThat(Outcome.of("--version").out()).startsWith("deepxray ");
    assertThat(Outcome.of("help", "run").out()).isEqualTo(Outcome.of("run", "--help").out());
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandTeaches(String command) {
    Outcome outcome = Outcome.of(command, "--help");
    assertThat(outcome.code()).isZero();
    assertThat(outcome.out())
        .contains("Usage: deepxray " + command)
        .contains("Example: deepxray " + command);
    for (OptionSpec option :
        Main.commandLine().getSubcommands().get(command).getCommandSpec().options()) {
      assertThat(String.join(" ", option.description())).as(option.longestName()).endsWith(".");
      if (option.defaultValue() != null) {
        assertThat(String.join(" ", option.description()))
            .as(option.longestName())
            .contains("Default: ");
      }
    }
  }

  /** picocli formats them; at a stray % it warns on the terminal instead. */
  @ParameterizedTest
  @MethodSource("commands")
  void everyTextCanBeFormatted(String command) {
    CommandSpec spec = Main.commandLine().getSubcommands().get(command).getCommandSpec();
    Stream<String> texts =
        Stream.of(
                Arrays.stream(spec.usageMessage().description()),
                Arrays.stream(spec.usageMessage().footer()),
                spec.args().stream().flatMap(argument -> Arrays.stream(argument.description())))
            .flatMap(lines -> lines);
    assertThat(texts)
        .allSatisfy(text -> assertThatCode(() -> text.formatted()).doesNotThrowAnyException());
  }

  @Test
  void anUnknownCommandIsAnsweredWithTheNearest() {
    Outcome outcome = Outcome.of("runn");
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err()).contains("There is no command runn; did you mean run?");
  }

  @Test
  void anUnknownOptionIsAnsweredWithTheNearestEvenIfOthersAreMissing() {
    Outcome outcome = Outcome.of("run", "--otu", "x", "--data", "y");
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err()).contains("no option --otu; did you mean --out?");
    assertThat(outcome.errLines()).hasSize(2);
  }

  @Test
  void missingOptionsAreNamed() {
    Outcome outcome = Outcome.of("run");
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err()).contains("--data").contains("--out").contains("run --help");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run --data . --out o --seed x",
        "run --data . --out o --engine foo",
        "run --data . --out o --backbone b9",
        "run --data . --out o --head nohead",
        "run --data . --out o --recipe better",
        "run --data . --out o --recipe original --fine-tune-epochs 3",
        "run --data . --out o --augmentation wild",
        "run --data . --out o --recipe original --augmentation mild",
        "train --out o --views 1 --augmentation mild",
        "run --data . --out o --threshold-views other",
        "run --data . --out o --views 0",
        "run --data . --out o --epochs 0",
        "run --data . --out o --patience -1",
        "run --data . --out o --target-sensitivity 2",
        "run --data . --out o --target-prevalence 1",
        "run --data . --out o --max-bad 7",
        "run --data . --out o --name a/b",
        "run --data . --out o --threads -1",
        "run --data . --out o --mlflow mlruns",
        "run --data . --out o --mlflow http://host --mlflow-experiment=",
        "evaluate --out o --mlflow http://name:secret@host",
        "run --data . --out o --fine-tune block9z",
        "run --data . --out o --fine-tune nothere.yaml",
        "run --data . --out o --fine-tune top --fine-tune-epochs 0",
        "run --data . --out o --fine-tune top --fine-tune-learning-rate 0",
        "run --data . --out o --fine-tune top --fine-tune-views 0",
        "run --data . --out o --fine-tune-epochs 2",
        "run --data . --out o --fine-tune-learning-rate 1e-4",
        "run --data . --out o --fine-tune-views 2",
        "run --data . --out o --prune 0",
        "run --data . --out o --prune 1.5",
        "run --data . --out o --prune 0.99",
        "run --data . --out o --prune nothere.yaml",
        "run --data . --out o --prune 0.5 --pruning-images 0",
        "run --data . --out o --pruning-images 50",
        "run --data . --out o --fine-tune top --pruning-images 50",
        "run --data . --out o --prune-gradually 0.5",
        "run --data . --out o --fine-tune top --prune 0.1 --prune-gradually 0.1",
        "run --data . --out o --fine-tune top --prune-gradually 0.9",
        "run --data . --out o --prune-channels 0.01",
        "run --data . --out o --prune-channels 2",
        "run --data . --out o --quantize int4",
        "run --data . --out o --quantize int8,int8",
        "run --data . --out o --quantize int8 --keep-float block9z",
        "run --data . --out o --quantize int8 --ranges median",
        "run --data . --out o --quantize int8 --range-of stem",
        "run --data . --out o --quantize int8 --calibration-images 0",
        "run --data . --out o --quantize int8 --integer-input int16",
        "run --data . --out o --quantize int8 --integer-output int16",
        "run --data . --out o --quantize int8 --refit-head sometimes",
        "run --data . --out o --quantize int8 --auto-keep-float -1",
        "run --data . --out o --quantize int8 --auto-keep-float 2 --max-slowdown 0.5",
        "run --data . --out o --quantize int8 --max-slowdown 1.2",
        "run --data . --out o --ranges mse",
        "run --data . --out o --keep-float stem",
        "run --data . --out o --no-report",
        "run --data . --out o --quantize float16 --ranges mse",
        "run --data . --out o --quantize float16,int8-weights --integer-input uint8",
        "run --data . --out o --quantize int16x8 --exact-padding",
        "run --data . --out o --max-auc-difference -1",
        "run --data . --out o --max-accuracy-difference x",
        "quantize --out o --forms int4",
        "quantize --out o --forms float16 --calibration-images 5",
        "quantize --out o --integer-input int16",
        "quantize --out o --ranges percentile:2",
        "export --out o --max-auc-difference -1",
        "prune --out o",
        "prune --out o --share 0",
        "prune --out o --channels 2",
        "prune --out o --weights 0.5",
        "finetune --out o --fine-tune-epochs 0",
        "finetune --out o --prune-gradually 1",
        "finetune --out o --prune 0.5",
        "compare",
        "compare b --turns -1",
        "data --data . --out o --image-size 0",
        "data --data . --out o --official-val test",
        "train --out o --head nohead",
        "train --out o --backbone b9",
        "train --out o --engine foo",
        "evaluate --out o --engine foo",
        "export --out o --name a/b",
        "predict m i --threshold 2",
        "predict m i --format xml",
        "predict m i --artifact int4",
        "predict m",
        "explain m i",
        "explain m --out o",
        "explain m i --out o --opacity 1.5",
        "explain m i --out o --max-side 0",
        "explain m i --out o --artifact int4",
        "serve m --engine int4",
        "serve m --workers -1",
        "serve m --port 70000",
        "serve m --name a/b",
        "serve m --deadline 0",
        "serve m --cors-origin x",
        "serve",
        "verify",
        "report",
        "report m --turns -1",
        "benchmark --out o --rounds 0",
        "repeat --data . --out o --heads nohead",
        "repeat --data . --out o --recipes better",
        "repeat --data . --out o --recipes fast --heads mlp",
        "repeat --data . --out o --backbone b9",
      })
  void aWrongValueIsAUsageErrorInOneLine(String line) {
    Outcome outcome = Outcome.of((Object[]) line.split(" "));
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err()).startsWith("deepxray: ").doesNotContain("Exception");
    assertThat(outcome.errLines()).hasSize(2);
    assertThat(Path.of("o")).doesNotExist();
  }

  @Test
  void theOptionsOfFineTuningChangeARecipeThatFineTunes(@TempDir Path folder) {
    Path data = folder.resolve("nothere.zip");
    Outcome outcome =
        Outcome.of(
            "run", "--data", data, "--out", folder, "--recipe", "best", "--fine-tune-epochs", 2);
    // The options are right; the data is missing.
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).contains("nothere.zip");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run --data . --out o --prune FILE | sparsity: 0.5\ntiming: {type: constant} | timing",
        "prune --out o --share FILE | sparsity: 0.5\ntiming: {type: constant} | timing",
        "run --data . --out o --prune FILE | sparsity: 0.5\nfrom: block9z | block9z",
        "run --data . --out o --prune FILE | sparsity: 0.5\nshape: 2:4 | shape",
        "run --data . --out o --prune-channels FILE | widths: {block9z: 8} | block9z",
        "run --data . --out o --prune-channels FILE | widths: {block6b: 9000} | 9000",
        "run --data . --out o --prune-channels FILE | share: 0.5\nblocks: [block9z] | more blocks",
        "run --data . --out o --fine-tune FILE | from: block9z | block9z",
        "run --data . --out o --fine-tune FILE | from: top\nepochs: 0 | epochs",
      })
  void aFileOfDetailsIsCheckedBeforeAnythingIsDone(String row) throws IOException {
    String[] parts = row.split(" \\| ", -1);
    Path file = Files.writeString(folder.resolve("details.yaml"), parts[1]);
    Outcome outcome = Outcome.of((Object[]) parts[0].replace("FILE", file.toString()).split(" "));
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err()).contains(parts[2]).doesNotContain("Exception");
    assertThat(outcome.errLines()).hasSize(2);
    assertThat(Path.of("o")).doesNotExist();
  }

  @Test
  void aConfigFileMayNameWhatOneCommandDoesNotUse() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("all.yaml"), "fine-tune-epochs: 2\npruning-images: 9\nranges: mse\n");
    Outcome outcome =
        Outcome.of("run", "--config", file, "--data", "nothere.zip", "--out", folder.resolve("o"));
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(1);
    assertThat(outcome.err()).contains("nothere.zip");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run --data nothere.zip --out o",
        "run --data . --weights nothere.h5 --out o",
        "data --data nothere.zip --out o",
        "train --out o",
        "evaluate --out o",
        "prune --out o --share 0.5",
        "finetune --out o",
        "quantize --out o",
        "export --out o",
        "compare nothere",
        "run --data nothere.zip --out o --fine-tune block6a --prune 0.5 --quantize int8",
        "verify nothere",
        "report nothere",
        "report nothere --out o",
        "predict nothere image.png",
        "explain nothere image.png --out o",
        "benchmark --out o",
        "repeat --data . --weights nothere.h5 --out o",
      })
  void whatIsMissingIsNamedInOneLine(String line) {
    Outcome outcome = Outcome.of((Object[]) line.split(" "));
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.errLines()).hasSize(1);
    assertThat(outcome.err())
        .startsWith("deepxray: ")
        .containsAnyOf("nothere", "o/data", "o/train")
        .doesNotContain("Exception");
    assertThat(Path.of("o")).doesNotExist();
  }

  @Test
  void verboseShowsTheStackTrace() {
    Outcome outcome = Outcome.of("verify", "nothere", "--verbose");
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.errLines().get(0)).startsWith("deepxray: nothere is not a bundle");
    assertThat(outcome.err()).contains("\tat io.github.deepxray.");
  }

  @Test
  void anEmptyFolderOfImagesIsAnError() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    Outcome outcome = Outcome.of("predict", "model", empty);
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).contains(empty.toString()).contains(".png");
  }

  @Test
  void aFileInThePlaceOfTheFolderIsNamed() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "x");
    Outcome outcome = Outcome.of("evaluate", "--out", file);
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).contains(file.toString());
  }
}
