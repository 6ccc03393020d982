package io.github.deepxray.classify;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.github.deepxray.classify.PredictionMonitor.Quantity;
import io.github.deepxray.classify.PredictionMonitor.Reference;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.ReferenceBins;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Distribution of the validation images, with which images are compared after deployment: the
 * content of {@value #FILE}. A bundle that was adapted to a site has the distribution of the site's
 * images.
 *
 * @param format {@link #FORMAT}
 * @param patients the number of patients, at least 1
 * @param brightness the mean grey value of the network's input, 0..255
 * @param contrast the standard deviation of its grey values
 * @param height the height of the source's image in pixels
 * @param width the width of the source's image in pixels
 * @param artifacts the probabilities and decisions of each form that can be run
 */
public record ValidationDistribution(
    String format,
    int patients,
    ReferenceBins brightness,
    ReferenceBins contrast,
    ReferenceBins height,
    ReferenceBins width,
    List<Scores> artifacts) {
  /** The name of the file. */
  public static final String FILE = "monitoring.json";

  /** The format that this version writes and reads. */
  public static final String FORMAT = "deepxray-monitoring/1";

  /**
   * Distribution of the predictions of a form.
   *
   * @param artifact the name of the form
   * @param probability the probability of the second of two classes, or of the decided class
   * @param decision the decided class, a bin for each
   * @param unfamiliar the share of images that are unlike the training images, 0..1; empty if the
   *     form has no input guard
   */
  public record Scores(
      String artifact,
      ReferenceBins probability,
      ReferenceBins decision,
      @JsonInclude(JsonInclude.Include.NON_ABSENT) OptionalDouble unfamiliar) {
    /** Checks the share. */
    public Scores {
      if (!(unfamiliar.orElse(0) >= 0 && unfamiliar.orElse(0) <= 1)) {
        throw new IllegalArgumentException("a share must be 0..1, not " + unfamiliar.getAsDouble());
      }
    }

    /** Creates the distribution of a form without input guard. */
    public Scores(String artifact, ReferenceBins probability, ReferenceBins decision) {
      this(artifact, probability, decision, OptionalDouble.empty());
    }
  }

  /** Copies the list and checks the number of patients. */
  public ValidationDistribution {
    artifacts = List.copyOf(artifacts);
    if (patients < 1) {
      throw new IllegalArgumentException(patients + " patients");
    }
  }

  /**
   * Reads the reference for a form of a bundle.
   *
   * @param correction the correction of probabilities for a prevalence, see {@link
   *     Bundle#correction}; the identity for none
   * @return the reference, {@link Reference#NONE} for a bundle of an earlier build
   * @throws DeepXrayException if the file is damaged
   * @throws IOException if the file cannot be read
   */
  public static Reference reference(Bundle bundle, Artifact artifact, LogitMap correction)
      throws IOException {
    bundle.requireIntact(FILE::equals);
    Path file = bundle.folder().resolve(FILE);
    if (!Files.isRegularFile(file)) {
      return Reference.NONE;
    }
    ValidationDistribution read =
        Json.read(file, Map.of(FORMAT, ValidationDistribution.class), "export again");
    Map<Quantity, ReferenceBins> bins = new EnumMap<>(Quantity.class);
    bins.put(Quantity.BRIGHTNESS, read.brightness);
    bins.put(Quantity.CONTRAST, read.contrast);
    bins.put(Quantity.HEIGHT, read.height);
    bins.put(Quantity.WIDTH, read.width);
    OptionalDouble unfamiliar = OptionalDouble.empty();
    for (Scores scores : read.artifacts) {
      if (scores.artifact.equals(artifact.key())) {
        bins.put(Quantity.PROBABILITY, scores.probability.map(correction::apply));
        bins.put(Quantity.DECISION, scores.decision);
        unfamiliar = scores.unfamiliar;
      }
    }
    return new Reference(read.patients, bins, unfamiliar);
  }
}
