package io.github.deepxray.core.internal.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.cfg.MutableCoercionConfig;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.type.LogicalType;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * JSON of records and trees, written identically on every platform: indented by two spaces, lines
 * separated by {@code }, record components in their order and map entries by key. An empty {@link
 * java.util.Optional} is {@code null}; a file may omit it.
 *
 * <p>Input is validated. A record needs all its components, not {@code null} and of the right type,
 * see {@link Omittable}; its constructor checks ranges and sizes. Length and depth of texts are
 * limited; duplicate names, infinite numbers and content after the end are rejected. Every
 * violation is a one-line {@link DeepXrayException} with the file and the line or field.
 */
public final class Json {
  /** Largest size of a file of this library in MiB. */
  private static final int LARGEST = 128;

  /**
   * Largest number of tokens, which limits the memory of trees: a token takes up to a hundred
   * bytes.
   */
  private static final int TOKENS = 1 << 24;

  private static final int DEPTH = 100;

  private static final ObjectMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(constraints())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .withCoercionConfig(LogicalType.Textual, Json::refuseScalars)
          .withCoercionConfigDefaults(
              config -> config.setCoercion(CoercionInputShape.EmptyString, CoercionAction.Fail))
          .annotationIntrospector(new StrictRecords())
          .addModule(new Jdk8Module())
          .build();
  private static final ObjectWriter WRITER =
      MAPPER.writer(
          new DefaultPrettyPrinter()
              .withObjectIndenter(new DefaultIndenter("  ", "\n"))
              .withArrayIndenter(new DefaultIndenter("  ", "\n")));

  private Json() {}

  private static StreamReadConstraints constraints() {
    return StreamReadConstraints.builder()
        .maxDocumentLength(LARGEST << 20)
        .maxStringLength(LARGEST << 20)
        .maxTokenCount(TOKENS)
        .maxNestingDepth(DEPTH)
        .build();
  }

  private static void refuseScalars(MutableCoercionConfig text) {
    text.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
        .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
        .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
  }

  /** Creates an empty object. */
  public static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** Creates an empty array. */
  public static ArrayNode array() {
    return MAPPER.createArrayNode();
  }

  /** Converts a value to a tree. */
  public static JsonNode tree(Object value) {
    return MAPPER.valueToTree(value);
  }

  /** Formats a value as indented text that ends with a line break. */
  public static String pretty(Object value) {
    try {
      return WRITER.writeValueAsString(value) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + value.getClass() + " as JSON", e);
    }
  }

  /** Formats a value as text on one line. */
  public static String compact(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + value.getClass() + " as JSON", e);
    }
  }

  /**
   * Writes a value to a file, atomically.
   *
   * @throws IOException if the file cannot be written
   */
  public static void write(Path file, Object value) throws IOException {
    AtomicFiles.write(file, pretty(value));
  }

  /**
   * Parses a text.
   *
   * @param source the source of the text, for messages
   * @throws DeepXrayException if the text is empty or not JSON
   */
  public static JsonNode parse(String text, String source) {
    try (JsonParser parser = MAPPER.createParser(text)) {
      return parse(parser, "JSON", source)
          .orElseThrow(() -> new DeepXrayException(source + " is empty; JSON is expected."));
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory cannot fail", e);
    }
  }

  /**
   * Reads the only value of a text in JSON or a language with the same values.
   *
   * @param parser the parser of the language
   * @param language the name of the language, for messages
   * @param source the source of the text, for messages
   * @return the value; empty if there is none
   * @throws DeepXrayException if the text is not in this language, or something follows the value
   * @throws IOException if the text cannot be read
   */
  public static Optional<JsonNode> parse(JsonParser parser, String language, String source)
      throws IOException {
    try {
      JsonNode tree = MAPPER.readTree(parser);
      if (tree == null) {
        return Optional.empty();
      }
      if (parser.nextToken() != null) {
        throw JsonErrors.at(
            source,
            parser.currentTokenLocation(),
            "something follows the end; keep one value, or one document of YAML.",
            null);
      }
      refuseInfinite(tree, "", source);
      return Optional.of(tree);
    } catch (JsonProcessingException e) {
      throw JsonErrors.text(source, language, e);
    }
  }

  private static void refuseInfinite(JsonNode tree, String path, String source) {
    if (tree.isFloatingPointNumber() && Double.isInfinite(tree.doubleValue())) {
      throw new DeepXrayException(source + ": " + path + " is a number that is too large.");
    }
    for (int i = 0; tree.isArray() && i < tree.size(); i++) {
      refuseInfinite(tree.get(i), path + "[" + i + "]", source);
    }
    for (Map.Entry<String, JsonNode> field : tree.properties()) {
      refuseInfinite(field.getValue(), path + (path.isEmpty() ? "" : ".") + field.getKey(), source);
    }
  }

  /**
   * Reads a file as a tree.
   *
   * @throws DeepXrayException if the file is not JSON
   * @throws IOException if the file cannot be read
   */
  public static JsonNode read(Path file) throws IOException {
    return parse(TextFiles.read(file, LARGEST), file.toString());
  }

  /**
   * Reads a file as a record.
   *
   * @param advice what to do about an invalid file, such as {@code train again}
   * @throws DeepXrayException if the file is not JSON or does not fit the record
   * @throws IOException if the file cannot be read
   */
  public static <T> T read(Path file, Class<T> type, String advice) throws IOException {
    try {
      return convert(read(file), type, file.toString());
    } catch (DeepXrayException e) {
      throw JsonErrors.advised(e, advice);
    }
  }

  /**
   * Reads a file whose field {@code format} selects the record.
   *
   * @param types the records by known format
   * @param advice what to do about an invalid file, such as {@code train again}
   * @throws DeepXrayException if the file is not JSON, of another format or does not fit the record
   * @throws IOException if the file cannot be read
   */
  public static <T> T read(Path file, Map<String, Class<? extends T>> types, String advice)
      throws IOException {
    try {
      JsonNode tree = read(file);
      String format = tree.path("format").asText();
      Class<? extends T> type = types.get(format);
      if (type == null) {
        throw new DeepXrayException(
            file
                + " is of the format \""
                + JsonErrors.oneLine(format)
                + "\", not "
                + String.join(" or ", new TreeSet<>(types.keySet())));
      }
      return convert(tree, type, file.toString());
    } catch (DeepXrayException e) {
      throw JsonErrors.advised(e, advice);
    }
  }

  /**
   * Converts a tree to a record.
   *
   * @param source the source of the tree, for messages
   * @throws DeepXrayException if the tree does not fit the record
   */
  public static <T> T convert(JsonNode tree, Class<T> type, String source) {
    try {
      T record = MAPPER.treeToValue(tree, type);
      if (record == null) {
        throw new DeepXrayException(source + ": its content is missing.");
      }
      return record;
    } catch (JsonProcessingException e) {
      throw JsonErrors.tree(source, tree, e);
    }
  }
}
