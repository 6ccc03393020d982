package io.github.deepxray.train;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.github.deepxray.classify.Artifact;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
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
 * What the quantize stage left in its folder for the bundle: the content of {@code quantized.json}.
 *
 * @param format {@link #FORMAT}
 * @param model the hash of the trained classifier's weights
 * @param forms the classifier in other arithmetic
 */
public record QuantizedForms(String format, String model, List<Form> forms) {
  /** The format that this version writes and reads. */
  public static final String FORMAT = "deepxray-quantized/1";

  /** The name of the file. */
  public static final String FILE = "quantized.json";

  /**
   * The name of the file beside it with the file names of the training images that ranges were
   * measured on, one a line, in the order of the shards.
   */
  public static final String CALIBRATION = "calibration.txt";

  /** Copies the list. */
  public QuantizedForms {
    forms = List.copyOf(forms);
  }

  /**
   * The classifier in another arithmetic.
   *
   * @param artifact which one, see {@link Artifact#key}
   * @param file the name of the {@code .tflite} file beside this one, as it is to be called in the
   *     bundle
   * @param description what it is, in words
   * @param weights how many weights it has and how many of them are not zero; empty if nobody
   *     counted
   * @param threshold from which probability on it decides for the second of two classes, chosen on
   *     validation; empty for more
   * @param reports the names of the layer reports beside this one, as JSON
   */
  public record Form(
      String artifact,
      String file,
      String description,
      Optional<Sparsity.Count> weights,
      @JsonInclude(JsonInclude.Include.NON_ABSENT) OptionalDouble threshold,
      List<String> reports) {
    /** How the form decides. */
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
   * @param model the hash of the weights of the classifier to be exported
   * @return no forms if there is no such file
   * @throws DeepXrayException if it is damaged or belongs to another classifier
   * @throws IOException if it cannot be read
   */
  public static List<Form> read(Path folder, String model) throws IOException {
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
    return quantized.forms;
  }
}
