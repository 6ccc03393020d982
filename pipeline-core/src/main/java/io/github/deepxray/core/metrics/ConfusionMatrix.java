package io.github.deepxray.core.metrics;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Confusion matrix.
 *
 * @param counts number of examples by true class (row) and predicted class (column)
 */
public record ConfusionMatrix(@JsonValue List<List<Long>> counts) {
  /** Copies the rows and checks that they are counts of at least two classes. */
  public ConfusionMatrix {
    counts = counts.stream().map(List::copyOf).toList();
    int size = counts.size();
    if (size < 2
        || counts.stream().anyMatch(row -> row.size() != size)
        || counts.stream().flatMap(List::stream).anyMatch(count -> count < 0)) {
      throw new IllegalArgumentException(
          "a confusion matrix needs a row and a column of counts for each of two or more classes");
    }
  }

  @JsonCreator
  static ConfusionMatrix of(List<List<Long>> counts) {
    return new ConfusionMatrix(counts);
  }

  /**
   * Largest number of classes shown as a full table; for more, only the most frequent confusions
   * are shown.
   */
  public static final int READABLE = 20;

  /**
   * Confusion of one class with another.
   *
   * @param label the true class
   * @param decided the predicted class
   * @param count the number of examples
   */
  public record Confusion(int label, int decided, long count) {}

  /** Most frequent confusions in descending order, at most {@value #READABLE}. */
  public List<Confusion> mostFrequent() {
    List<Confusion> confusions = new ArrayList<>();
    for (int label = 0; label < classes(); label++) {
      for (int decided = 0; decided < classes(); decided++) {
        if (label != decided && count(label, decided) > 0) {
          confusions.add(new Confusion(label, decided, count(label, decided)));
        }
      }
    }
    return confusions.stream()
        .sorted(Comparator.comparingLong(confusion -> -confusion.count))
        .limit(READABLE)
        .toList();
  }

  /** Number of classes. */
  public int classes() {
    return counts.size();
  }

  /** Number of examples of a class that are predicted as another or the same class. */
  public long count(int label, int decided) {
    return counts.get(label).get(decided);
  }

  /** Number of examples of a class. */
  public long images(int label) {
    return counts.get(label).stream().mapToLong(Long::longValue).sum();
  }

  /** Number of examples of a class that are predicted as another class. */
  public long wrong(int label) {
    return images(label) - count(label, label);
  }
}
