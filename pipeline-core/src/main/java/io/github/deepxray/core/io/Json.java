package io.github.deepxray.core.io;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * JSON of records and trees, written the same way on every platform: two spaces, {@code \n}, record
 * components in their order and map entries by key. An empty {@link java.util.Optional} is {@code
 * null}; a file may leave it out.
 */
public final class Json {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .addModule(new Jdk8Module())
          .build();
  private static final ObjectWriter WRITER =
      MAPPER.writer(
          new DefaultPrettyPrinter()
              .withObjectIndenter(new DefaultIndenter("  ", "\n"))
              .withArrayIndenter(new DefaultIndenter("  ", "\n")));

  /** The name of a class with its package; what is captured is its simple name. */
  private static final Pattern CLASS_NAME =
      Pattern.compile("\\b(?:[a-z][a-z0-9]*\\.)+(?:[A-Z]\\w*\\$)*([A-Z]\\w*)");

  private Json() {}

  /** Made when it is needed: programs that read JSON alone start sooner. */
  private static final class Yaml {
    static final ObjectMapper MAPPER =
        YAMLMapper.builder()
            // Quotes stay: a text such as 010 or 1.10 would otherwise come back as another number.
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .addModule(new Jdk8Module())
            .build();
  }

  /** An empty object. */
  public static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** An empty array. */
  public static ArrayNode array() {
    return MAPPER.createArrayNode();
  }

  /** A value as a tree. */
  public static JsonNode tree(Object value) {
    return MAPPER.valueToTree(value);
  }

  /** A value as indented text that ends with a line break. */
  public static String pretty(Object value) {
    try {
      return WRITER.writeValueAsString(value) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + value.getClass() + " as JSON", e);
    }
  }

  /** A value as text on one line. */
  public static String compact(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + value.getClass() + " as JSON", e);
    }
  }

  /**
   * Writes a value to a file, beside it first.
   *
   * @throws IOException if the file cannot be written
   */
  public static void write(Path file, Object value) throws IOException {
    AtomicFiles.write(file, pretty(value));
  }

  /**
   * Parses a text.
   *
   * @param source where it comes from, for the message
   * @throws DeepXrayException if it is empty or not JSON
   */
  public static JsonNode parse(String text, String source) {
    try {
      JsonNode tree = MAPPER.readTree(text);
      if (tree.isMissingNode()) {
        throw new DeepXrayException(source + " is empty; JSON is expected there.");
      }
      return tree;
    } catch (JsonProcessingException e) {
      throw malformed(source, e);
    }
  }

  /**
   * Reads a file as a tree.
   *
   * @throws DeepXrayException if it is not JSON
   * @throws IOException if it cannot be read
   */
  public static JsonNode read(Path file) throws IOException {
    return parse(Files.readString(file), file.toString());
  }

  /**
   * Reads a file that a person wrote: YAML if its name ends in {@code .yaml} or {@code .yml}, JSON
   * otherwise.
   *
   * @throws DeepXrayException if it is malformed
   * @throws IOException if it cannot be read
   */
  public static JsonNode readConfig(Path file) throws IOException {
    String name = file.toString().toLowerCase(Locale.ROOT);
    if (!name.endsWith(".yaml") && !name.endsWith(".yml")) {
      return read(file);
    }
    try {
      JsonNode tree = Yaml.MAPPER.readTree(Files.readString(file));
      return tree == null || tree.isMissingNode() ? object() : tree;
    } catch (JsonProcessingException e) {
      throw malformed(file.toString(), e);
    }
  }

  /** A value as YAML. */
  public static String yaml(Object value) {
    try {
      return Yaml.MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + value.getClass() + " as YAML", e);
    }
  }

  /**
   * Reads a file as a record.
   *
   * @throws DeepXrayException if it is not JSON or does not fit the record
   * @throws IOException if it cannot be read
   */
  public static <T> T read(Path file, Class<T> type) throws IOException {
    return convert(read(file), type, file.toString());
  }

  /**
   * Turns a tree into a record.
   *
   * @param source where it comes from, for the message
   * @throws DeepXrayException if it does not fit the record
   */
  public static <T> T convert(JsonNode tree, Class<T> type, String source) {
    try {
      return MAPPER.treeToValue(tree, type);
    } catch (JsonProcessingException e) {
      throw malformed(source, e);
    }
  }

  private static DeepXrayException malformed(String source, JsonProcessingException e) {
    String where =
        e.getLocation() == null || e.getLocation().getLineNr() < 0
            ? ""
            : ", line " + e.getLocation().getLineNr();
    String field =
        e instanceof JsonMappingException mapping
            ? mapping.getPath().stream()
                .map(r -> r.getFieldName() == null ? "[" + r.getIndex() + "]" : r.getFieldName())
                .collect(Collectors.joining("."))
            : "";
    return new DeepXrayException(
        source + where + (field.isEmpty() ? "" : ", " + field) + ": " + whatIsWrong(e), e);
  }

  /** In the words of who writes the file, who does not know the classes that are made of it. */
  private static String whatIsWrong(JsonProcessingException e) {
    if (e.getCause() instanceof DeepXrayException refused) {
      return refused.getMessage();
    } else if (e instanceof UnrecognizedPropertyException unknown) {
      return "there is no field "
          + unknown.getPropertyName()
          + "; the fields are "
          + unknown.getKnownPropertyIds().stream()
              .map(String::valueOf)
              .sorted()
              .collect(Collectors.joining(", "))
          + ".";
    }
    if (e.getOriginalMessage().contains("FAIL_ON_NULL_FOR_PRIMITIVES")) {
      return "a value is needed.";
    }
    return CLASS_NAME.matcher(e.getOriginalMessage()).replaceAll("$1");
  }
}
