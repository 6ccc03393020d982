package io.github.deepxray.core.metrics;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;

/**
 * How many examples of each class are decided to be each class.
 *
 * @param counts for each class, the row, the examples that are decided to be each class, the column
 */
public record ConfusionMatrix(@JsonValue List<List<Long>> counts) {
  /** Copies the rows and checks that they are counts of two classes or more. */
  public ConfusionMatrix {
    counts = counts.stream().map(List::copyOf).toList();
    int size = counts.size();
    if (size < 2
        || counts.stream().anyMatch(row -> row.size() != size)
        || counts.stream().flatMap(List::stream).anyMatch(count -> count < 0)) {
      throw new IllegalArgumentException(
          "a confusion matrix has a row and a column of counts for each of two classes or more");
    }
  }

  @JsonCreator
  static ConfusionMatrix of(List<List<Long>> counts) {
    return new ConfusionMatrix(counts);
  }

  /** How many classes there are. */
  public int classes() {
    return counts.size();
  }

  /** How many examples of a class are decided to be another, or that class. */
  public long count(int label, int decided) {
    return counts.get(label).get(decided);
  }

  /** How many examples there are of a class. */
  public long images(int label) {
    return counts.get(label).stream().mapToLong(Long::longValue).sum();
  }

  /** How many examples of a class are decided to be another. */
  public long wrong(int label) {
    return images(label) - count(label, label);
  }
}
