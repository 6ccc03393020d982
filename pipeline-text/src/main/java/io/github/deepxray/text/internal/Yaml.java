package io.github.deepxray.text.internal;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.JsonTokenId;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.TextFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.yaml.snakeyaml.LoaderOptions;

/**
 * Reads YAML and JSON files written by users, and writes YAML.
 *
 * <p>Files have at most 1 MiB and limited nesting; they are YAML if the file name ends in {@code
 * .yaml} or {@code .yml}, JSON otherwise. YAML is one document without aliases and tags; an empty
 * document is an empty object. Every violation is a one-line {@link DeepXrayException} with the
 * file and the line or field.
 */
public final class Yaml {
  /** Largest size of a file in MiB. */
  private static final int LARGEST = 1;

  private static final int DEPTH = 100;

  /** Longest number that a message repeats, in digits. */
  private static final int LONGEST_NUMBER = 60;

  private static final StreamReadConstraints CONSTRAINTS =
      StreamReadConstraints.builder()
          .maxDocumentLength(LARGEST << 20)
          .maxStringLength(LARGEST << 20)
          .maxNestingDepth(DEPTH)
          .build();

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(CONSTRAINTS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private static final ObjectMapper MAPPER =
      YAMLMapper.builder(
              YAMLFactory.builder()
                  .loaderOptions(limits())
                  .streamReadConstraints(CONSTRAINTS)
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          // Quotes are kept: a text such as 010 or 1.10 would otherwise be read as a number.
          .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
          .addModule(new Jdk8Module())
          .build();

  private Yaml() {}

  private static LoaderOptions limits() {
    LoaderOptions options = new LoaderOptions();
    options.setCodePointLimit(LARGEST << 20);
    options.setNestingDepthLimit(DEPTH);
    return options;
  }

  /** Formats a value as YAML. */
  public static String text(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + value.getClass() + " as YAML", e);
    }
  }

  /**
   * Reads a file as a tree. Ambiguous numbers like 010, which is octal in YAML, are rejected.
   *
   * @throws DeepXrayException if the file is malformed
   * @throws IOException if the file cannot be read
   */
  public static JsonNode read(Path file) throws IOException {
    return read(file, yaml -> new DecimalYaml(yaml, file.toString()), UnaryOperator.identity());
  }

  /**
   * Reads a file like {@link #read}, but returns each number and boolean as the text in the file,
   * for options that are parsed like those of the command line.
   *
   * @throws DeepXrayException if the file is malformed
   * @throws IOException if the file cannot be read
   */
  public static JsonNode readOptions(Path file) throws IOException {
    return read(file, yaml -> new PlainYaml(yaml, file.toString()), AsWritten::new);
  }

  private interface Checks {
    JsonParser of(YAMLParser yaml);
  }

  private static JsonNode read(Path file, Checks checks, UnaryOperator<JsonParser> values)
      throws IOException {
    String text = TextFiles.read(file, LARGEST);
    String name = file.toString().toLowerCase(Locale.ROOT);
    if (!name.endsWith(".yaml") && !name.endsWith(".yml")) {
      try (JsonParser parser = values.apply(JSON.createParser(text))) {
        return Json.parse(parser, "JSON", file.toString())
            .orElseThrow(() -> new DeepXrayException(file + " is empty; JSON is expected."));
      }
    }
    YAMLParser plain = (YAMLParser) MAPPER.createParser(text);
    try (JsonParser parser = values.apply(checks.of(plain))) {
      return Json.parse(parser, "YAML", file.toString()).orElseGet(Json::object);
    }
  }

  /** Rejects aliases and tags: the parser would read the former as text and ignore the latter. */
  private static class PlainYaml extends JsonParserDelegate {
    private final YAMLParser yaml;
    private final String source;

    PlainYaml(YAMLParser yaml, String source) {
      super(yaml);
      this.yaml = yaml;
      this.source = source;
    }

    @Override
    public JsonToken nextToken() throws IOException {
      JsonToken token = super.nextToken();
      if (yaml.isCurrentAlias() || yaml.getTypeId() != null) {
        throw refusal(
            "aliases (*name) and tags (!name) are not supported; write the" + " value here.");
      }
      return token;
    }

    DeepXrayException refusal(String why) {
      return new DeepXrayException(
          source + ", line " + currentTokenLocation().getLineNr() + ": " + why);
    }
  }

  /** Rejects ambiguous numbers such as 010, which is 8 in YAML. */
  private static final class DecimalYaml extends PlainYaml {
    DecimalYaml(YAMLParser yaml, String source) {
      super(yaml, source);
    }

    @Override
    public JsonToken nextToken() throws IOException {
      JsonToken token = super.nextToken();
      if (token == JsonToken.VALUE_NUMBER_INT && getText().matches("[-+]?0.+")) {
        throw refusal(
            (getText().length() <= LONGEST_NUMBER
                    ? getText()
                    : getText().substring(0, LONGEST_NUMBER) + "...")
                + " begins with 0, which YAML does not read as a decimal number; write a"
                + " decimal number.");
      }
      return token;
    }
  }

  /** Returns numbers and booleans as the text in the file. */
  private static final class AsWritten extends JsonParserDelegate {
    AsWritten(JsonParser parser) {
      super(parser);
    }

    private static JsonToken text(JsonToken token) {
      boolean text = token != null && (token.isNumeric() || token.isBoolean());
      return text ? JsonToken.VALUE_STRING : token;
    }

    @Override
    public JsonToken nextToken() throws IOException {
      return text(super.nextToken());
    }

    @Override
    public JsonToken currentToken() {
      return text(super.currentToken());
    }

    @Override
    public int currentTokenId() {
      return currentToken() == null ? JsonTokenId.ID_NO_TOKEN : currentToken().id();
    }
  }
}
