package io.github.deepxray.core.internal.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonTest {
  record Thing(String name, int count, List<Double> values, Map<String, Integer> parts) {}

  @Test
  void writesComponentsInOrderAndMapsByKey() {
    Map<String, Integer> parts = new HashMap<>();
    parts.put("z", 1);
    parts.put("a", 2);
    assertThat(Json.pretty(new Thing("x", 3, List.of(0.5), parts)))
        .isEqualTo(
            """
            {
              "name" : "x",
              "count" : 3,
              "values" : [
                0.5
              ],
              "parts" : {
                "a" : 2,
                "z" : 1
              }
            }
            """);
  }

  @Test
  void readsBackWhatItWrote(@TempDir Path folder) throws IOException {
    Thing thing = new Thing("naïve \"quoted\"", -1, List.of(1e-300, 0.1), Map.of("k", 7));
    Path file = folder.resolve("thing.json");
    Json.write(file, thing);
    assertThat(Json.read(file, Thing.class, "write it again")).isEqualTo(thing);
  }

  private record Maybe(Optional<Thing> thing) {}

  @Test
  void writesAnEmptyOptionalAsNullAndReadsItFromNothing() {
    assertThat(Json.compact(new Maybe(Optional.empty()))).isEqualTo("{\"thing\":null}");
    for (String text : List.of("{}", "{\"thing\": null}")) {
      assertThat(Json.convert(Json.parse(text, "s"), Maybe.class, "s").thing()).isEmpty();
    }
    Maybe full = new Maybe(Optional.of(new Thing("a", 1, List.of(), Map.of())));
    assertThat(Json.convert(Json.tree(full), Maybe.class, "s")).isEqualTo(full);
  }

  @Test
  void saysFileAndLineOfAMistake(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("broken.json");
    Files.writeString(file, "{\n \"name\": \"x\",\n \"count\" 3 }");
    assertThatThrownBy(() -> Json.read(file, Thing.class, "write it again"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("broken.json, line 3");
  }

  @Test
  void refusesUnknownFieldsMissingNumbersAndTrailingText() {
    assertThatThrownBy(
            () -> Json.convert(Json.parse("{\"count\": 1, \"nam\": 1}", "s"), Thing.class, "s"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("s: ")
        .hasMessageContaining("nam");
    assertThatThrownBy(() -> Json.convert(Json.parse("{\"count\": null}", "s"), Thing.class, "s"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("count");
    assertThatThrownBy(() -> Json.parse("{} {}", "s")).isInstanceOf(DeepXrayException.class);
    assertThatThrownBy(() -> Json.parse("", "empty.json")).isInstanceOf(DeepXrayException.class);
  }

  enum Shape {
    SQUARE,
    ROUND
  }

  record Part(int size, Shape shape) {
    Part {
      if (size < 1) {
        throw new DeepXrayException("Part: size must be at least 1.");
      }
    }
  }

  @Test
  void speaksOfFieldsAndNotOfClasses() {
    assertThatThrownBy(
            () ->
                Json.convert(
                    Json.parse("{\"size\": 0, \"shape\": \"ROUND\"}", "s"), Part.class, "s"))
        .hasMessage("s: Part: size must be at least 1.");
    assertThatThrownBy(
            () ->
                Json.convert(
                    Json.parse("{\"size\": 1, \"shape\": \"ROUND\", \"siz\": 1}", "s"),
                    Part.class,
                    "s"))
        .hasMessage("s: siz is an unknown field; the fields are shape, size.");
    assertThatThrownBy(() -> Json.convert(Json.object(), Part.class, "s"))
        .hasMessage("s: size is missing.");
    assertThatThrownBy(
            () -> Json.convert(Json.parse("{\"shape\": \"flat\"}", "s"), Part.class, "s"))
        .hasMessageContaining("s: shape is ")
        .hasMessageContaining("flat")
        .hasMessageContaining("ROUND")
        .hasMessageNotContaining("io.github");
  }
}
