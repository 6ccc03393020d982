package io.github.deepxray.core.metrics;

import java.util.List;

/**
 * An image that was classified as one of more than two classes.
 *
 * @param id the image's file name
 * @param patient whose image it is
 * @param label the number of its true class
 * @param probabilities the classifier's probability of each class, 0..1; all together about 1
 */
public record ClassifiedExample(String id, String patient, int label, List<Double> probabilities) {
  /** Checks the probabilities and that the label is one of their classes. */
  public ClassifiedExample {
    probabilities = List.copyOf(probabilities);
    for (double probability : probabilities) {
      if (!(probability >= 0 && probability <= 1)) {
        throw new IllegalArgumentException("a probability of " + id + " is " + probability);
      }
    }
    if (label < 0 || label >= probabilities.size()) {
      throw new IllegalArgumentException(
          "the label of " + id + " is " + label + " of " + probabilities.size() + " classes");
    }
  }

  /** The class with the greatest probability; of several the first. */
  public int decided() {
    int greatest = 0;
    for (int c = 1; c < probabilities.size(); c++) {
      if (probabilities.get(c) > probabilities.get(greatest)) {
        greatest = c;
      }
    }
    return greatest;
  }
}
