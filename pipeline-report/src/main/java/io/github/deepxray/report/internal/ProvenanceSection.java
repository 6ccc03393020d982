package io.github.deepxray.report.internal;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.internal.io.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Section about the provenance of the model.
 *
 * @param groups groups of names and values
 */
record ProvenanceSection(List<Group> groups) {
  /** Group of names and values. */
  record Group(String title, Map<String, String> pairs) {}

  static ProvenanceSection of(ReportContent content) {
    Map<String, String> recipe = new LinkedHashMap<>();
    flatten(recipe, "", Json.tree(content.training()));
    return new ProvenanceSection(
        Stream.of(
                new Group("Options", content.config()),
                new Group("Recipe", recipe),
                new Group("Hashes and versions", hashes(content)))
            .filter(group -> !group.pairs.isEmpty())
            .toList());
  }

  /** Returns hashes and versions that identify the model. */
  private static Map<String, String> hashes(ReportContent content) {
    Map<String, String> hashes = new LinkedHashMap<>();
    hashes.put("weights", content.weights());
    hashes.put("data set", content.dataset().fingerprint());
    hashes.put(
        "source (" + content.dataset().source().kind() + ")",
        content.dataset().source().fingerprint());
    content.versions().forEach((name, version) -> hashes.put("version of " + name, version));
    content.host().forEach((name, value) -> hashes.put("exported on: " + name, value));
    return hashes;
  }

  /** Adds each leaf of a JSON tree with its path. */
  private static void flatten(Map<String, String> leaves, String path, JsonNode node) {
    if (node.isObject()) {
      node.properties()
          .forEach(
              e ->
                  flatten(
                      leaves, path.isEmpty() ? e.getKey() : path + "." + e.getKey(), e.getValue()));
    } else if (node.isArray() && node.size() > 0 && node.get(0).isObject()) {
      for (int i = 0; i < node.size(); i++) {
        flatten(leaves, path + "." + (i + 1), node.get(i));
      }
    } else if (!node.isNull()) {
      leaves.put(path, node.isValueNode() ? node.asText() : Json.compact(node));
    }
  }
}
