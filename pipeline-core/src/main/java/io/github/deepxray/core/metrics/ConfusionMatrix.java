package io.github.deepxray.core.metrics;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.ArrayList;
import java.util.Comparator;
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

  /** Tables of more classes than that are not read; the most frequent confusions are. */
  public static final int READABLE = 20;

  /**
   * Examples of a class that are decided to be another.
   *
   * @param label the class
   * @param decided the other
   * @param count how many
   */
  public record Confusion(int label, int decided, long count) {}

  /** The most frequent confusions, at most {@value #READABLE}, the most frequent first. */
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
