package io.github.deepxray.core.format;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.services.Services;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The formats of model files on the class path. */
public final class ModelFormats {
  /** A library of this project's own formats, which may be left out. */
  private record Home(String library, String module) {}

  private static final Map<String, Home> HOMES =
      Map.of(
          "saved_model", new Home("TensorFlow", "deepxray-pipeline-tensorflow"),
          "tflite", new Home("TensorFlow Lite", "deepxray-pipeline-tflite"));

  private ModelFormats() {}

  /** All formats in the order of their names; of several with the same name the first. */
  public static List<ModelFormat> all() {
    return List.copyOf(byName().values());
  }

  /** The names of the formats, in alphabetical order. */
  public static List<String> names() {
    return List.copyOf(byName().keySet());
  }

  /**
   * A format by its name.
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

  /** A format by its name, if it is on the class path. */
  public static Optional<ModelFormat> find(String name) {
    return Optional.ofNullable(byName().get(name));
  }

  /** The format of a file or folder, if one on the class path knows it. */
  public static Optional<ModelFormat> of(Path model) {
    return all().stream().filter(format -> format.recognizes(model)).findFirst();
  }

  /**
   * The format that a file or folder needs.
   *
   * @param name the format's name
   * @param model the file or folder, for the message
   * @throws DeepXrayException if the format is not on the class path; it says what to add
   */
  public static ModelFormat require(String name, Path model) {
    return find(name)
        .orElseThrow(
            () ->
                new DeepXrayException(
                    model
                        + " needs "
                        + library(name)
                        + ", which is not here; choose another form or add "
                        + Optional.ofNullable(HOMES.get(name))
                            .map(Home::module)
                            .orElse("its module")
                        + " to the class path."));
  }

  /** What people call the library that a format needs. */
  public static String library(String name) {
    return Optional.ofNullable(HOMES.get(name))
        .map(Home::library)
        .orElse("a library for the format of " + name);
  }

  private static Map<String, ModelFormat> byName() {
    Map<String, ModelFormat> formats = new TreeMap<>();
    Services.all(ModelFormat.class).forEach(format -> formats.putIfAbsent(format.name(), format));
    return formats;
  }
}
