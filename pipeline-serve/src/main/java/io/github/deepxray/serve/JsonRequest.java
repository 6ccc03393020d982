package io.github.deepxray.serve;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Body of a predict or classify request. Tensors are parsed without the signature, because its name
 * may follow them.
 */
final class JsonRequest {
  /** Maximum nesting of lists and objects. */
  static final int MAX_DEPTH = 32;

  /** Maximum number of names in an object of tensors. */
  private static final int MAX_NAMES = 64;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  // The size of the whole request is limited already.
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .build();

  /** Tensors of one example or of all examples: named, or one without a name. */
  record Tensors(Optional<Tensor> plain, Map<String, Tensor> named) {}

  private Optional<String> signature = Optional.empty();
  private Optional<Tensors> instances = Optional.empty();
  private Optional<Tensors> inputs = Optional.empty();
  private Optional<List<Map<String, Tensor>>> examples = Optional.empty();
  private Map<String, Tensor> context = Map.of();
  private final int maxImages;

  private JsonRequest(int maxImages) {
    this.maxImages = maxImages;
  }

  /**
   * Parses a body.
   *
   * @param maxImages maximum number of images
   * @throws ApiException if the body is not JSON, too deep, has too many images, or differs from
   *     the format of TensorFlow Serving
   */
  static JsonRequest parse(byte[] body, int maxImages) {
    JsonRequest request = new JsonRequest(maxImages);
    try (JsonParser json = FACTORY.createParser(body)) {
      JsonToken first = json.nextToken();
      if (first == null) {
        throw ApiException.badRequest("JSON Parse error: The document is empty");
      } else if (first != JsonToken.START_OBJECT) {
        throw ApiException.badRequest("JSON Value: is not object");
      }
      while (json.nextToken() != JsonToken.END_OBJECT) {
        String key = json.currentName();
        json.nextToken();
        request.read(json, key);
      }
      if (json.nextToken() != null) {
        throw ApiException.badRequest(
            "JSON Parse error: The document root must not be followed by other values.");
      }
    } catch (JsonProcessingException e) {
      throw ApiException.badRequest(
          "JSON Parse error: "
              + e.getOriginalMessage()
              + (e.getLocation() == null ? "" : " at offset: " + e.getLocation().getByteOffset()));
    } catch (IOException e) {
      // Reading from memory can fail only in the decoding of characters.
      throw ApiException.badRequest("JSON Parse error: " + e.getMessage() + "; send UTF-8.");
    }
    return request;
  }

  private void read(JsonParser json, String key) throws IOException {
    switch (key) {
      case "signature_name" -> {
        if (json.currentToken() != JsonToken.VALUE_STRING) {
          throw ApiException.badRequest("'signature_name' key must be a string value.");
        }
        signature = Optional.of(json.getText()).filter(name -> !name.isEmpty());
      }
      case "instances" -> instances = Optional.of(readInstances(json));
      case "inputs" -> inputs = Optional.of(readInputs(json));
      case "examples" -> examples = Optional.of(readExamples(json));
      case "context" -> context = readFeatures(json);
      default -> json.skipChildren();
    }
  }

  /** Reads the row form: a list of values, or of objects with a value for each input. */
  private Tensors readInstances(JsonParser json) throws IOException {
    if (json.currentToken() != JsonToken.START_ARRAY) {
      throw ApiException.badRequest("Expecting 'instances' to be a list/array");
    }
    Tensor plain = new Tensor(maxImages);
    Map<String, Tensor> named = new HashMap<>();
    int count = 0;
    int objects = 0;
    for (; json.nextToken() != JsonToken.END_ARRAY; count++) {
      if (count == maxImages) {
        throw ApiException.tooManyImages(maxImages);
      }
      try {
        if (json.currentToken() == JsonToken.START_OBJECT && !isBytes(json)) {
          readRow(json, objects++, named);
        } else if (json.currentToken() == JsonToken.FIELD_NAME) {
          plain.readBytes(json, 1);
        } else {
          plain.read(json, 1);
        }
      } catch (ApiException e) {
        throw ApiException.badRequest(
            "Failed to process element: %s of 'instances' list. Error: %s"
                .formatted(count, e.getMessage()));
      }
      if (objects > 0 && objects <= count) {
        throw ApiException.badRequest(
            "Expecting all of 'instances' list to be objects or none, unlike element " + count);
      }
    }
    if (count == 0) {
      throw ApiException.badRequest("No values in 'instances' array");
    }
    for (Tensor tensor : objects == 0 ? List.of(plain) : named.values()) {
      tensor.size(0, count);
    }
    return new Tensors(objects == 0 ? Optional.of(plain) : Optional.empty(), named);
  }

  /** Steps into an object and returns whether its first key is that of bytes. */
  private static boolean isBytes(JsonParser json) throws IOException {
    return json.nextToken() == JsonToken.FIELD_NAME && json.currentName().equals(Tensor.BASE64);
  }

  /** Reads an object of named values from its first key on. */
  private void readRow(JsonParser json, int row, Map<String, Tensor> named) throws IOException {
    int keys = 0;
    while (json.currentToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      Tensor tensor = named.get(name);
      if (tensor == null) {
        if (row > 0) {
          throw ApiException.badRequest("key: " + name + " is not in the elements before");
        }
        tensor = named(name, named);
      }
      json.nextToken();
      tensor.read(json, 1);
      keys++;
      json.nextToken();
    }
    if (keys != named.size()) {
      throw ApiException.badRequest("keys must be equal to: " + String.join(",", named.keySet()));
    }
  }

  /** Reads the columnar form: a tensor, or an object of tensors. */
  private Tensors readInputs(JsonParser json) throws IOException {
    Tensor plain = new Tensor(maxImages);
    if (json.currentToken() != JsonToken.START_OBJECT) {
      plain.read(json, 0);
    } else if (isBytes(json)) {
      plain.readBytes(json, 0);
    } else {
      return new Tensors(Optional.empty(), readNamed(json));
    }
    return new Tensors(Optional.of(plain), Map.of());
  }

  private Map<String, Tensor> readNamed(JsonParser json) throws IOException {
    Map<String, Tensor> named = new HashMap<>();
    while (json.currentToken() == JsonToken.FIELD_NAME) {
      Tensor tensor = named(json.currentName(), named);
      json.nextToken();
      tensor.read(json, 0);
      json.nextToken();
    }
    return named;
  }

  /** Adds a tensor with a name. */
  private Tensor named(String name, Map<String, Tensor> all) {
    if (all.size() == MAX_NAMES) {
      throw ApiException.badRequest("There are more than " + MAX_NAMES + " named tensors");
    }
    Tensor tensor = new Tensor(maxImages);
    all.put(name, tensor);
    return tensor;
  }

  private List<Map<String, Tensor>> readExamples(JsonParser json) throws IOException {
    if (json.currentToken() != JsonToken.START_ARRAY) {
      throw ApiException.badRequest("Expecting 'examples' value to be a list/array");
    }
    List<Map<String, Tensor>> list = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (list.size() == maxImages) {
        throw ApiException.tooManyImages(maxImages);
      }
      list.add(readFeatures(json));
    }
    if (list.isEmpty()) {
      throw ApiException.badRequest("'examples' value is an empty array");
    }
    return list;
  }

  private Map<String, Tensor> readFeatures(JsonParser json) throws IOException {
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw ApiException.badRequest("Example must be JSON object");
    }
    json.nextToken();
    return readNamed(json);
  }

  /** Returns the signature name, if given. */
  Optional<String> signature() {
    return signature;
  }

  /** Returns the tensors of the row form, if used. */
  Optional<Tensors> instances() {
    return instances;
  }

  /** Returns the tensors of the columnar form, if used. */
  Optional<Tensors> inputs() {
    return inputs;
  }

  /** Returns the examples of a classify request, if any. */
  Optional<List<Map<String, Tensor>>> examples() {
    return examples;
  }

  /** Features that all examples share. */
  Map<String, Tensor> context() {
    return context;
  }
}
