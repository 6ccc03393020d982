package io.github.deepxray.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.backbone.Backbone;
import io.github.deepxray.core.backbone.Backbones;
import io.github.deepxray.core.engine.Engines;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.Omittable;
import io.github.deepxray.text.internal.Yaml;
import io.github.deepxray.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Specification of a comparison in a {@code .yaml} or {@code .json} file. Options are those of
 * {@code run}, named as in its config file.
 *
 * @param data archive or folder, as in {@code run --data}
 * @param out output folder of all experiments
 * @param cache folder of the embedding cache; {@code <out>/cache} if empty
 * @param weights pretrained weights: a file or {@code imagenet} for all backbones, or a map from
 *     backbone to weights
 * @param seeds seeds of each experiment
 * @param baseline name of the experiment with which the others are compared; the first if empty
 * @param options options of all experiments
 * @param grid options that vary, with their values; each combination is an experiment
 * @param experiments further experiments, each with its options
 */
record GridSpec(
    String data,
    Optional<String> out,
    Optional<String> cache,
    @Omittable JsonNode weights,
    @Omittable List<Long> seeds,
    Optional<String> baseline,
    @Omittable Map<String, JsonNode> options,
    @Omittable Map<String, List<JsonNode>> grid,
    @Omittable Map<String, Map<String, JsonNode>> experiments) {
  /** Value of an option that is not set. */
  static final String NONE = "none";

  /** Limit of experiments, because a few short lists have billions of combinations. */
  private static final int MOST_EXPERIMENTS = 1000;

  private static final Keys KEYS = Keys.ofRun();

  GridSpec {
    weights = weights == null || weights.isNull() ? Json.tree(Backbone.IMAGENET) : weights;
    seeds = seeds == null ? List.of(0L, 1L, 2L) : Collections.unmodifiableList(seeds);
    if (seeds.isEmpty() || new HashSet<>(seeds).size() < seeds.size()) {
      throw new DeepXrayException("seeds must be different numbers, at least one: " + seeds + ".");
    }
    options = ordered(options, NullNode.getInstance());
    grid = ordered(grid, List.of());
    experiments = ordered(experiments, Map.of());
  }

  /** Returns a map in its order, with a default for empty values of the file. */
  private static <T> Map<String, T> ordered(Map<String, T> map, T none) {
    Map<String, T> copy = new LinkedHashMap<>();
    if (map != null) {
      map.forEach((key, value) -> copy.put(key, value == null ? none : value));
    }
    return Collections.unmodifiableMap(copy);
  }

  /** Options of the run command, by their use in a grid. */
  private record Keys(
      Set<String> varied, Set<String> fixed, Set<String> ofFineTuning, Set<String> ofPruning) {
    private static Keys ofRun() {
      CommandSpec run = new CommandLine(new RunCommand()).getCommandSpec();
      Set<String> varied = new TreeSet<>();
      for (String mixin : List.of("backbone", "trainOptions", "fineTuneOptions", "pruneOptions")) {
        varied.addAll(names(run, mixin));
      }
      varied.addAll(List.of("prune-channels", "fine-tune", "prune", "prune-gradually", "sparse"));
      List<String> how = List.of("checkpoint-every", "resume");
      varied.removeAll(how);
      // Experiments are not exported.
      varied.remove("guard");
      Set<String> fixed = new TreeSet<>(varied);
      fixed.remove("weights");
      fixed.addAll(how);
      fixed.addAll(names(run, "dataOptions"));
      fixed.addAll(names(run, "trackingOptions"));
      fixed.add("engine");
      return new Keys(varied, fixed, names(run, "fineTuneOptions"), names(run, "pruneOptions"));
    }

    private static Set<String> names(CommandSpec command, String mixin) {
      return command.mixins().get(mixin).options().stream()
          .map(ConfigFile::key)
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  /**
   * Experiment of the grid.
   *
   * @param name name in tables and of the folder
   * @param own options of this experiment as text, {@link #NONE} for options that are not set
   */
  record Cell(String name, Map<String, String> own) {
    Cell {
      own = Collections.unmodifiableMap(new LinkedHashMap<>(own));
    }
  }

  /**
   * Whether an argument is a file of experiments; bundles are folders.
   *
   * @param argument argument of the command line
   */
  static boolean isOne(Path argument) {
    String name = argument.toString().toLowerCase(Locale.ROOT);
    return name.matches(".*\\.(yaml|yml|json)") && !Files.isDirectory(argument);
  }

  /**
   * Reads a file.
   *
   * @throws DeepXrayException if the file is malformed or an option is impossible; the message
   *     names the file
   * @throws IOException if it cannot be read
   */
  static GridSpec read(Path file) throws IOException {
    try {
      // Values keep their text, as on the command line: 1.10 is not 1.1.
      JsonNode tree = Yaml.readOptions(file);
      if (tree instanceof ObjectNode fields && tree.get("seeds") instanceof ArrayNode seeds) {
        fields.set("seeds", numbers(file + ", seeds", seeds));
      }
      GridSpec spec = Json.convert(tree, GridSpec.class, file.toString());
      spec.check(file.toString());
      return spec;
    } catch (NoSuchFileException e) {
      throw new DeepXrayException("There is no file " + file + ".", e);
    }
  }

  private static ArrayNode numbers(String where, ArrayNode texts) {
    ArrayNode numbers = Json.array();
    for (JsonNode text : texts) {
      try {
        numbers.add(Long.parseLong(text.asText()));
      } catch (NumberFormatException e) {
        throw new DeepXrayException(
            where + ": " + text + " is no whole number that fits into 64 bits.", e);
      }
    }
    return numbers;
  }

  /**
   * Checks the specification.
   *
   * @param file its file, for messages
   * @throws DeepXrayException if an option is impossible
   */
  void check(String file) {
    refuseTooMany(file);
    known(file + ", options", options.keySet(), KEYS.fixed);
    known(file + ", grid", grid.keySet(), KEYS.varied);
    options.forEach((key, value) -> text(file + ", options, " + key, value));
    grid.forEach(
        (key, values) -> {
          if (values.isEmpty()) {
            throw new DeepXrayException(file + ", grid, " + key + ": a list of values is needed.");
          }
          values.forEach(value -> scalar(file + ", grid, " + key, value));
        });
    experiments.forEach(
        (name, own) -> {
          if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
            throw new DeepXrayException(
                ("%s, experiments: the name '%s' must consist of letters, digits, '.', '_' and"
                        + " '-'.")
                    .formatted(file, name));
          }
          known(file + ", experiments, " + name, own.keySet(), KEYS.varied);
          own.forEach((key, value) -> scalar(file + ", experiments, " + name, value));
        });
    if (weights.isObject()) {
      weights.fieldNames().forEachRemaining(name -> backbone(file + ", weights", name));
      weights.forEach(value -> scalar(file + ", weights", value));
    } else {
      scalar(file + ", weights", weights);
    }
    checkNames(file);
    cells().forEach(cell -> refuseIgnored(file, cell));
  }

  private void checkNames(String file) {
    List<String> names = cells().stream().map(Cell::name).toList();
    if (names.isEmpty()) {
      throw new DeepXrayException(
          file + " has no experiments; add a grid of options, or experiments.");
    }
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      if (!seen.add(name)) {
        throw new DeepXrayException(
            file + ": two experiments are called " + name + "; name one of them in experiments.");
      }
    }
    if (baseline.isPresent() && !names.contains(baseline.get())) {
      throw new DeepXrayException(
          "%s, baseline: there is no experiment %s%s The experiments are %s."
              .formatted(
                  file,
                  baseline.get(),
                  Suggestions.end(baseline.get(), names),
                  String.join(", ", names)));
    }
  }

  private void refuseTooMany(String file) {
    double combinations = 1;
    for (List<JsonNode> values : grid.values()) {
      combinations *= values.size();
    }
    if (combinations + experiments.size() > MOST_EXPERIMENTS) {
      throw new DeepXrayException(
          "%s, grid: more than %s experiments; vary fewer options."
              .formatted(file, MOST_EXPERIMENTS));
    }
  }

  private static void known(String where, Set<String> given, Set<String> known) {
    for (String key : given) {
      if (!known.contains(key)) {
        throw new DeepXrayException(
            "%s: there is no option %s here%s The options are %s."
                .formatted(where, key, Suggestions.end(key, known), String.join(", ", known)));
      }
    }
  }

  private static void text(String where, JsonNode value) {
    (value.isArray() ? value : List.of(value)).forEach(part -> scalar(where, part));
  }

  private static void scalar(String where, JsonNode value) {
    if (value != null && value.isContainerNode()) {
      throw new DeepXrayException(where + ": each value must be one number or word.");
    }
  }

  private static Backbone backbone(String where, String name) {
    try {
      return Backbones.named(name);
    } catch (DeepXrayException e) {
      throw new DeepXrayException(where + ": " + e.getMessage(), e);
    }
  }

  /** Checks that each option of an experiment has an effect. */
  private void refuseIgnored(String file, Cell cell) {
    ObjectNode effective = effective(cell);
    boolean tunes = effective.has("fine-tune") || tunes(effective.path("recipe").asText());
    boolean prunes = effective.has("prune") || effective.has("prune-channels");
    for (Map.Entry<String, String> own : cell.own.entrySet()) {
      boolean tuning = KEYS.ofFineTuning.contains(own.getKey()) && !tunes;
      boolean pruning = KEYS.ofPruning.contains(own.getKey()) && !prunes;
      if ((tuning || pruning) && !own.getValue().equals(NONE)) {
        throw new DeepXrayException(
            "%s, %s: %s would be ignored: it needs %s"
                .formatted(
                    file,
                    cell.name,
                    own.getKey(),
                    tuning
                        ? "fine-tune, or a recipe that fine-tunes."
                        : "prune or prune-channels."));
      }
    }
  }

  private static boolean tunes(String recipe) {
    return Stream.of(Recipe.values())
        .anyMatch(r -> r.key().equalsIgnoreCase(recipe) && r.fineTuning().isPresent());
  }

  /**
   * Returns all experiments: those of the grid, the last option varying fastest, then the others.
   */
  List<Cell> cells() {
    List<Cell> cells = new ArrayList<>();
    if (!grid.isEmpty()) {
      cells.add(new Cell("", Map.of()));
    }
    grid.forEach(
        (key, values) -> {
          List<Cell> before = List.copyOf(cells);
          cells.clear();
          for (Cell cell : before) {
            for (JsonNode value : values) {
              String text = word(value);
              Map<String, String> own = new LinkedHashMap<>(cell.own);
              own.put(key, text);
              cells.add(
                  new Cell(cell.name + (cell.name.isEmpty() ? "" : "_") + part(key, text), own));
            }
          }
        });
    experiments.forEach(
        (name, given) -> {
          Map<String, String> own = new LinkedHashMap<>();
          given.forEach((key, value) -> own.put(key, word(value)));
          cells.add(new Cell(name, own));
        });
    return cells;
  }

  private static String word(JsonNode value) {
    return value == null || value.isNull() ? NONE : value.asText();
  }

  /**
   * Returns the part of an experiment's name for an option: the value of backbones and heads, the
   * file name of files.
   */
  private static String part(String key, String value) {
    String last = value.substring(value.replace('\\', '/').lastIndexOf('/') + 1);
    String word =
        last.replaceFirst("\\.(yaml|yml|json|weights\\.h5|h5|keras)$", "")
            .replaceAll("[^A-Za-z0-9.+]+", "-");
    return Set.of("backbone", "head", "recipe").contains(key) ? word : key + "-" + word;
  }

  /** Name of the experiment with which the others are compared. */
  String baselineName() {
    return baseline.orElse(cells().get(0).name);
  }

  /** Engine of the backbone, the same for all experiments. */
  String engine() {
    JsonNode named = options.get("engine");
    return named == null || named.isNull() ? Engines.DEFAULT : named.asText();
  }

  /** Returns the options of an experiment for the run command, without seed and paths. */
  ObjectNode effective(Cell cell) {
    ObjectNode all = Json.object();
    options.forEach(
        (key, value) -> {
          if (!value.isNull() && !value.asText().equals(NONE)) {
            all.set(key, value);
          }
        });
    all.put("data", data);
    cell.own.forEach(
        (key, value) -> {
          if (value.equals(NONE)) {
            all.remove(key);
          } else {
            all.put(key, value);
          }
        });
    if (!all.has("weights")) {
      all.put("weights", weights(all.path("backbone").asText(Backbones.DEFAULT)));
    }
    return all;
  }

  private String weights(String backbone) {
    if (!weights.isObject()) {
      return weights.asText();
    }
    Map<String, String> byName = new HashMap<>();
    weights
        .properties()
        .forEach(
            entry -> byName.put(Backbones.named(entry.getKey()).name(), entry.getValue().asText()));
    return byName.getOrDefault(Backbones.named(backbone).name(), Backbone.IMAGENET);
  }

  /** Returns the options of all experiments as text. */
  Map<String, String> shared() {
    Map<String, String> shared = new LinkedHashMap<>();
    options.forEach((key, value) -> shared.put(key, ConfigFile.value(value).orElse(NONE)));
    return shared;
  }
}
