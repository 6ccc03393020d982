package io.github.deepxray.core.internal.io;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.InvalidTypeIdException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import io.github.deepxray.core.DeepXrayException;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Converts exceptions of the JSON and YAML parser to one-line messages in terms of the file,
 * without names of classes.
 */
final class JsonErrors {
  /** Longest part of a file that a message repeats. */
  private static final int LONGEST = 60;

  private static final Pattern DUPLICATE =
      Pattern.compile("Duplicate field '(.*)'", Pattern.DOTALL);

  private JsonErrors() {}

  /** Describes a text with a syntax error. */
  static DeepXrayException text(String source, String language, JsonProcessingException e) {
    Matcher duplicate = DUPLICATE.matcher(String.valueOf(e.getOriginalMessage()));
    String what;
    if (duplicate.matches()) {
      what = quoted(duplicate.group(1)) + " is repeated.";
    } else if (e instanceof StreamConstraintsException) {
      what = "it is nested too deep, or a number or text in it is too long.";
    } else if (e instanceof JsonEOFException) {
      what = "it ends too early; this is not " + language + ".";
    } else {
      what = "this is not " + language + ".";
    }
    return at(source, e.getLocation(), what, e);
  }

  /** Describes an error at a position of a text. */
  static DeepXrayException at(
      String source, JsonLocation location, String what, JsonProcessingException cause) {
    String line =
        location == null || location.getLineNr() < 1 ? "" : ", line " + location.getLineNr();
    return new DeepXrayException(source + line + ": " + what, cause);
  }

  /** Describes a tree that does not fit a record. */
  static DeepXrayException tree(String source, JsonNode tree, JsonProcessingException e) {
    JsonNode at = tree;
    StringBuilder path = new StringBuilder();
    if (e instanceof JsonMappingException mapping) {
      for (JsonMappingException.Reference step : mapping.getPath()) {
        String name = step.getFieldName();
        at = name == null ? at.path(step.getIndex()) : at.path(name);
        if (name == null) {
          path.append('[').append(step.getIndex()).append(']');
        } else {
          path.append(path.isEmpty() ? "" : ".").append(oneLine(name));
        }
      }
    }
    return new DeepXrayException(source + ": " + what(path.toString(), at, e), e);
  }

  private static String what(String path, JsonNode at, JsonProcessingException e) {
    String subject = path.isEmpty() ? "its content" : path;
    if (e.getCause() instanceof DeepXrayException
        || (e.getCause() != null && e.getCause().getClass() == IllegalArgumentException.class)) {
      String refused = ended(oneLine(e.getCause().getMessage(), Integer.MAX_VALUE));
      return path.isEmpty() ? refused : path + ": " + refused;
    } else if (e instanceof UnrecognizedPropertyException unknown) {
      return subject + unknown(unknown);
    } else if (at.isMissingNode() || at.isNull()) {
      return subject + " is missing.";
    } else if (e instanceof InvalidTypeIdException type) {
      return subject + type(type, at);
    } else if (e instanceof InvalidFormatException format && at.isContainerNode()) {
      return "%s has the name %s, which must be %s."
          .formatted(
              subject, quoted(String.valueOf(format.getValue())), expected(format.getTargetType()));
    } else if (e.getCause() instanceof InputCoercionException number) {
      return subject + " is " + value(at) + ", but must be " + range(number.getTargetType()) + ".";
    } else if (e instanceof MismatchedInputException mismatch && mismatch.getTargetType() != null) {
      return "%s is %s, but must be %s."
          .formatted(subject, value(at), expected(mismatch.getTargetType()));
    }
    return subject + " is inconsistent.";
  }

  private static String unknown(UnrecognizedPropertyException e) {
    return " is an unknown field; the fields are "
        + e.getKnownPropertyIds().stream()
            .map(String::valueOf)
            .sorted()
            .collect(Collectors.joining(", "))
        + ".";
  }

  private static String type(InvalidTypeIdException e, JsonNode at) {
    JsonSubTypes known = e.getBaseType().getRawClass().getAnnotation(JsonSubTypes.class);
    if (known == null) {
      return " does not have the fields of any known kind.";
    }
    return ".type is %s; it must be one of %s."
        .formatted(
            at.has("type") ? value(at.get("type")) : "missing",
            Arrays.stream(known.value())
                .map(JsonSubTypes.Type::name)
                .collect(Collectors.joining(", ")));
  }

  private static String range(Class<?> type) {
    return type == int.class || type == Integer.class
        ? "a whole number of at most " + Integer.MAX_VALUE
        : "a whole number of at most " + Long.MAX_VALUE;
  }

  /** Describes the values of a class. */
  private static String expected(Class<?> type) {
    if (type.isEnum()) {
      return "one of "
          + Arrays.stream(type.getEnumConstants())
              .map(constant -> Json.tree(constant).asText())
              .collect(Collectors.joining(", "));
    } else if (List.of(int.class, Integer.class, long.class, Long.class).contains(type)) {
      return "a whole number";
    } else if (List.of(double.class, Double.class, float.class, Float.class).contains(type)) {
      return "a number";
    } else if (type == boolean.class || type == Boolean.class) {
      return "true or false";
    } else if (type == String.class) {
      return "text";
    }
    return Collection.class.isAssignableFrom(type) || type.isArray() ? "a list" : "an object";
  }

  private static String value(JsonNode node) {
    if (node.isContainerNode()) {
      return node.isArray() ? "a list" : "an object";
    }
    return node.isTextual() ? quoted(node.asText()) : oneLine(node.asText());
  }

  private static String quoted(String text) {
    return '"' + oneLine(text) + '"';
  }

  /** Shortens a part of a file for a message. */
  static String oneLine(String text) {
    return oneLine(text, LONGEST);
  }

  private static String oneLine(String text, int longest) {
    String cut = text.length() <= longest ? text : text.substring(0, longest) + "...";
    return cut.replaceAll("[\\p{Cc}\\u2028\\u2029]+", " ");
  }

  private static String ended(String sentence) {
    return sentence.endsWith(".") ? sentence : sentence + ".";
  }

  /** Adds an advice to a message. */
  static DeepXrayException advised(DeepXrayException e, String advice) {
    return new DeepXrayException(
        e.getMessage().replaceFirst("\\.$", "") + "; " + advice + ".", e.getCause());
  }
}
