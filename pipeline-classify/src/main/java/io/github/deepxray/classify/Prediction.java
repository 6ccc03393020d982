package io.github.deepxray.classify;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Result of classifying an image.
 *
 * @param label the predicted class
 * @param probability the probability of the second of two classes; of more classes, of the
 *     predicted one; 0..1
 * @param threshold the decision threshold of a binary classifier; empty if the most probable class
 *     was chosen
 * @param probabilities the probability of each class, by label; 0..1
 * @param unfamiliarity how unlike the training images the image is; empty if the model has no input
 *     guard
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
public record Prediction(
    String label,
    double probability,
    OptionalDouble threshold,
    List<Double> probabilities,
    Optional<Unfamiliarity> unfamiliarity) {
  /** Copies the list. */
  public Prediction {
    probabilities = List.copyOf(probabilities);
  }

  /** Creates the result of a model without input guard. */
  public Prediction(
      String label, double probability, OptionalDouble threshold, List<Double> probabilities) {
    this(label, probability, threshold, probabilities, Optional.empty());
  }

  /**
   * Whether the image is unlike the training images, so that the result must not be used; false if
   * the model has no input guard.
   */
  public boolean unfamiliar() {
    return unfamiliarity.filter(Unfamiliarity::exceeded).isPresent();
  }
}
