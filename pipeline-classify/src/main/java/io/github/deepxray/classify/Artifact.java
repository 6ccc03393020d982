package io.github.deepxray.classify;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.format.ModelForm;
import io.github.deepxray.core.format.ModelFormat;
import io.github.deepxray.core.format.ModelFormats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Deployable form of a classifier in a bundle; the formats on the class path provide the forms.
 *
 * @param key the name in options and reports
 * @param path the file or folder in a bundle
 * @param format the name of its format, see {@link ModelFormats}
 * @param limits the default limits of its difference from the trained model
 */
public record Artifact(String key, String path, String format, GateLimits limits) {
  /** TensorFlow SavedModel. */
  public static final Artifact SAVED_MODEL =
      new Artifact("saved_model", Bundle.SAVED_MODEL, "saved_model", GateLimits.ROUNDING);

  /** TFLite with 32-bit float weights. */
  public static final Artifact FLOAT32 =
      new Artifact("float32", Bundle.TFLITE_FLOAT32, "tflite", GateLimits.ROUNDING);

  /** TFLite with 8-bit weights and dynamic range quantization. */
  public static final Artifact DYNAMIC =
      new Artifact("dynamic", Bundle.TFLITE_DYNAMIC, "tflite", GateLimits.QUANTIZATION);

  /** TFLite with 8-bit integers. */
  public static final Artifact INT8 =
      new Artifact("int8", "model-int8.tflite", "tflite", GateLimits.QUANTIZATION);

  /**
   * Creates the artifact of a format's form.
   *
   * @param format the format's name
   */
  public static Artifact of(String format, ModelForm form) {
    return new Artifact(
        form.key(),
        form.path(),
        format,
        form.kind() == ModelForm.Kind.FLOAT ? GateLimits.ROUNDING : GateLimits.QUANTIZATION);
  }

  /**
   * Returns the artifact of a key.
   *
   * @throws DeepXrayException if there is none
   */
  public static Artifact of(String key) {
    return all().stream()
        .filter(artifact -> artifact.key.equals(key))
        .findFirst()
        .orElseThrow(
            () ->
                new DeepXrayException(
                    "There is no artifact " + key + "; choose one of " + keys() + "."));
  }

  /** Returns the artifact of a report; without its format on the class path it cannot be loaded. */
  static Artifact of(ArtifactReport report) {
    return all().stream()
        .filter(artifact -> artifact.key.equals(report.artifact()))
        .findFirst()
        .orElseGet(
            () ->
                new Artifact(report.artifact(), report.path(), report.artifact(), report.limits()));
  }

  /**
   * All artifacts of the formats on the class path, in the order of the formats' names, and the
   * constants above, even without their formats.
   */
  public static List<Artifact> all() {
    Map<String, List<Artifact>> byFormat = new TreeMap<>();
    for (Artifact known : List.of(SAVED_MODEL, FLOAT32, DYNAMIC, INT8)) {
      byFormat.computeIfAbsent(known.format, name -> new ArrayList<>()).add(known);
    }
    for (ModelFormat format : ModelFormats.all()) {
      byFormat.put(
          format.name(),
          format.forms().stream()
              .filter(form -> form.kind() != ModelForm.Kind.EXPLAINING)
              .map(form -> of(format.name(), form))
              .toList());
    }
    return byFormat.values().stream().flatMap(Collection::stream).toList();
  }

  /** Keys of all artifacts, for messages. */
  public static String keys() {
    return keys(all());
  }

  private static String keys(List<Artifact> artifacts) {
    return artifacts.stream().map(Artifact::key).collect(Collectors.joining(", "));
  }

  /** Whether its library is on the class path. */
  public boolean supported() {
    return ModelFormats.find(format).isPresent();
  }

  /** Whether one engine keeps all processor cores busy, see {@link ModelFormat#usesAllCores}. */
  public boolean usesAllCores() {
    return ModelFormats.find(format).map(ModelFormat::usesAllCores).orElse(false);
  }

  /** Whether a bundle contains the artifact. */
  public boolean isIn(Bundle bundle) {
    return Files.exists(bundle.folder().resolve(path));
  }

  /** Artifacts of a bundle. */
  public static List<Artifact> in(Bundle bundle) {
    return all().stream().filter(artifact -> artifact.isIn(bundle)).toList();
  }

  /**
   * Loads the artifact of a bundle.
   *
   * @param threads number of threads of one call
   * @throws DeepXrayException if the bundle does not contain the artifact, the artifact is damaged,
   *     or its library is not on the class path
   * @throws IOException if a file cannot be read
   */
  public InferenceEngine load(Bundle bundle, int threads) throws IOException {
    Path file = bundle.folder().resolve(path);
    if (!isIn(bundle)) {
      throw new DeepXrayException(
          bundle.folder() + " has no " + path + "; it has " + keys(in(bundle)) + ".");
    }
    return ModelFormats.require(format, file).load(file, threads);
  }

  @Override
  public String toString() {
    return key;
  }
}
