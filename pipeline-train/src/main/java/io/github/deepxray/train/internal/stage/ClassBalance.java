package io.github.deepxray.train.internal.stage;

import java.util.List;

/**
 * How much of each class a training sees.
 *
 * @param counts the number of training images of each class, by label; two or more
 * @param balanced whether each class weighs as much as any other in the loss, whatever its share
 */
public record ClassBalance(List<Long> counts, boolean balanced) {
  /** Copies the list. */
  public ClassBalance {
    counts = List.copyOf(counts);
  }

  /** The weight of an example of each class in the loss, by label. */
  public List<Double> weights() {
    long images = counts.stream().mapToLong(Long::longValue).sum();
    return counts.stream()
        .map(count -> balanced ? images / ((double) counts.size() * count) : 1)
        .toList();
  }

  /** The share of the second of two classes, weights counted in. */
  public double positiveShare() {
    return balanced ? 0.5 : (double) counts.get(1) / (counts.get(0) + counts.get(1));
  }
}
