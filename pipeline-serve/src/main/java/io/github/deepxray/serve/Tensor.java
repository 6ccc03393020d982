package io.github.deepxray.serve;

import com.fasterxml.jackson.core.Base64Variant;
import com.fasterxml.jackson.core.Base64Variants;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Tensor in JSON: nested lists of numbers, or of strings and {@code {"b64": ...}} objects. Values
 * are read in a stream without a JSON tree; their required type is known only later.
 */
final class Tensor {
  /** Key of an object with bytes. */
  static final String BASE64 = "b64";

  private static final Base64Variant VARIANT =
      Base64Variants.MIME_NO_LINEFEEDS.withPaddingAllowed();
  private static final int MAX_RANK = 8;
  private static final int UNKNOWN = -1;
  private static final int FIRST = 64;

  /** Largest integer up to which all integers are exact 32-bit floats. */
  private static final long MAX_WHOLE = (1L << 24) - 1;

  private final int[] sizes = new int[MAX_RANK];
  private int rank = UNKNOWN;
  private float[] numbers = new float[0];
  private int numberCount;
  private final List<byte[]> strings = new ArrayList<>();

  private final int maxStrings;

  /**
   * Creates an empty tensor.
   *
   * @param maxStrings maximum number of strings; numbers are limited only by the size of the
   *     request
   */
  Tensor(int maxStrings) {
    this.maxStrings = maxStrings;
    Arrays.fill(sizes, UNKNOWN);
  }

  /**
   * Reads the value at the parser's current token.
   *
   * @param level nesting level of the value
   * @throws ApiException if the shape or type differs from earlier values
   * @throws IOException if the input is not JSON
   */
  void read(JsonParser json, int level) throws IOException {
    JsonToken token = json.currentToken();
    switch (token) {
      case START_ARRAY -> readList(json, level);
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
        leaf(level);
        add(number(json));
      }
      case VALUE_STRING -> {
        leaf(level);
        addString(json.getText().getBytes(StandardCharsets.UTF_8));
      }
      case START_OBJECT -> {
        json.nextToken();
        readBytes(json, level);
      }
      default ->
          throw ApiException.badRequest(
              "JSON Value: " + json.getText() + " is neither a number nor a string");
    }
  }

  private void readList(JsonParser json, int level) throws IOException {
    if (level >= MAX_RANK || (rank != UNKNOWN && level >= rank)) {
      throw ApiException.badRequest(
          "Encountered list at unexpected level: " + level + " expected < " + Math.max(rank, 0));
    }
    int count = 0;
    while (json.nextToken() != JsonToken.END_ARRAY) {
      read(json, level + 1);
      count++;
    }
    if (count == 0 && rank == UNKNOWN) {
      rank = level + 1;
    }
    size(level, count);
  }

  /** Sets the size of a list, which must be equal to that of earlier lists at the same level. */
  void size(int level, int count) {
    if (sizes[level] == UNKNOWN) {
      sizes[level] = count;
    } else if (sizes[level] != count) {
      throw ApiException.badRequest(
          "Encountered list at unexpected size: %s at level: %s expected size: %s"
              .formatted(count, level, sizes[level]));
    }
  }

  /** Reads the rest of an object {@code {"b64": ...}} from its key on. */
  void readBytes(JsonParser json, int level) throws IOException {
    leaf(level);
    if (json.currentToken() == JsonToken.FIELD_NAME
        && json.currentName().equals(BASE64)
        && json.nextToken() == JsonToken.VALUE_STRING) {
      byte[] bytes;
      try {
        bytes = json.getBinaryValue(VARIANT);
      } catch (IOException e) {
        throw ApiException.badRequest("Unable to base64 decode");
      }
      if (json.nextToken() == JsonToken.END_OBJECT) {
        addString(bytes);
        return;
      }
    }
    throw ApiException.badRequest("JSON Value not formatted correctly for base64 data");
  }

  private void leaf(int level) {
    if (rank == UNKNOWN) {
      rank = level;
    } else if (rank != level) {
      throw ApiException.badRequest(
          "JSON Value found at incorrect level: %s in the JSON DOM. Expected at level: %s"
              .formatted(level, rank));
    }
  }

  private void addString(byte[] bytes) {
    if (strings.size() >= maxStrings) {
      throw ApiException.tooManyImages(maxStrings);
    }
    strings.add(bytes);
  }

  private void add(float value) {
    if (numberCount == numbers.length) {
      numbers = Arrays.copyOf(numbers, Math.max(FIRST, numbers.length * 2));
    }
    numbers[numberCount++] = value;
  }

  private static float number(JsonParser json) throws IOException {
    float value = json.getFloatValue();
    boolean lossy =
        json.currentToken() == JsonToken.VALUE_NUMBER_INT
            ? !(Math.abs(value) <= MAX_WHOLE)
            : Float.isInfinite(value) && !json.isNaN();
    if (lossy) {
      throw ApiException.badRequest(
          "Cannot convert JSON value: " + json.getText() + " to float without loss of precision.");
    }
    return value;
  }

  /** Shape of the tensor. */
  List<Integer> shape() {
    return Arrays.stream(sizes, 0, Math.max(rank, 0)).boxed().toList();
  }

  /**
   * Returns the values in row-major order.
   *
   * @throws ApiException if a value is not a number
   */
  float[] floats() {
    if (!strings.isEmpty()) {
      throw ApiException.badRequest("JSON Value of Type: String is not of expected type: float");
    }
    return numberCount == numbers.length ? numbers : Arrays.copyOf(numbers, numberCount);
  }

  /**
   * Returns the values in row-major order.
   *
   * @throws ApiException if a value is a number
   */
  List<byte[]> strings() {
    if (numberCount > 0) {
      throw ApiException.badRequest("JSON Value of Type: Number is not of expected type: string");
    }
    return strings;
  }
}
