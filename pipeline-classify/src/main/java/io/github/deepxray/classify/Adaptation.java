package io.github.deepxray.classify;

import io.github.deepxray.core.internal.Keyed;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Adaptation of a bundle to the images of a site. The model files are those of before; {@link
 * Classifier} maps their probabilities.
 *
 * @param method how the map was found
 * @param slope the factor of the logit of a model's own probability, above 0
 * @param offset the addend of the logit
 * @param images the number of images that it was fitted on
 * @param patients the number of their patients
 * @param sha256 the hash of the list of their hashes, as in {@code training-images.txt}
 * @param thresholds the thresholds of the forms for their own probabilities, as exported, by {@link
 *     Artifact#key}
 */
public record Adaptation(
    Method method,
    double slope,
    double offset,
    int images,
    int patients,
    String sha256,
    Map<String, Double> thresholds) {
  /** Methods of adaptation. */
  public enum Method implements Keyed {
    /** Only another threshold: the probabilities were best as they were. */
    NONE,

    /** A factor of the logit (Guo et al. 2017). */
    TEMPERATURE,

    /** A factor and an addend of the logit (Platt 1999). */
    PLATT,

    /** The addend for the prevalence estimated without labels (Saerens et al. 2002). */
    PREVALENCE
  }

  /** Copies the map and checks the numbers. */
  public Adaptation {
    thresholds = Collections.unmodifiableMap(new TreeMap<>(thresholds));
    // Checks slope and offset.
    new LogitMap(slope, offset);
    if (images < 1 || patients < 1 || patients > images || !sha256.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException(
          "an adaptation to %s images of %s patients, hash %s".formatted(images, patients, sha256));
    }
    if (!thresholds.values().stream().allMatch(value -> value >= 0 && value <= 1)) {
      throw new IllegalArgumentException("thresholds are from 0 to 1, not " + thresholds);
    }
  }

  /** Map from the probabilities of the model files to those of the bundle. */
  public LogitMap map() {
    return new LogitMap(slope, offset);
  }
}
