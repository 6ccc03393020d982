package io.github.deepxray.classify;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.OptionalDouble;

/**
 * What a model says about an image.
 *
 * @param label the class it decides for
 * @param probability of the second of two classes; of more classes, of the one it decides for; 0..1
 * @param threshold from which probability on it decides for the second of two classes; empty if it
 *     decides for the most probable class
 * @param probabilities of each class, by label; 0..1
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
public record Prediction(
    String label, double probability, OptionalDouble threshold, List<Double> probabilities) {
  /** Copies the list. */
  public Prediction {
    probabilities = List.copyOf(probabilities);
  }
}
