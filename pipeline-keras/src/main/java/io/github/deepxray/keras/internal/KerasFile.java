package io.github.deepxray.keras.internal;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * Open Keras file of any format, with the mapping of its variables to the layers of a network.
 *
 * <ul>
 *   <li>{@code save_weights} of Keras 2, {@code keras.applications} and whole models in {@code
 *       .h5}: {@code <layer>/<layer>/<variable>:0}, below {@code model_weights} in a whole model
 *   <li>{@code .weights.h5}: {@code layers/<class>_<n>/vars/<i>}; since Keras 3.6 an attribute of
 *       {@code vars} is the layer's name, before it is the n-th layer of its class
 *   <li>{@code .keras}: a zip archive of such a file and of {@code config.json}, which contains the
 *       names
 * </ul>
 *
 * Nested models are found at any depth.
 */
final class KerasFile {
  static final String WEIGHTS_ENTRY = "model.weights.h5";
  static final String CONFIG_ENTRY = "config.json";
  static final String LAYERS = "layers";
  static final String VARIABLES = "vars";

  /** Attribute of {@value #VARIABLES} with the layer's name. */
  static final String NAME = "name";

  /** Links can make groups contain themselves. */
  private static final int MAX_DEPTH = 16;

  /** About ten times the configuration of the largest EfficientNet. */
  private static final int MAX_CONFIG = 8 << 20;

  /** Keras does not compress weights, and compression hardly shrinks floats. */
  private static final int MAX_RATIO = 16;

  private static final int MIB = 1 << 20;

  /** Variables of optimizers have the names of the weights. */
  private static final Set<String> OPTIMIZERS = Set.of("/optimizer", "/optimizer_weights");

  private static final Set<String> MODELS = Set.of("Functional", "Sequential", "Model");
  private static final String MODEL_CONFIG = "model_config";

  private final Path file;
  private final Optional<JsonNode> config;
  private final Map<String, String> namesByPath = new HashMap<>();
  private final Map<String, StoredModel> models = new TreeMap<>();

  /** Work with an open file. */
  @FunctionalInterface
  interface Use<T> {
    T of(KerasFile keras);
  }

  /**
   * Layers of one of the models in a file: by name where names are known, else by group. A layer is
   * a map of its variables by name, or by index in the order of its weights.
   */
  private record StoredModel(
      Map<String, Map<String, Hdf5Tensor>> named, Map<String, Map<String, Hdf5Tensor>> groups) {
    StoredModel() {
      this(new TreeMap<>(), new TreeMap<>());
    }

    boolean nameless() {
      return named.isEmpty();
    }

    /** Number of layers of a class, if known. */
    OptionalInt count(String className) {
      Pattern group = Pattern.compile(Pattern.quote(KerasGroups.snakeCase(className)) + "(_\\d+)?");
      return groups.isEmpty()
          ? OptionalInt.empty()
          : OptionalInt.of(
              (int) groups.keySet().stream().filter(g -> group.matcher(g).matches()).count());
    }
  }

  /**
   * Opens a file, runs work with it and closes it.
   *
   * @throws DeepXrayException if the file is not a Keras file or is damaged
   * @throws IOException if the file cannot be read
   */
  static <T> T open(Path file, Use<T> use) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new NoSuchFileException(file.toString(), null, "no such weights file");
    }
    if (!isZip(file)) {
      return use(file, file, Optional.empty(), use);
    }
    Path extracted = Files.createTempFile("deepxray", ".weights.h5");
    try (ZipFile zip = new ZipFile(file.toFile())) {
      ByteArrayOutputStream text = new ByteArrayOutputStream();
      copy(file, zip, entry(file, zip, CONFIG_ENTRY), MAX_CONFIG, text);
      JsonNode config =
          Json.parse(text.toString(StandardCharsets.UTF_8), file + ": " + CONFIG_ENTRY);
      ZipEntry weights = entry(file, zip, WEIGHTS_ENTRY);
      long packed = Math.min(weights.getCompressedSize(), Files.size(file));
      try (OutputStream out = Files.newOutputStream(extracted)) {
        copy(file, zip, weights, MAX_RATIO * packed + MIB, out);
      }
      return use(file, extracted, Optional.of(config), use);
    } catch (ZipException e) {
      throw new DeepXrayException(
          "%s is damaged (%s); save it again with model.save(\"<name>.keras\")."
              .formatted(file, e.getMessage()),
          e);
    } finally {
      Files.delete(extracted);
    }
  }

  private static <T> T use(Path file, Path hdf5, Optional<JsonNode> config, Use<T> use)
      throws IOException {
    try (BoundedStorage storage = BoundedStorage.open(hdf5)) {
      return use.of(new KerasFile(file, Hdf5Group.root(storage), config));
    } catch (DeepXrayException e) {
      throw e;
    } catch (RuntimeException e) {
      // Besides its own exception, jHDF throws other unchecked ones on damaged data.
      throw unreadable(file, reason(e), e);
    } catch (StackOverflowError e) {
      // jHDF follows tables, and nested types, by recursion.
      throw unreadable(file, "its tables refer to each other in a cycle", e);
    }
  }

  private static DeepXrayException unreadable(Path file, String why, Throwable cause) {
    return new DeepXrayException(
        ("%s cannot be read as a Keras HDF5 file (%s); give a complete .h5, .weights.h5 or .keras"
                + " file.")
            .formatted(file, why),
        cause);
  }

  /** Returns the message of the innermost exception, which describes the damage. */
  private static String reason(Throwable e) {
    Throwable innermost = e;
    while (innermost.getCause() != null) {
      innermost = innermost.getCause();
    }
    return String.valueOf(innermost.getMessage()).lines().findFirst().orElse("");
  }

  private static boolean isZip(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] start = in.readNBytes(2);
      return Arrays.equals(start, new byte[] {'P', 'K'});
    }
  }

  private static ZipEntry entry(Path file, ZipFile zip, String name) {
    ZipEntry entry = zip.getEntry(name);
    if (entry == null) {
      throw new DeepXrayException(
          file + " is an archive without " + name + "; give a .keras file that model.save wrote.");
    }
    return entry;
  }

  /** Copies an entry without trusting its declared size. */
  private static void copy(Path file, ZipFile zip, ZipEntry entry, long most, OutputStream out)
      throws IOException {
    // ZipFile does not check checksums.
    try (CheckedInputStream in = new CheckedInputStream(zip.getInputStream(entry), new CRC32())) {
      byte[] buffer = new byte[1 << 16];
      long left = most;
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        left -= n;
        if (left < 0) {
          throw new DeepXrayException(
              ("%s: %s decompresses to more than %s MiB, far more than a model of its size has;"
                      + " give a .keras file that model.save wrote.")
                  .formatted(file, entry.getName(), most / MIB));
        }
        out.write(buffer, 0, n);
      }
      if (in.getChecksum().getValue() != entry.getCrc()) {
        throw new ZipException(entry.getName() + " has another checksum");
      }
    }
  }

  private KerasFile(Path file, Hdf5Group root, Optional<JsonNode> archived) {
    this.file = file;
    archived.ifPresent(tree -> nameGroups(tree, "", MAX_DEPTH));
    collect(root, "", MAX_DEPTH);
    config = archived.isPresent() ? archived : modelConfig(root);
  }

  /** Configuration in an {@code .h5} file of a whole model. */
  private Optional<JsonNode> modelConfig(Hdf5Group root) {
    Optional<String> text = root.text(MODEL_CONFIG);
    if (text.isPresent() && text.get().length() > MAX_CONFIG) {
      throw new DeepXrayException(
          ("%s: %s has more than %s MiB, far more than a model has; give a file that"
                  + " model.save wrote.")
              .formatted(file, MODEL_CONFIG, MAX_CONFIG / MIB));
    }
    return text.map(json -> Json.parse(json, file + ": " + MODEL_CONFIG));
  }

  /** Maps groups to layers in the order of the configuration. */
  private void nameGroups(JsonNode model, String path, int depth) {
    Map<String, Integer> counts = new HashMap<>();
    for (JsonNode layer : model.path("config").path(LAYERS)) {
      String className = layer.path("class_name").asText();
      String group = path + "/" + LAYERS + "/" + KerasGroups.next(className, counts);
      namesByPath.put(group, layer.path("config").path(NAME).asText());
      if (MODELS.contains(className) && depth > 0) {
        nameGroups(layer, group, depth - 1);
      }
    }
  }

  private void collect(Hdf5Group group, String path, int depth) {
    if (depth == 0) {
      throw new IllegalStateException("its groups are nested too deeply");
    }
    Hdf5Group.Children children = group.children();
    if (!group.name().equals(VARIABLES)) {
      for (Hdf5Tensor tensor : children.tensors()) {
        addNamed((path + "/" + tensor.name()).split("/", -1), tensor);
      }
    } else if (depth < MAX_DEPTH - 1) {
      addNumbered(path, group, children.tensors());
    }
    for (Hdf5Group inner : children.groups()) {
      String child = path + "/" + inner.name();
      if (!OPTIMIZERS.contains(child)) {
        collect(inner, child, depth - 1);
      }
    }
  }

  /** Adds variables of {@code <path of the model>/<class>_<n>/vars}. */
  private void addNumbered(String path, Hdf5Group variables, List<Hdf5Tensor> tensors) {
    String layer = path.substring(0, path.lastIndexOf('/'));
    int slash = layer.lastIndexOf('/');
    Map<String, Hdf5Tensor> stored = new TreeMap<>();
    tensors.forEach(tensor -> stored.put(tensor.name(), tensor));
    StoredModel owner = models.computeIfAbsent(layer.substring(0, slash), key -> new StoredModel());
    owner.groups.put(layer.substring(slash + 1), stored);
    variables
        .text(NAME)
        .or(() -> Optional.ofNullable(namesByPath.get(layer)))
        .ifPresent(name -> owner.named.put(name, stored));
  }

  /**
   * Adds a variable of {@code [/model_weights]/<layer of the outer
   * model>/.../<layer>/<variable>[:0]}.
   */
  private void addNamed(String[] path, Hdf5Tensor tensor) {
    int outer = path.length > 1 && path[1].equals("model_weights") ? 2 : 1;
    if (path.length < outer + 2) {
      return;
    }
    String layer = path[path.length - 2];
    // The layers of a nested model are in the group of the inner one.
    String model = path[outer].equals(layer) ? "" : "/" + path[outer];
    models
        .computeIfAbsent(model, key -> new StoredModel())
        .named
        .computeIfAbsent(layer, key -> new TreeMap<>())
        .put(path[path.length - 1].replaceFirst(":\\d+$", ""), tensor);
  }

  /**
   * Reads the weights of a network; other content is ignored.
   *
   * @throws DeepXrayException if a weight is missing, has another shape, or a value that is no
   *     finite 32-bit float; the message names the file and the tensor
   */
  Weights read(Network network) {
    Map<String, Hdf5Tensor> found = datasets(network);
    Weights.Builder weights = Weights.builder();
    for (WeightSpec spec : network.weightSpecs()) {
      weights.put(spec.name(), tensor(network, spec, found.get(spec.name())));
    }
    return weights.build();
  }

  /** Whether the file has every weight of a network in its shape, and no further convolutions. */
  boolean fits(Network network) {
    Map<String, Hdf5Tensor> found;
    try {
      found = datasets(network);
    } catch (DeepXrayException e) {
      return false;
    }
    return network.weightSpecs().stream()
            .allMatch(
                spec ->
                    found.containsKey(spec.name())
                        && found.get(spec.name()).shape().equals(spec.shape()))
        && surplus(network).isEmpty();
  }

  /** Convolutions of the network's model in the file that the network does not have. */
  Set<String> surplus(Network network) {
    StoredModel home = models.getOrDefault(home(network), new StoredModel());
    return home.named.entrySet().stream()
        .filter(layer -> !network.tensors().contains(layer.getKey()))
        .filter(layer -> layer.getValue().values().stream().anyMatch(t -> t.shape().size() == 4))
        .map(Map.Entry::getKey)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /**
   * Configurations of the layers of a class in the model that has a given layer, if the file
   * contains configurations.
   */
  Optional<List<JsonNode>> configs(String className, String besides) {
    return config
        .flatMap(tree -> layersWith(tree, besides))
        .map(layers -> ofClass(layers, className));
  }

  private static Optional<JsonNode> layersWith(JsonNode model, String name) {
    JsonNode layers = model.path("config").path(LAYERS);
    for (JsonNode layer : layers) {
      if (layer.path("config").path(NAME).asText().equals(name)) {
        return Optional.of(layers);
      }
      Optional<JsonNode> inner = layersWith(layer, name);
      if (inner.isPresent()) {
        return inner;
      }
    }
    return Optional.empty();
  }

  private static List<JsonNode> ofClass(JsonNode layers, String className) {
    return StreamSupport.stream(layers.spliterator(), false)
        .filter(layer -> layer.path("class_name").asText().equals(className))
        .map(layer -> layer.path("config"))
        .toList();
  }

  /** Number of layers of a class in the network's model in the file, if known. */
  OptionalInt count(Network network, String className) {
    return models.getOrDefault(home(network), new StoredModel()).count(className);
  }

  private Map<String, Hdf5Tensor> datasets(Network network) {
    Map<String, List<WeightSpec>> specs = byLayer(network);
    Map<String, String> groups = KerasGroups.of(network);
    StoredModel home = models.getOrDefault(home(network), new StoredModel());
    if (home.nameless()) {
      requireCounts(network, home);
    }
    Map<String, Hdf5Tensor> found = new HashMap<>();
    specs.forEach(
        (layer, weights) ->
            find(layer, network.layer(layer), groups, home)
                .or(() -> elsewhere(layer))
                .ifPresent(
                    stored -> {
                      for (int i = 0; i < weights.size(); i++) {
                        String name = weights.get(i).name();
                        variable(stored, name.substring(layer.length() + 1), i)
                            .ifPresent(dataset -> found.put(name, dataset));
                      }
                    }));
    return found;
  }

  private static Optional<Hdf5Tensor> variable(
      Map<String, Hdf5Tensor> stored, String name, int index) {
    // Keras 3 also names the depthwise kernel kernel.
    return Stream.of(name, name.replace("depthwise_", ""), Integer.toString(index))
        .filter(stored::containsKey)
        .<Hdf5Tensor>map(stored::get)
        .findFirst();
  }

  /** Variables of a layer that only one model has. */
  private Optional<Map<String, Hdf5Tensor>> elsewhere(String layer) {
    List<Map<String, Hdf5Tensor>> found =
        models.values().stream()
            .filter(model -> model.named.containsKey(layer))
            .map(model -> model.named.get(layer))
            .toList();
    return found.size() == 1 ? Optional.of(found.get(0)) : Optional.empty();
  }

  private static Optional<Map<String, Hdf5Tensor>> find(
      String layer, Layer definition, Map<String, String> groups, StoredModel model) {
    if (model.nameless()) {
      return Optional.ofNullable(model.groups.get(groups.getOrDefault(layer, "")));
    }
    if (!layer.equals(KerasGroups.snakeCase(KerasGroups.className(definition)))) {
      return Optional.ofNullable(model.named.get(layer));
    }
    // Default layer names are numbered through all models of a Python process.
    Pattern numbered = Pattern.compile(Pattern.quote(layer) + "(_\\d+)?");
    return model.named.keySet().stream()
        .filter(name -> numbered.matcher(name).matches())
        .min(Comparator.comparing(String::length).thenComparing(Comparator.naturalOrder()))
        .map(model.named::get);
  }

  /** Finds the file's model that is the network: the one with most of its layers. */
  private String home(Network network) {
    Map<String, String> groups = KerasGroups.of(network);
    Collection<String> layers = byLayer(network).keySet();
    String best = "";
    long most = 0;
    String second = "";
    for (Map.Entry<String, StoredModel> model : models.entrySet()) {
      long count =
          layers.stream()
              .filter(
                  layer -> find(layer, network.layer(layer), groups, model.getValue()).isPresent())
              .count();
      if (count > most) {
        most = count;
        best = model.getKey();
        second = "";
      } else if (count == most && count > 0) {
        second = model.getKey();
      }
    }
    if (!second.isEmpty()) {
      throw new DeepXrayException(
          "%s has %s more than once, in %s and %s; save one of these models alone."
              .formatted(file, network.name(), place(best), place(second)));
    }
    return best;
  }

  private static String place(String model) {
    return model.isEmpty() ? "/" : model;
  }

  /**
   * Checks the numbers of layers: where layers are only counted, an additional one would shift all
   * that follow.
   */
  private void requireCounts(Network network, StoredModel model) {
    for (Class<? extends Layer> type : List.of(Layer.Conv2D.class, Layer.DepthwiseConv2D.class)) {
      long needed = network.layers().stream().filter(type::isInstance).count();
      OptionalInt stored = model.count(type.getSimpleName());
      if (stored.isPresent() && stored.getAsInt() != needed) {
        throw new DeepXrayException(
            "%s has %s %s layers, but %s needs %s; give weights saved from this architecture."
                .formatted(file, stored.getAsInt(), type.getSimpleName(), network.name(), needed));
      }
    }
  }

  private static Map<String, List<WeightSpec>> byLayer(Network network) {
    Map<String, List<WeightSpec>> layers = new LinkedHashMap<>();
    for (Layer layer : network.layers()) {
      List<WeightSpec> weights = KerasGroups.weights(network, layer);
      if (!weights.isEmpty()) {
        layers.put(layer.name(), weights);
      }
    }
    return layers;
  }

  private FloatTensor tensor(Network network, WeightSpec spec, Hdf5Tensor stored) {
    if (stored == null) {
      throw new DeepXrayException(
          "%s has no tensor %s %s, which %s needs; give weights saved from this architecture."
              .formatted(file, spec.name(), spec.shape(), network.name()));
    }
    List<Integer> shape = stored.shape();
    if (!shape.equals(spec.shape())) {
      throw new DeepXrayException(
          ("%s: tensor %s has shape %s, but %s needs %s; give weights saved from this"
                  + " architecture.")
              .formatted(file, spec.name(), shape, network.name(), spec.shape()));
    }
    if (!stored.isFloats()) {
      throw new DeepXrayException(
          "%s: tensor %s has %s values, not 32-bit floats."
              .formatted(file, spec.name(), stored.type()));
    }
    float[] values = floats(spec, stored);
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new DeepXrayException(
            ("%s: tensor %s %s has %s at index %s; the file is damaged or its training"
                    + " diverged.")
                .formatted(file, spec.name(), spec.shape(), values[i], i));
      }
    }
    return FloatTensor.of(values, spec.shape());
  }

  private float[] floats(WeightSpec spec, Hdf5Tensor stored) {
    try {
      return stored.floats();
    } catch (RuntimeException e) {
      throw new DeepXrayException(
          "%s: tensor %s cannot be read (%s); give a complete file that Keras wrote."
              .formatted(file, spec.name(), reason(e)),
          e);
    }
  }
}
