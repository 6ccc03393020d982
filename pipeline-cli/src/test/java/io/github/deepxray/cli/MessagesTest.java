package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.serve.ModelServer;
import io.github.deepxray.serve.ServerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said of common mistakes: one line that names what is wrong, where, and what to do. */
class MessagesTest {
  @TempDir Path folder;

  private static String said(int code, Object... arguments) {
    Outcome outcome = Outcome.of(arguments);
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(code);
    return outcome.errLines().stream()
        .filter(l -> l.startsWith("deepxray: "))
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "trian --out x --data y | There is no command trian; did you mean train?",
        "frobnicate             | There is no command frobnicate.",
        "data donwload          | There is no command donwload; did you mean download?",
        "train --ot x           | There is no option --ot; did you mean --out?"
      })
  void aMisspeltCommandIsNamed(String line, String message) {
    assertThat(said(2, (Object[]) line.split(" "))).isEqualTo("deepxray: " + message);
  }

  @Test
  void anEmptyNameIsNoFile() {
    assertThat(said(2, "predict", "bundle", "")).contains("an empty name is no file or folder");
    assertThat(said(2, "train", "--out", "")).contains("'--out': an empty name is no file");
    assertThat(said(1, "data", "--data", "", "--out", folder))
        .isEqualTo("deepxray: --data: an empty name is no file or folder.");
    assertThat(said(2, "train", "--config", "", "--out", folder))
        .isEqualTo(
            "deepxray: Invalid value for option '--config': an empty name is no file or folder");
  }

  @ParameterizedTest
  @ValueSource(strings = {"predict", "explain"})
  void theBundleComesFirst(String command) throws IOException {
    Path image = Files.createFile(folder.resolve("x.png"));
    List<Object> arguments = new ArrayList<>(List.of(command, image, SmallRun.bundle()));
    if (command.equals("explain")) {
      arguments.addAll(List.of("--out", folder.resolve("o")));
    }
    assertThat(said(2, arguments.toArray()))
        .isEqualTo(
            "deepxray: %1$s is a bundle, which comes first: deepxray %2$s %1$s %3$s."
                .formatted(SmallRun.bundle(), command, image));
  }

  @Test
  void servingAFolderThatHoldsABundleNamesIt() throws IOException {
    Path bundle = SmallRun.bundle();
    assertThat(said(1, "serve", bundle.getParent(), "--port", 0))
        .isEqualTo(
            "deepxray: "
                + bundle.getParent()
                + " is neither a bundle nor a folder of version numbers with bundles; there is a"
                + " bundle in "
                + bundle
                + ": serve that one.");
  }

  @Test
  void aFolderThatWillHaveVersionsIsWaitedFor() throws IOException {
    Path models = Files.createDirectories(folder.resolve("models"));
    Files.createDirectories(models.resolve("lost+found"));
    Files.createDirectories(models.resolve("1.partial"));
    Files.writeString(models.resolve(".gitkeep"), "");
    List<String> log = new CopyOnWriteArrayList<>();
    try (ModelServer server =
        ModelServer.start(models, ServerOptions.DEFAULT.withPort(0), log::add)) {
      assertThat(server.port()).isPositive();
      assertThat(log).contains("no version can be served yet; waiting for one");
    }
  }

  /** A file of the right name that was cut, as by a full disk of another program. */
  @Test
  void aCutManifestIsSaidInOurWords() throws IOException {
    Path out = Files.createDirectories(folder.resolve("out/data"));
    Path manifest = out.resolve(PreparedDataset.MANIFEST);
    Files.writeString(manifest, "{\"format\": \"deepxray-dataset/3\", \"finger");
    assertThat(said(1, "train", "--out", folder.resolve("out")))
        .contains(manifest.toString())
        .contains("it ends too early")
        .contains("run the data command into a new folder")
        .doesNotContain("jackson", "JsonEOF");
  }

  /** The characters of the argument are lost before we see them. */
  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aNameThatTheLocaleCannotSayIsRefused() throws Exception {
    Path log = folder.resolve("log");
    ProcessBuilder predict =
        Outcome.process(log, List.of(), "predict", "bundle", "r\u00f6ntgen.png");
    predict.environment().put("LC_ALL", "C");
    assertThat(predict.start().waitFor()).isEqualTo(2);
    assertThat(Files.readString(log))
        .contains("is no name on this machine, whose names are in ANSI_X3.4-1968; run in a locale")
        .doesNotContain("\tat ");
  }

  @Test
  void aFolderThatIsNoImageIsSaid() throws IOException {
    Path place = Files.createDirectories(folder.resolve("x.png"));
    assertThat(said(1, "predict", SmallRun.bundle(), place))
        .startsWith("deepxray: There are no image files (.jpeg, .jpg, .jfif, .jpe, .png,");
    Path moved = folder.resolve("weights.h5");
    Files.move(place, moved, StandardCopyOption.REPLACE_EXISTING);
    assertThat(
            said(
                1,
                "run",
                "--data",
                SmallRun.archive(),
                "--out",
                folder.resolve("o"),
                "--backbone",
                SmallRun.BACKBONE,
                "--weights",
                moved))
        .contains(moved.toString());
  }
}
