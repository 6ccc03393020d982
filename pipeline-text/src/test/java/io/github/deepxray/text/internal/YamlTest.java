package io.github.deepxray.text.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class YamlTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "a: 1@b: 2@a: 3@ | , line 3: \"a\" is repeated.",
        "a: 1@---@a: 2@ | , line 3: something follows the end; keep one value, or one document of"
            + " YAML.",
        "a: &x [1]@b: *x@ | , line 2: aliases (*name) and tags (!name)"
            + " are not supported; write the value here.",
        "a: 1@b: !x 3@ | , line 2: aliases (*name) and tags (!name) are"
            + " not supported; write the value here.",
        "a: {b: 1, b: 2} | , line 1: \"b\" is repeated.",
        "a: [1@ | , line 1: this is not YAML.",
        "a: 010 | , line 1: 010 begins with 0, which YAML does not read as a decimal number;"
            + " write a decimal number.",
        "a: [1, 0x1F] | , line 1: 0x1F begins with 0, which YAML does not read as a"
            + " decimal number; write a decimal number.",
        "a: 1e999999999 | : a is a number that is too large.",
      })
  void refusesYamlThatCouldBeReadInTwoWays(String yaml, String message, @TempDir Path folder)
      throws IOException {
    Path file = folder.resolve("f.yaml");
    Files.writeString(file, yaml.replace('@', '\n'));
    assertThatThrownBy(() -> Yaml.read(file))
        .isInstanceOf(DeepXrayException.class)
        .hasMessage(file + message);
  }

  @Test
  void givesOptionsAsTheyAreWritten(@TempDir Path folder) throws IOException {
    Path yaml = folder.resolve("f.yaml");
    Files.writeString(yaml, "a: 010\nb: [1.10, no, 0x1F, true]\nc: ~\nd: {e: 1_000}\n");
    assertThat(Yaml.readOptions(yaml))
        .isEqualTo(
            Json.parse(
                """
                {"a":"010","b":["1.10","no","0x1F","true"],"c":null,"d":{"e":"1_000"}}\
                """,
                "test"));
    Path json = folder.resolve("f.json");
    Files.writeString(json, "{\"a\":[1.10,true,\"x\",-3e2,null]}");
    assertThat(Yaml.readOptions(json))
        .isEqualTo(Json.parse("{\"a\":[\"1.10\",\"true\",\"x\",\"-3e2\",null]}", "test"));
  }

  @Test
  void refusesLargeAndDeepFilesOfOptions(@TempDir Path folder) throws IOException {
    for (String name : List.of("f.yaml", "f.json")) {
      Path file = folder.resolve(name);
      Files.writeString(file, " ".repeat(1 << 20) + "{}");
      assertThatThrownBy(() -> Yaml.read(file))
          .isInstanceOf(DeepXrayException.class)
          .hasMessage(file + " has more than 1 MiB, too large for a file of this kind.");
      Files.writeString(file, "[".repeat(1 << 19));
      assertThatThrownBy(() -> Yaml.read(file)).isInstanceOf(DeepXrayException.class);
    }
  }

  @Test
  void aByteOrderMarkIsNoContent(@TempDir Path folder) throws IOException {
    for (String name : List.of("f.yaml", "f.json")) {
      Path file = folder.resolve(name);
      Files.writeString(file, "\uFEFF{\"a\": 1}");
      assertThat(Yaml.read(file).get("a").asInt()).isEqualTo(1);
    }
  }

  @Test
  void readsWhatItWrites(@TempDir Path folder) throws IOException {
    JsonNode tree = Json.parse("{\"a\":[\"010\",\"1.10\",\"no\",7],\"b\":{\"c\":null}}", "test");
    Path file = Files.writeString(folder.resolve("f.yml"), Yaml.text(tree));
    assertThat(Yaml.read(file)).isEqualTo(tree);
  }

  @Test
  void anEmptyDocumentIsAnEmptyObject(@TempDir Path folder) throws IOException {
    Path yaml = Files.writeString(folder.resolve("f.yaml"), "# nothing\n");
    assertThat(Yaml.read(yaml)).isEqualTo(Json.object());
    Path json = Files.writeString(folder.resolve("f.json"), "");
    assertThatThrownBy(() -> Yaml.read(json))
        .isInstanceOf(DeepXrayException.class)
        .hasMessage(json + " is empty; JSON is expected.");
  }
}
