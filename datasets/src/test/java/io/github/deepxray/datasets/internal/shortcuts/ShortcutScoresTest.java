package io.github.deepxray.datasets.internal.shortcuts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShortcutScoresTest {
  @TempDir Path folder;

  private Path file() {
    return folder.resolve("shortcuts.csv");
  }

  @Test
  void readsWhatItWrote() throws IOException {
    Map<String, Map<String, Double>> scores = new LinkedHashMap<>();
    scores.put("size", Map.of("b,c.png", 1.0, "a.png", 0.0));
    scores.put("column \"age\", in years", Map.of("b,c.png", 9.4e-5, "a.png", 2.0 / 3));

    new ShortcutScores(scores).write(folder, List.of("b,c.png", "a.png"));

    assertThat(Files.readAllLines(file()))
        .containsExactly(
            "filename,size,\"column \"\"age\"\", in years\"",
            "\"b,c.png\",1.000000,0.000094",
            "a.png,0.000000,0.666667");
    Map<String, Map<String, Double>> read = ShortcutScores.read(folder).byShortcut();
    assertThat(read.keySet()).containsExactly("size", "column \"age\", in years");
    assertThat(read.get("size")).isEqualTo(scores.get("size"));
    assertThat(read.get("column \"age\", in years"))
        .isEqualTo(Map.of("b,c.png", 0.000094, "a.png", 0.666667));
  }

  @Test
  void withoutShortcutsThereIsNoFile() throws IOException {
    new ShortcutScores(Map.of()).write(folder, List.of("a.png"));

    assertThat(file()).doesNotExist();
    assertThat(ShortcutScores.read(folder).byShortcut()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.500000", "-0.500000", "NaN", "0.5", "", "1e-3", "x"})
  void aDamagedFileIsRefusedByName(String value) throws IOException {
    Files.writeString(file(), "filename,size\na.png," + value + "\n");

    assertThatThrownBy(() -> ShortcutScores.read(folder))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(file().toString())
        .hasMessageContaining("'" + value + "' of a.png is no probability");
  }
}
