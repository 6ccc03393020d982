package io.github.deepxray.core.internal.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused of files, and in which words. */
class StrictJsonTest {
  enum Color {
    RED,
    GREEN
  }

  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Fast.class, name = "fast"),
    @JsonSubTypes.Type(value = Slow.class, name = "slow")
  })
  sealed interface Way {}

  record Fast(double speed) implements Way {}

  record Slow(int steps) implements Way {}

  record Inner(double value, List<String> names) {
    Inner {
      if (value < 0) {
        throw new IllegalArgumentException("value is 0 or more, not " + value);
      }
    }
  }

  record Outer(
      String text,
      int count,
      long large,
      double real,
      boolean flag,
      Color color,
      Map<String, List<Inner>> inner,
      Way way,
      Optional<Inner> maybe,
      OptionalDouble share,
      @Omittable List<String> defaults,
      JsonNode tree) {
    Outer {
      defaults = defaults == null ? List.of("default") : List.copyOf(defaults);
    }
  }

  private static final String GOOD =
      """
      {"text":"t","count":1,"large":2,"real":3,"flag":true,"color":"RED",\
      "inner":{"a":[{"value":1,"names":["n"]},{"value":2,"names":[]}]},\
      "way":{"type":"fast","speed":1.5},"tree":{"a":null}}\
      """;

  private static Outer read(String json) {
    return Json.convert(Json.parse(json, "f.json"), Outer.class, "f.json");
  }

  @Test
  void optionalAndOmittableComponentsMayBeMissing() {
    Outer outer = read(GOOD);
    assertThat(outer.maybe()).isEmpty();
    assertThat(outer.share()).isEmpty();
    assertThat(outer.defaults()).containsExactly("default");
    assertThat(outer.tree().get("a").isNull()).isTrue();
    assertThat(read(GOOD.replace("\"text\"", "\"defaults\":null,\"text\"")).defaults())
        .containsExactly("default");
    assertThat(read(GOOD.replace("\"real\":3", "\"real\":\"NaN\"")).real()).isNaN();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "\"count\":1, | | count is missing.",
        "\"text\":\"t\", | | text is missing.",
        "\"t\" | null | text is missing.",
        "\"t\" | 5 | text is 5, but must be text.",
        "\"t\" | [\"t\"] | text is a list, but must be text.",
        "\"count\":1 | \"count\":null | count is missing.",
        "\"count\":1 | \"count\":1.5 | count is 1.5, but must be a whole number.",
        "\"count\":1 | \"count\":\"1\" | count is \"1\", but must be a whole number.",
        "\"count\":1 | \"count\":99999999999 | count is 99999999999, but must be a whole number of"
            + " at most 2147483647.",
        "\"large\":2 | \"large\":99999999999999999999 | large is 99999999999999999999, but must be"
            + " a whole number of at most 9223372036854775807.",
        "\"real\":3 | \"real\":\"x\" | real is \"x\", but must be a number.",
        "\"real\":3 | \"real\":1e999999999 | real is a number that is too large.",
        "true | 1 | flag is 1, but must be true or false.",
        "\"RED\" | \"BLUE\" | color is \"BLUE\", but must be one of RED, GREEN.",
        "\"RED\" | 0 | color is 0, but must be one of RED, GREEN.",
        "\"names\":[] | \"names\":[null] | inner.a[1].names[0] is missing.",
        "\"names\":[] | \"names\":[],\"nam\":[] | inner.a[1].nam is an unknown field; the fields"
            + " are names, value.",
        ",\"names\":[] | | inner.a[1].names is missing.",
        "\"value\":2 | \"value\":-2 | inner.a[1]: value is 0 or more, not -2.0.",
        "\"a\":[ | \"a\":[null, | inner.a[0] is missing.",
        "\"a\":[ | \"b\":null,\"a\":[ | inner.b is missing.",
        "\"fast\" | \"far.off\" | way.type is \"far.off\"; it must be one of fast, slow.",
        "\"type\":\"fast\", | | way.type is missing; it must be one of fast, slow.",
        "\"speed\":1.5 | \"speed\":1.5,\"steps\":1 | way.steps is an unknown field; the fields are"
            + " speed.",
      })
  void saysWhatIsWrongAndWhere(String part, String other, String message) {
    String json = GOOD.replace(part, other == null ? "" : other);
    assertThat(json).isNotEqualTo(GOOD);
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(DeepXrayException.class)
        .hasMessage("f.json: " + message);
  }

  @Test
  void saysWhatToDo(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("f.json");
    Files.writeString(file, GOOD.replace("\"flag\":true,", ""));
    assertThatThrownBy(() -> Json.read(file, Outer.class, "write it again"))
        .hasMessage(file + ": flag is missing; write it again.");
    Files.writeString(file, "{\"format\":\"x/2\"}");
    assertThatThrownBy(() -> Json.read(file, Map.of("x/1", Outer.class), "write it again"))
        .hasMessage(file + " is of the format \"x/2\", not x/1; write it again.");
    Files.write(file, new byte[] {'"', (byte) 0xff, '"'});
    assertThatThrownBy(() -> Json.read(file, Outer.class, "write it again"))
        .hasMessage(file + " is not UTF-8 text; save it as UTF-8; write it again.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{\"a\":1,@\"a\":2} | s, line 2: \"a\" is repeated.",
        "{\"a\":nope} | s, line 1: this is not JSON.",
        "{\"a\": | s, line 1: it ends too early; this is not JSON.",
        "{}@{} | s, line 2: something follows the end; keep one value, or one document of YAML.",
        "{\"a\":[1,-1e400]} | s: a[1] is a number that is too large.",
      })
  void saysTheLineOfWhatIsNoJson(String json, String message) {
    assertThatThrownBy(() -> Json.parse(json.replace('@', '\n'), "s"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessage(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "{\"a\":"})
  void refusesDeepNesting(String open) {
    assertThatThrownBy(() -> Json.parse(open.repeat(100_000), "s"))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("nested too deep");
  }
}
