package io.github.deepxray.classify;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.TextFiles;
import io.github.deepxray.core.metrics.Decision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Folder with a classifier in every form of deployment.
 *
 * @param folder the path
 */
public record Bundle(Path folder) {
  /**
   * Version of the bundle format that this library writes; earlier versions can be read. The number
   * is {@code format} in {@value ArtifactReport#FILE}; {@code docs/bundle-format.md} describes the
   * format.
   */
  public static final int FORMAT = 1;

  /** File with the hash of every other file, in the format of {@code sha256sum}. */
  public static final String CHECKSUMS = "SHA256SUMS";

  /** File of the class names, one per line; the first is label 0. */
  public static final String LABELS = "labels.txt";

  /** SavedModel in a version folder for TensorFlow Serving. */
  public static final String SAVED_MODEL = "saved_model/1";

  /** TFLite model with 32-bit float weights. */
  public static final String TFLITE_FLOAT32 = "model-float32.tflite";

  /** TFLite model with 8-bit weights. */
  public static final String TFLITE_DYNAMIC = "model-dynamic.tflite";

  /** TFLite model with a heat map as an additional output; optional. */
  public static final String EXPLAIN = "model-explain.tflite";

  /** Trained network as a Keras model, for further training in Python; optional. */
  public static final String KERAS = "model.keras";

  /** Largest size of {@value #CHECKSUMS} and {@value #LABELS} in MiB. */
  private static final int LARGEST_LIST = 1;

  /** Metrics of the trained model. */
  public static final String METRICS = "metrics.json";

  /** Summary of the data set that the model was trained on. */
  public static final String DATASET = "dataset.json";

  /** Folder of the reports on the effect of quantization on each layer. */
  public static final String REPORTS = "reports";

  /** Model card. */
  public static final String MODEL_CARD = "MODEL_CARD.md";

  /**
   * Opens a bundle.
   *
   * @throws DeepXrayException if the folder is no bundle, or of a newer format
   */
  public static Bundle open(Path folder) {
    if (!isBundle(folder)) {
      throw new DeepXrayException(
          folder
              + " is not a bundle: it has no "
              + CHECKSUMS
              + "; give the folder that export wrote.");
    }
    refuseNewer(folder);
    return new Bundle(folder);
  }

  /** Refuses a newer format; missing and damaged files are found by the checksums. */
  private static void refuseNewer(Path folder) {
    JsonNode format;
    try {
      format = Json.read(folder.resolve(ArtifactReport.FILE)).path("format");
    } catch (IOException | DeepXrayException e) {
      return;
    }
    if (format.isIntegralNumber() && format.longValue() > FORMAT) {
      throw new DeepXrayException(
          folder
              + " was written by a newer deepxray (format "
              + format.longValue()
              + "); this one reads up to "
              + FORMAT
              + ": update it.");
    }
  }

  /** Whether a folder looks like a bundle. */
  public static boolean isBundle(Path folder) {
    return Files.isRegularFile(folder.resolve(CHECKSUMS));
  }

  /**
   * Reports of all deployable forms, in the order of {@link Artifact}.
   *
   * @throws DeepXrayException if the file is damaged
   * @throws IOException if the file cannot be read
   */
  public List<ArtifactReport> artifacts() throws IOException {
    return reports().artifacts();
  }

  /**
   * Reports of all deployable forms as exported: with the thresholds for the model files' own
   * probabilities, even if the bundle was adapted to a site.
   *
   * @throws DeepXrayException if the file is damaged
   * @throws IOException if the file cannot be read
   */
  public List<ArtifactReport> exportedArtifacts() throws IOException {
    return reports().exported();
  }

  /**
   * Content of {@value ArtifactReport#FILE}.
   *
   * @throws DeepXrayException if the file is damaged
   * @throws IOException if the file cannot be read
   */
  public ArtifactReport.All reports() throws IOException {
    return ArtifactReport.read(folder.resolve(ArtifactReport.FILE));
  }

  /**
   * Map from the probabilities of the model files to those of the bundle: that of the adaptation to
   * a site, else the identity.
   *
   * @throws DeepXrayException if the file is damaged
   * @throws IOException if the file cannot be read
   */
  public LogitMap adaptation() throws IOException {
    return reports().map();
  }

  /**
   * How an image becomes the input of each form; {@link Fit#STRETCH} for bundles of earlier builds,
   * which do not record it.
   *
   * @throws DeepXrayException if the file is damaged
   * @throws IOException if the file cannot be read
   */
  public Fit fit() throws IOException {
    return reports().fit();
  }

  /**
   * Correction of the bundle's probabilities and thresholds for another prevalence (Saerens,
   * Latinne and Decaestecker 2002). It applies after {@link #adaptation}.
   *
   * @param prevalence share of the second of two classes among the images to classify, above 0 and
   *     below 1
   * @throws DeepXrayException if the probabilities are not calibrated, or the bundle is damaged
   * @throws IOException if the file cannot be read
   */
  public LogitMap correction(double prevalence) throws IOException {
    OptionalDouble calibrated = reports().prevalence();
    if (calibrated.isEmpty()) {
      throw new DeepXrayException(
          folder
              + " has no calibrated probabilities of two classes, which a prevalence needs; leave"
              + " it out, or train with calibration.");
    }
    return LogitMap.ofPrevalence(calibrated.getAsDouble(), prevalence);
  }

  /** Bundle that a model lies in: in its folder, or one above as the SavedModel does. */
  static Optional<Bundle> around(Path model) {
    Optional<Path> folder = Optional.of(model.toAbsolutePath().normalize());
    for (int i = 0; i < 2 && folder.isPresent(); i++) {
      folder = folder.map(Path::getParent);
      if (folder.filter(Bundle::isBundle).isPresent()) {
        return folder.map(Bundle::new);
      }
    }
    return Optional.empty();
  }

  /**
   * Decision rule of a form: for two classes a threshold chosen on validation, or for the site that
   * the bundle was adapted to; else the most probable class.
   *
   * @throws DeepXrayException if the bundle does not have the form or is damaged
   * @throws IOException if the file cannot be read
   */
  public Decision decision(Artifact artifact) throws IOException {
    return report(artifact).decision();
  }

  /**
   * How the outputs of a form become a prediction.
   *
   * @throws DeepXrayException if the bundle does not have the form or is damaged
   * @throws IOException if a file cannot be read
   */
  public Classifier.Rules rules(Artifact artifact) throws IOException {
    ArtifactReport report = report(artifact);
    if (labels().size() > 2 && !adaptation().equals(LogitMap.IDENTITY)) {
      throw new DeepXrayException(
          folder + " is adapted to a site, which needs two classes; adapt or export it again.");
    }
    return new Classifier.Rules(
        labels(), report.decision(), fit(), adaptation(), report.unfamiliarityLimit());
  }

  /**
   * Report of a form.
   *
   * @throws DeepXrayException if the bundle does not have the form or is damaged
   * @throws IOException if the file cannot be read
   */
  public ArtifactReport report(Artifact artifact) throws IOException {
    return artifacts().stream()
        .filter(report -> report.artifact().equals(artifact.key()))
        .findFirst()
        .orElseThrow(
            () ->
                new DeepXrayException(
                    folder + " has no " + artifact.key() + "; export it again with that form."));
  }

  /**
   * Class names by label.
   *
   * @throws DeepXrayException if the file is damaged
   * @throws IOException if the file cannot be read
   */
  public List<String> labels() throws IOException {
    Path file = folder.resolve(LABELS);
    List<String> labels = TextFiles.read(file, LARGEST_LIST).lines().toList();
    if (labels.stream().anyMatch(label -> !label.matches("[^\\p{Cntrl}]{1,100}"))
        || new HashSet<>(labels).size() < labels.size()) {
      throw new DeepXrayException(
          file + " must hold a unique class name per line; export the bundle" + " again.");
    }
    return labels;
  }

  /**
   * Computes the content of {@value #CHECKSUMS} for all other files in a folder.
   *
   * @throws IOException if a file cannot be read
   */
  public static String checksums(Path folder) throws IOException {
    StringBuilder text = new StringBuilder();
    for (String file : files(folder)) {
      text.append(Hashes.sha256(folder.resolve(file))).append("  ").append(file).append('\n');
    }
    return text.toString();
  }

  private static Set<String> files(Path folder) throws IOException {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> walk = Files.walk(folder)) {
      walk.filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString().replace('\\', '/'))
          .filter(name -> !name.equals(CHECKSUMS))
          .forEach(names::add);
    }
    return names;
  }

  /**
   * Checks the files that an artifact needs against their checksums: the artifact, the class names
   * and the reports.
   *
   * @throws DeepXrayException if one of these files is damaged
   * @throws IOException if a file cannot be read
   */
  public void requireIntact(Artifact artifact) throws IOException {
    requireIntact(
        name ->
            name.equals(artifact.path())
                || name.startsWith(artifact.path() + "/")
                || name.equals(LABELS)
                || name.equals(ArtifactReport.FILE));
  }

  /**
   * Checks some files against their checksums.
   *
   * @param which selects the files by their name in {@value #CHECKSUMS}
   * @throws DeepXrayException if one is damaged
   * @throws IOException if a file cannot be read
   */
  public void requireIntact(Predicate<String> which) throws IOException {
    List<String> damage = damage(which);
    if (!damage.isEmpty()) {
      throw new DeepXrayException(
          folder
              + " is damaged: "
              + damage.get(0)
              + (damage.size() > 1 ? ", and " + (damage.size() - 1) + " more" : "")
              + "; copy or export it again.");
    }
  }

  /**
   * Compares every file with its checksum.
   *
   * @return a line for each damaged file; empty if all are intact
   * @throws DeepXrayException if {@value #CHECKSUMS} is damaged
   * @throws IOException if a file cannot be read
   */
  public List<String> damage() throws IOException {
    return damage(name -> true);
  }

  /**
   * Compares some files with their checksums, when reading all would take too long.
   *
   * @param which selects the files by their name in {@value #CHECKSUMS}
   * @return as {@link #damage()}
   * @throws DeepXrayException if {@value #CHECKSUMS} is damaged
   * @throws IOException if a file cannot be read
   */
  public List<String> damage(Predicate<String> which) throws IOException {
    Map<String, String> expected = new LinkedHashMap<>();
    Path file = folder.resolve(CHECKSUMS);
    List<String> lines = TextFiles.read(file, LARGEST_LIST).lines().toList();
    for (String line : lines) {
      if (!line.matches("[0-9a-f]{64}  [^\\p{Cntrl}]+")) {
        throw new DeepXrayException(
            file
                + " is damaged at line "
                + (lines.indexOf(line) + 1)
                + ", which is not a SHA-256 with a file name; copy or export the bundle again.");
      }
      if (which.test(line.substring(66))) {
        expected.put(line.substring(66), line.substring(0, 64));
      }
    }
    List<String> damage = new ArrayList<>();
    Set<String> present = files(folder);
    for (Map.Entry<String, String> entry : new TreeMap<>(expected).entrySet()) {
      if (!present.remove(entry.getKey())) {
        damage.add(entry.getKey() + " is missing");
      } else if (!Hashes.sha256(folder.resolve(entry.getKey())).equals(entry.getValue())) {
        damage.add(entry.getKey() + " has changed since it was written");
      }
    }
    present.stream()
        .filter(which)
        .forEach(name -> damage.add(name + " does not belong to the bundle"));
    return damage;
  }
}
