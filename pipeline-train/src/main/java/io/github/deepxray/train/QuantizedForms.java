package io.github.deepxray.train;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.Omittable;
import io.github.deepxray.core.internal.io.TextFiles;
import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.network.Sparsity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Results of the quantize stage for the bundle: the content of {@code quantized.json}.
 *
 * @param format {@link #FORMAT}
 * @param model hash of the trained classifier's weights
 * @param guard fingerprint of its input guard, which the forms contain; empty without a guard
 * @param forms quantized forms of the classifier
 */
public record QuantizedForms(
    String format, String model, @Omittable String guard, List<Form> forms) {
  /** The format that this version writes and reads. */
  public static final String FORMAT = "deepxray-quantized/1";

  /** The name of the file. */
  public static final String FILE = "quantized.json";

  /**
   * Name of the file with the names of the calibration images, one per line, in the order of the
   * shards.
   */
  public static final String CALIBRATION = "calibration.txt";

  /** Copies the list. */
  public QuantizedForms {
    guard = guard == null ? "" : guard;
    forms = List.copyOf(forms);
  }

  /**
   * Quantized form of the classifier.
   *
   * @param artifact kind of artifact, see {@link Artifact#key}
   * @param file name of the {@code .tflite} file in the same folder and in the bundle
   * @param description description as text
   * @param weights number of weights and of nonzero weights; empty if not counted
   * @param threshold decision threshold of a binary classifier, chosen on the validation split;
   *     empty for more than two classes
   * @param reports names of the layer reports in the same folder, as JSON
   */
  public record Form(
      String artifact,
      String file,
      String description,
      Optional<Sparsity.Count> weights,
      @JsonInclude(JsonInclude.Include.NON_ABSENT) OptionalDouble threshold,
      List<String> reports) {
    /** Returns the decision of the form. */
    public Decision decision() {
      return threshold.isPresent()
          ? new Decision.Threshold(threshold.getAsDouble())
          : Decision.MOST_PROBABLE;
    }

    /** Copies the list. */
    public Form {
      reports = List.copyOf(reports);
      TextFiles.requireInside(file);
      reports.forEach(TextFiles::requireInside);
    }
  }

  /**
   * Reads the file.
   *
   * @param folder the folder of the quantize stage
   * @param model hash of the weights of the classifier to export
   * @param guard its input guard
   * @return the forms, empty if the file does not exist
   * @throws DeepXrayException if the file is damaged or belongs to another classifier
   * @throws IOException if it cannot be read
   */
  public static List<Form> read(Path folder, String model, InputGuard guard) throws IOException {
    Path file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      return List.of();
    }
    QuantizedForms quantized =
        Json.read(file, Map.of(FORMAT, QuantizedForms.class), "quantize again");
    if (!quantized.model.equals(model)) {
      throw new DeepXrayException(
          file
              + " belongs to another classifier than the one to export; run the quantize command"
              + " again or remove that folder.");
    }
    if (!quantized.guard.equals(guard.fingerprint())) {
      throw new DeepXrayException(
          file
              + " has models with another input guard than the one to export; run the quantize"
              + " command again or remove that folder.");
    }
    return quantized.forms;
  }
}
