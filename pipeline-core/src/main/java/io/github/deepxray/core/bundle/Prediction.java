package io.github.deepxray.core.bundle;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.OptionalDouble;

/**
 * What a model says about an image.
 *
 * @param label the class it decides for
 * @param probability of the second of two classes, pneumonia; of more classes, of the one it
 *     decides for; 0..1
 * @param threshold from which probability on it decides for the second of two classes; there is
 *     none between more, the most probable is decided for
 * @param probabilities of each class by label, if there are more than two; else none
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Prediction(
    String label, double probability, OptionalDouble threshold, List<Double> probabilities) {
  /** Copies the list. */
  public Prediction {
    probabilities = List.copyOf(probabilities);
  }
}
