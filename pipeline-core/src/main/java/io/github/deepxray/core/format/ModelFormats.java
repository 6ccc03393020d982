package io.github.deepxray.core.format;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.services.Services;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Registry of the model file formats on the class path. */
public final class ModelFormats {
  /** Library of one of this project's own formats, which may be missing on the class path. */
  private record Library(String library, String module) {}

  private static final Map<String, Library> LIBRARIES =
      Map.of(
          "saved_model", new Library("TensorFlow", "deepxray-pipeline-tensorflow"),
          "tflite", new Library("TensorFlow Lite", "deepxray-pipeline-tflite"));

  private ModelFormats() {}

  /**
   * All formats in the order of their names; of several with one name, the first on the class path.
   */
  public static List<ModelFormat> all() {
    return List.copyOf(byName().values());
  }

  /** Names of the formats, in alphabetical order. */
  public static List<String> names() {
    return List.copyOf(byName().keySet());
  }

  /**
   * Returns the format of a name.
   *
   * @throws DeepXrayException if there is none of that name
   */
  public static ModelFormat named(String name) {
    return find(name)
        .orElseThrow(
            () ->
                new DeepXrayException(
                    "There is no format %s; choose one of %s."
                        .formatted(name, String.join(", ", names()))));
  }

  /** Finds a format by its name. */
  public static Optional<ModelFormat> find(String name) {
    return Optional.ofNullable(byName().get(name));
  }

  /** Finds the format of a file or folder. */
  public static Optional<ModelFormat> of(Path model) {
    return all().stream().filter(format -> format.recognizes(model)).findFirst();
  }

  /**
   * Returns the format of a file or folder that needs it.
   *
   * @param name the format's name
   * @param model the file or folder, for the message
   * @throws DeepXrayException if the format is not on the class path; the message names the library
   *     to add
   */
  public static ModelFormat require(String name, Path model) {
    return find(name)
        .orElseThrow(
            () ->
                new DeepXrayException(
                    model
                        + " needs "
                        + library(name)
                        + ", which is not on the class path; choose another form or add "
                        + Optional.ofNullable(LIBRARIES.get(name))
                            .map(Library::module)
                            .orElse("its module")
                        + " to it."));
  }

  /** Display name of the library behind a format. */
  public static String library(String name) {
    return Optional.ofNullable(LIBRARIES.get(name))
        .map(Library::library)
        .orElse("a library for the format of " + name);
  }

  private static Map<String, ModelFormat> byName() {
    Map<String, ModelFormat> formats = new TreeMap<>();
    Services.all(ModelFormat.class).forEach(format -> formats.putIfAbsent(format.name(), format));
    return formats;
  }
}
