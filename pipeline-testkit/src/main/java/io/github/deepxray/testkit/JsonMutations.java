package io.github.deepxray.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.core.internal.io.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Damages the structure of JSON, which {@link Mutations} hardly ever does: fields that are missing,
 * {@code null}, repeated or of another type, lists that are too short, implausible numbers and
 * texts.
 */
public final class JsonMutations {
  /** Placeholder in a tree for content that no tree can represent. */
  private static final String MARK = "\"@raw@\"";

  /** Deeper than any stack. */
  private static final int DEEP = 20_000;

  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "[]",
          "{}",
          "[[]]",
          "[null]",
          "{\"a\":null}",
          "0",
          "-1",
          "1.5",
          "2147483647",
          "-2147483648",
          "2147483648",
          "9223372036854775807",
          "99999999999999999999999",
          "1e308",
          "-1e308",
          "1e-320",
          "1e999999999",
          "1e-999999999",
          "NaN",
          "\"NaN\"",
          "\"Infinity\"",
          "\"-Infinity\"",
          "\"\"",
          "\" \"",
          "\"x\"",
          "\"1\"",
          "\"../../etc/passwd\"",
          "\"/etc/passwd\"",
          "\"C:\\\\x\"",
          "\"a/../../b\"",
          "\"a\\u0000b\"",
          "\"a\\nb\"",
          "\"%s%n%d\"",
          "\"\\ud800\"");

  private JsonMutations() {}

  /** Position in a tree: a field of an object or an element of a list. */
  private record Place(ContainerNode<?> parent, String field, int index) {
    JsonNode value() {
      return parent.isObject() ? parent.get(field) : parent.get(index);
    }

    void set(JsonNode value) {
      if (parent instanceof ObjectNode object) {
        object.set(field, value);
      } else if (parent instanceof ArrayNode list) {
        list.set(index, value);
      }
    }

    void remove() {
      if (parent instanceof ObjectNode object) {
        object.remove(field);
      } else if (parent instanceof ArrayNode list) {
        list.remove(index);
      }
    }
  }

  /**
   * Returns JSON with one or two damaged values.
   *
   * @param json an object or a list with content
   * @param random selects the values and the damage
   */
  public static String mutate(String json, SplittableRandom random) {
    JsonNode tree = Json.parse(json, "the original");
    String raw = "";
    for (int i = random.nextInt(4) == 0 ? 2 : 1; i > 0; i--) {
      List<Place> places = new ArrayList<>();
      collect(tree, places);
      if (!places.isEmpty()) {
        String found = damage(places.get(random.nextInt(places.size())), random);
        raw = found.isEmpty() ? raw : found;
      }
    }
    String text = Json.compact(tree);
    return raw.isEmpty() ? text : text.replace(MARK, raw);
  }

  private static void collect(JsonNode node, List<Place> places) {
    if (node instanceof ObjectNode object) {
      object.fieldNames().forEachRemaining(name -> places.add(new Place(object, name, 0)));
    } else if (node instanceof ArrayNode list) {
      for (int i = 0; i < list.size(); i++) {
        places.add(new Place(list, "", i));
      }
    }
    node.forEach(child -> collect(child, places));
  }

  /** Damages a value; returns the replacement of {@link #MARK} if it was inserted. */
  private static String damage(Place place, SplittableRandom random) {
    JsonNode value = place.value();
    switch (random.nextInt(9)) {
      case 0, 1 -> place.remove();
      case 2 -> place.set(Json.array().add(value));
      case 3 -> place.set(Json.object().set("value", value));
      case 4 -> {
        if (value instanceof ArrayNode list && !list.isEmpty()) {
          list.remove(list.size() - 1);
        } else {
          place.set(Json.array());
        }
      }
      case 5 -> {
        place.set(Json.tree("@raw@"));
        return random.nextBoolean()
            ? "[".repeat(DEEP) + "]".repeat(DEEP)
            : "{\"a\":".repeat(DEEP) + "1" + "}".repeat(DEEP);
      }
      case 6 -> {
        place.set(Json.tree("@raw@"));
        String name = Json.compact(place.parent().isObject() ? place.field() : "x");
        return value + "," + (place.parent().isObject() ? name + ":" : "") + value;
      }
      default -> {
        place.set(Json.tree("@raw@"));
        return VALUES.get(random.nextInt(VALUES.size()));
      }
    }
    return "";
  }
}
