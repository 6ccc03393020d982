package io.github.deepxray.report;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.io.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Limits, and everything needed to make the model again. */
final class ProvenanceSection {
  private ProvenanceSection() {}

  static Html html(ReportContent content) {
    Html html = new Html();
    html.add(limits(content.limits()));
    html.open("section", "id", "provenance").element("h2", "How it was made");
    pairs(html, "Options", content.config());
    Map<String, String> recipe = new LinkedHashMap<>();
    flatten(recipe, "", Json.tree(content.training()));
    pairs(html, "Recipe", recipe);
    hashes(html, content);
    return html.close();
  }

  /** What the model is not good for. */
  private static Html limits(List<String> limits) {
    Html html = new Html();
    html.open("section", "id", "limits").element("h2", "Limits").open("ul");
    limits.forEach(limit -> html.element("li", limit));
    return html.close().close();
  }

  /** What tells whether it is the same model. */
  private static void hashes(Html html, ReportContent content) {
    Map<String, String> hashes = new LinkedHashMap<>();
    hashes.put("weights", content.weights());
    hashes.put("data set", content.dataset().fingerprint());
    hashes.put(
        "source (" + content.dataset().source().kind() + ")",
        content.dataset().source().fingerprint());
    content.versions().forEach((name, version) -> hashes.put("version of " + name, version));
    content.host().forEach((name, value) -> hashes.put("exported on: " + name, value));
    pairs(html, "Hashes and versions", hashes);
  }

  private static void pairs(Html html, String title, Map<String, String> pairs) {
    if (pairs.isEmpty()) {
      return;
    }
    html.element("h3", title).open("dl", "class", "pairs");
    pairs.forEach(
        (name, value) -> html.open("div").element("dt", name).element("dd", value).close());
    html.close();
  }

  /** Every leaf of a tree under its path. */
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
