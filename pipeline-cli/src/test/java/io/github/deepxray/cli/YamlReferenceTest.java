package io.github.deepxray.cli;

import static io.github.deepxray.cli.GeneratedText.code;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.optimize.prune.ChannelPruningSpec;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.text.internal.Yaml;
import io.github.deepxray.train.recipe.FineTuningRecipe;
import io.github.deepxray.train.recipe.HeadSpec;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The reference of YAML files is what the program reads: fields and types are those of records,
 * meanings are those of their Javadoc, and what may be left out is found out by leaving it out.
 */
class YamlReferenceTest {
  private static final String PAGE = "docs/yaml-files.md";

  @TempDir Path folder;

  /** Reads a file as a command does. */
  private interface Reader {
    Object read(Path file) throws IOException;
  }

  /**
   * A kind of file.
   *
   * @param reader how a command reads it
   * @param example a file that has every field
   */
  private record Kind(Reader reader, JsonNode example) {}

  private static Kind kind(Reader reader, Object example) {
    return new Kind(reader, Json.tree(example));
  }

  @Test
  void everyFieldOfAHeadIsDescribed() throws IOException {
    Kind head = kind(file -> HeadSpec.of(file.toString()), HeadSpec.DEFAULT);
    String heads =
        HeadSpec.presetNames().stream()
            .filter(name -> List.of("ensemble", "original").contains(name))
            .map(
                name -> {
                  try {
                    return "\n```yaml\n# the head "
                        + name
                        + "\n"
                        + yaml(HeadSpec.of(name))
                        + "```\n";
                  } catch (IOException e) {
                    throw new AssertionError(e);
                  }
                })
            .collect(joining());
    GeneratedText.check(
        PAGE,
        "head",
        fields(head, HeadSpec.class, "")
            + "\nEach of `members`:\n\n"
            + fields(head, HeadSpec.Member.class, "/members/0")
            + kinds(head, HeadSpec.Optimizer.class, "optimizer")
            + kinds(head, HeadSpec.LearningRate.class, "learningRate")
            + "\nTwo of the heads that need no file, as files:\n"
            + heads);
  }

  @Test
  void everyFieldOfAFineTuningIsDescribed() throws IOException {
    Kind tuning = kind(file -> FineTuningRecipe.of(file.toString()), FineTuningRecipe.DEFAULT);
    GeneratedText.check(PAGE, "fine-tuning", fields(tuning, FineTuningRecipe.class, ""));
  }

  @Test
  void everyFieldOfAPruningIsDescribed() throws IOException {
    Kind pruning = kind(file -> PruningSpec.read(file.toString()), PruningSpec.of(0.5));
    GeneratedText.check(
        PAGE,
        "pruning",
        fields(pruning, PruningSpec.class, "")
            + kinds(pruning, PruningSpec.Timing.class, "timing"));
  }

  @Test
  void everyFieldOfANarrowingIsDescribed() throws IOException {
    Kind narrowing =
        kind(
            file -> ChannelPruningSpec.read(file.toString()),
            ChannelPruningSpec.of(0.5).withWidths(Map.of("block6b", 576)));
    GeneratedText.check(PAGE, "channels", fields(narrowing, ChannelPruningSpec.class, ""));
  }

  @Test
  void everyFieldOfAComparisonIsDescribed() throws IOException {
    String example =
        "{'data': 'a.zip', 'out': null, 'cache': null, 'weights': 'imagenet', 'seeds': [5],"
            + " 'baseline': null, 'options': {}, 'grid': {'head': ['mlp']},"
            + " 'experiments': {'wide': {'head': 'original'}}}";
    Kind grid = new Kind(GridSpec::read, Json.parse(example.replace('\'', '"'), "example"));
    GeneratedText.check(
        PAGE,
        "comparison",
        fields(grid, GridSpec.class, "")
            + keys(grid, "options", "{'x': 1}")
            + keys(grid, "grid", "{'x': [1]}")
            + "\nEach of `experiments` has options as in `grid`, with one value.\n");
  }

  /** The options that may stand somewhere, as the refusal of another one tells. */
  private String keys(Kind kind, String place, String wrong) {
    ObjectNode example = kind.example.deepCopy();
    example.set(place, Json.parse(wrong.replace('\'', '"'), "example"));
    String message = catchThrowable(() -> read(kind, example)).getMessage();
    String[] options = message.replaceFirst(".* The options are (.*)\\.", "$1").split(", ", -1);
    return "\nOptions in `%s`: %s.\n"
        .formatted(place, Arrays.stream(options).map(GeneratedText::code).collect(joining(", ")));
  }

  @Test
  void theOptionsThatThePageShowsAreUnderstood() throws IOException {
    Matcher block =
        Pattern.compile("```yaml\n(# work.yaml\n.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(GeneratedText.ROOT.resolve(PAGE)));
    assertThat(block.find()).isTrue();
    Path file = Files.writeString(folder.resolve("work.yaml"), block.group(1));
    String[] arguments = {"run", "--config", file.toString()};
    assertThatCode(() -> Main.commandLine(arguments).parseArgs(arguments))
        .doesNotThrowAnyException();
  }

  private static String yaml(Object value) {
    return Yaml.text(Json.tree(value));
  }

  /** A table of the fields at a place in a file. */
  private String fields(Kind kind, Class<?> type, String place) throws IOException {
    Map<String, String> meanings = Sources.meanings(type);
    List<List<String>> rows = new ArrayList<>();
    for (RecordComponent component : type.getRecordComponents()) {
      String name = component.getName();
      assertThat(meanings).as(type + ": @param").containsKey(name);
      rows.add(
          List.of(
              code(name),
              type(component.getGenericType()),
              unless(kind, place, name),
              meanings.get(name) + Sources.values(component.getType())));
    }
    return rows.isEmpty()
        ? "No fields.\n"
        : GeneratedText.table(List.of("field", "value", "default", "meaning"), rows);
  }

  /** A table for each kind of value of a field. */
  private String kinds(Kind kind, Class<?> type, String field) throws IOException {
    StringBuilder text = new StringBuilder();
    for (JsonSubTypes.Type sub : type.getAnnotation(JsonSubTypes.class).value()) {
      ObjectNode example = kind.example.deepCopy();
      ObjectNode value = example.putObject(field).put("type", sub.name());
      for (RecordComponent component : sub.value().getRecordComponents()) {
        // Inside the range of all of them.
        boolean share = component.getType() == double.class;
        value.set(component.getName(), share ? Json.tree(0.25) : Json.tree(7));
      }
      if (value.has("endStep")) {
        value.put("endStep", 14);
      }
      if (value.has("end")) {
        value.put("end", 0.75);
      }
      Kind changed = new Kind(kind.reader, Json.parse(Json.compact(example), "example"));
      text.append("\n`%s` with `type: %s`. ".formatted(field, sub.name()))
          .append(Sources.sentence(Sources.comment(sub.value())))
          .append("\n\n")
          .append(fields(changed, sub.value(), "/" + field));
    }
    return text.toString();
  }

  /** What a field is if a file leaves it out. */
  private String unless(Kind kind, String place, String name) throws IOException {
    read(kind, kind.example);
    ObjectNode without = kind.example.deepCopy();
    ((ObjectNode) without.at(place)).remove(name);
    try {
      JsonNode value = Json.tree(read(kind, without)).at(place).get(name);
      return value == null || value.isNull() ? "" : code(words(value));
    } catch (DeepXrayException e) {
      assertThat(e).hasMessageContaining(name);
      return "needed";
    }
  }

  private static String words(JsonNode value) {
    if (value instanceof ObjectNode object) {
      return object.properties().stream()
          .map(entry -> entry.getKey() + ": " + words(entry.getValue()))
          .collect(joining(", ", "{", "}"));
    } else if (value instanceof ArrayNode) {
      List<String> parts = new ArrayList<>();
      value.forEach(part -> parts.add(words(part)));
      return "[" + String.join(", ", parts) + "]";
    }
    return value.asText().startsWith("*") ? '"' + value.asText() + '"' : value.asText();
  }

  private Object read(Kind kind, JsonNode tree) throws IOException {
    return kind.reader.read(Files.writeString(folder.resolve("file.yaml"), Yaml.text(tree)));
  }

  private static String type(Type type) {
    if (type instanceof ParameterizedType generic) {
      List<String> parts =
          Arrays.stream(generic.getActualTypeArguments()).map(YamlReferenceTest::type).toList();
      return generic.getRawType() == List.class
          ? "list: " + parts.get(0)
          : generic.getRawType() == Map.class ? "map to " + parts.get(1) : parts.get(0);
    } else if (type instanceof Class<?> plain && plain.isEnum()) {
      return Sources.constants(plain).stream().map(GeneratedText::code).collect(joining(", "));
    } else if (type instanceof Class<?> plain && plain.isAnnotationPresent(JsonSubTypes.class)) {
      return Arrays.stream(plain.getAnnotation(JsonSubTypes.class).value())
          .map(sub -> code("type: " + sub.name()))
          .collect(joining(", "));
    }
    return Map.of(
            int.class, "whole number",
            long.class, "whole number",
            Integer.class, "whole number",
            Long.class, "whole number",
            double.class, "number",
            Double.class, "number",
            boolean.class, "true or false",
            String.class, "text",
            JsonNode.class, "value")
        .getOrDefault(type, "fields as below");
  }

  /** What the sources say about a type. */
  private static final class Sources {
    private static final String COMMENT = "/\\*\\*((?:(?!\\*/).)*)\\*/\\s*";

    private Sources() {}

    private static String source(Class<?> type) throws IOException {
      String name = type.getName().replaceFirst("\\$.*", "").replace('.', '/') + ".java";
      try (Stream<Path> modules = Files.list(GeneratedText.ROOT)) {
        Path file =
            modules
                .map(module -> module.resolve("src/main/java").resolve(name))
                .filter(Files::isRegularFile)
                .findFirst()
                .orElseThrow();
        return Files.readString(file);
      }
    }

    private static String comment(Class<?> type, String before) throws IOException {
      Matcher comment = Pattern.compile(COMMENT + before, Pattern.DOTALL).matcher(source(type));
      assertThat(comment.find()).as("Javadoc of %s", before).isTrue();
      return comment.group(1).replaceAll("\\s*\n\\s*\\*[ \t]*", " ").strip();
    }

    static String comment(Class<?> type) throws IOException {
      return comment(
          type,
          "(?:@\\w+\\s+)*(?:public )?(?:record|enum|sealed interface) " + type.getSimpleName());
    }

    /** The components of a record with their meanings. */
    static Map<String, String> meanings(Class<?> type) throws IOException {
      Map<String, String> meanings = new HashMap<>();
      String[] parts = comment(type).split("@param ", -1);
      for (String part : Arrays.asList(parts).subList(1, parts.length)) {
        String[] words = part.strip().split(" ", 2);
        String text = markdown(type, words[1]);
        meanings.put(
            words[0], text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1) + ".");
      }
      return meanings;
    }

    static String sentence(String comment) throws IOException {
      return markdown(Object.class, comment.replaceFirst("(?s)\\.(?: +[A-Z@].*)?$", "")) + ".";
    }

    /** The names of constants in files. */
    static List<String> constants(Class<?> type) {
      return Arrays.stream(type.getFields())
          .filter(Field::isEnumConstant)
          .map(constant -> constant.getAnnotation(JsonProperty.class).value())
          .toList();
    }

    /** What the constants of an enumeration mean. */
    static String values(Class<?> type) throws IOException {
      StringBuilder text = new StringBuilder();
      if (type.isEnum()) {
        for (String constant : constants(type)) {
          String property = "@JsonProperty\\(\"" + Pattern.quote(constant) + "\"\\)";
          text.append(" `%s`: %s".formatted(constant, sentence(comment(type, property))));
        }
      }
      return text.toString();
    }

    private static String markdown(Class<?> type, String javadoc) {
      return Pattern.compile("\\{@(\\w+) #?([^}]*)}|([^{]+)")
          .matcher(javadoc.strip())
          .replaceAll(
              part ->
                  Matcher.quoteReplacement(
                      part.group(3) != null
                          ? plain(part.group(3))
                          : part.group(1).equals("value")
                              ? code(constant(type, part.group(2)))
                              : code(part.group(2))));
    }

    /** The same with the blanks at both ends. */
    private static String plain(String words) {
      String plain = GeneratedText.plain("x" + words + "x");
      return plain.substring(1, plain.length() - 1);
    }

    private static String constant(Class<?> type, String name) {
      try {
        return String.valueOf(type.getField(name).get(null));
      } catch (ReflectiveOperationException e) {
        throw new LinkageError(type + ": " + name, e);
      }
    }
  }
}
