package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code deepxray audit} and {@code --max-shortcut}. */
class ShortcutCommandTest {
  @TempDir static Path folder;

  private static Path archive;

  @BeforeAll
  static void draw() throws IOException {
    archive = folder.resolve("chest-xray-pneumonia.zip");
    PhantomArchive.writeZip(
        archive, PhantomOptions.DEFAULT.withTrain(30, 40).withTest(6, 8).withSize(48));
  }

  @Test
  void theAuditPrintsWhatTellsTheClassAndKeepsNothing() throws IOException {
    Path json = folder.resolve("audit.json");
    Outcome audit = Outcome.of("audit", "--data", archive, "--image-size", 48, "--json", json);
    assertThat(audit.code()).as(audit.err()).isZero();
    assertThat(audit.out())
        .contains("Shortcuts:", "frame of the picture", "numbers in the file name (not in the")
        // All phantoms are of one size.
        .doesNotContain("  aspect ratio  ");
    JsonNode shortcuts = Json.read(json).path("shortcuts");
    assertThat(shortcuts).isNotEmpty();
    assertThat(shortcuts.get(0).path("auc").path("value").doubleValue()).isBetween(0.3, 1.0);
    assertThat(shortcuts.get(shortcuts.size() - 1).path("inPicture").booleanValue()).isFalse();
    assertThat(folder).isDirectoryNotContaining("glob:**dataset.json");

    Path out = folder.resolve("kept");
    Outcome data = Outcome.of("data", "--data", archive, "--image-size", 48, "--out", out);
    assertThat(data.code()).as(data.err()).isZero();
    assertThat(data.out()).isEqualTo(audit.out());
    assertThat(Json.read(out.resolve("data/dataset.json"))).isEqualTo(Json.read(json));
  }

  @Test
  void aShortcutAboveTheLimitFailsAndIsNamed() {
    Outcome data =
        Outcome.of(
            "data",
            "--data",
            archive,
            "--image-size",
            48,
            "--out",
            folder.resolve("limited"),
            "--max-shortcut",
            0.5);
    assertThat(data.code()).isEqualTo(1);
    assertThat(data.errLines()).filteredOn(line -> line.startsWith("deepxray:")).hasSize(1);
    assertThat(data.err()).contains("(AUC 0.", "0.5").doesNotContain("numbers in");
    assertThat(
            Outcome.of("audit", "--data", archive, "--image-size", 48, "--max-shortcut", 1).code())
        .isZero();
  }

  @Test
  void aLimitThatIsNoAreaIsRefused() {
    Outcome audit = Outcome.of("audit", "--data", archive, "--max-shortcut", 80);
    assertThat(audit.code()).isEqualTo(2);
    assertThat(audit.err()).contains("--max-shortcut", "0.5 to 1");
  }
}
