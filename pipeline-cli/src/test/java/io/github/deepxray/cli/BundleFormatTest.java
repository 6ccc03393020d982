package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.format.ModelForm;
import io.github.deepxray.core.format.ModelFormat;
import io.github.deepxray.core.format.ModelFormats;
import io.github.deepxray.core.internal.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The description of the format has every file of a bundle, and every field of its records. */
class BundleFormatTest {
  private static final Path DESCRIPTION =
      Path.of(System.getProperty("deepxray.root"), "docs/bundle-format.md");

  /** Sections by the name of the file in their heading. */
  private static Map<String, String> sections() throws IOException {
    Map<String, String> sections = new TreeMap<>();
    Matcher section =
        Pattern.compile("^## ([^\n]+)\n(.*?)(?=^## |\\z)", Pattern.DOTALL | Pattern.MULTILINE)
            .matcher(Files.readString(DESCRIPTION));
    while (section.find()) {
      Matcher names = Pattern.compile("`([^`]+)`").matcher(section.group(1));
      while (names.find()) {
        sections.put(names.group(1), section.group(2));
      }
    }
    return sections;
  }

  private static String section(String file) throws IOException {
    Map<String, String> sections = sections();
    return sections.entrySet().stream()
        .filter(
            entry -> file.matches(entry.getKey().replace(".", "\\.").replaceAll("<\\w+>", ".+")))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseThrow(() -> new AssertionError(file + " is not in " + DESCRIPTION));
  }

  /** Fields that hold entries by the names of splits, classes, options and the like. */
  private static final Set<String> ENTRIES =
      Set.of(
          "splits",
          "slices",
          "labels",
          "distortions",
          "decisions",
          "formats",
          "channels",
          "notes",
          "junk",
          "other",
          "config",
          "versions");

  /** Labels, splits, finer classes and forms, which are entries wherever they are. */
  private static final Pattern NAMES =
      Pattern.compile(
          "\\d+|train|validation|test|test bytes|normal|bacterial|viral|unspecified"
              + "|saved_model|float32|dynamic");

  /** Fields of files that are described elsewhere. */
  private static final Set<String> ELSEWHERE = Set.of("head", "fineTuning", "pruning");

  /** The names of fields at any depth. */
  private static void addFields(JsonNode tree, boolean entries, Set<String> fields) {
    tree.properties()
        .forEach(
            field -> {
              if (!entries && !NAMES.matcher(field.getKey()).matches()) {
                fields.add(field.getKey());
              }
              if (!ELSEWHERE.contains(field.getKey())) {
                addFields(field.getValue(), ENTRIES.contains(field.getKey()), fields);
              }
            });
    if (tree.isArray()) {
      tree.forEach(element -> addFields(element, false, fields));
    }
  }

  @Test
  void everyFileAndFieldIsDescribed() throws IOException {
    requireDescribed(SmallRun.bundle());
  }

  @Test
  void everyFileAndFieldOfAnAdaptedBundleIsDescribed() throws IOException {
    requireDescribed(SmallRun.adapted());
  }

  private static void requireDescribed(Path bundle) throws IOException {
    List<Path> files;
    try (Stream<Path> walk = Files.walk(bundle)) {
      files = walk.filter(Files::isRegularFile).sorted().toList();
    }
    String metrics =
        Files.readString(DESCRIPTION).replaceFirst("(?s).*\n## Metrics\n(.*?)\n## .*", "$1");
    Set<String> missing = new TreeSet<>();
    for (Path file : files) {
      String name = bundle.relativize(file).toString().replace('\\', '/');
      String section =
          section(name) + (name.matches("(artifacts|metrics|adaptation)\\.json") ? metrics : "");
      Set<String> fields = new TreeSet<>();
      // What a layer lost is a page for people; its file beside has the same numbers.
      if (name.endsWith(".json") && !name.startsWith("reports/")) {
        addFields(Json.read(file), false, fields);
      } else if (name.endsWith(".csv")) {
        fields.addAll(List.of(Files.readAllLines(file).get(0).split(",", -1)));
      }
      fields.stream()
          .filter(field -> !section.contains("`" + field + "`"))
          .forEach(field -> missing.add(name + ": " + field));
    }
    assertThat(missing).isEmpty();
  }

  @Test
  void everyFormOfEveryFormatIsDescribed() throws IOException {
    String names = section("artifacts.json");
    for (ModelFormat format : ModelFormats.all()) {
      for (ModelForm form : format.forms()) {
        assertThat(sections().keySet()).anyMatch(file -> file.startsWith(form.path()));
        if (form.kind() != ModelForm.Kind.EXPLAINING) {
          assertThat(names).contains("`" + form.key() + "`");
        }
      }
    }
  }

  @Test
  void theNumberOfTheFormatIsTheOneThatIsWritten() throws IOException {
    assertThat(Files.readString(DESCRIPTION)).contains("This is format " + Bundle.FORMAT + ".");
    assertThat(Json.read(SmallRun.bundle().resolve("artifacts.json")).path("format").intValue())
        .isEqualTo(Bundle.FORMAT);
  }
}
