package io.github.deepxray.train.internal.stage;

import java.util.List;

/**
 * Class balance of a training.
 *
 * @param counts number of training images of each class, by label; two or more
 * @param balanced whether classes are weighted in the loss so that each has the same total weight
 */
public record ClassBalance(List<Long> counts, boolean balanced) {
  /** Copies the list. */
  public ClassBalance {
    counts = List.copyOf(counts);
  }

  /** Returns the loss weight of an example of each class, by label. */
  public List<Double> weights() {
    long images = counts.stream().mapToLong(Long::longValue).sum();
    return counts.stream()
        .map(count -> balanced ? images / ((double) counts.size() * count) : 1)
        .toList();
  }

  /** Returns the share of the second of two classes, weights included. */
  public double positiveShare() {
    return balanced ? 0.5 : (double) counts.get(1) / (counts.get(0) + counts.get(1));
  }
}
