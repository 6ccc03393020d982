package io.github.deepxray.track.tensorboard;

import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayReader;
import io.github.deepxray.datasets.XrayRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The images of a split that were decided wrongly with the greatest certainty.
 *
 * @param missed pneumonias called normal, the lowest probability first
 * @param falseAlarms normal images called pneumonia, the highest probability first
 */
record Mistakes(List<Mistake> missed, List<Mistake> falseAlarms) {
  /** An image and its probability. */
  record Mistake(ScoredExample example, XrayRecord image) {}

  /**
   * Finds them.
   *
   * @param threshold images with at least this probability are called pneumonia
   * @param most how many of each kind
   * @throws IOException if the images cannot be read
   */
  static Mistakes find(
      PreparedDataset dataset,
      Split split,
      List<ScoredExample> examples,
      double threshold,
      int most)
      throws IOException {
    Comparator<ScoredExample> order =
        Comparator.comparingDouble(ScoredExample::probability).thenComparing(ScoredExample::id);
    List<ScoredExample> missed =
        examples.stream()
            .filter(e -> e.positive() && e.probability() < threshold)
            .sorted(order)
            .limit(most)
            .toList();
    List<ScoredExample> falseAlarms =
        examples.stream()
            .filter(e -> !e.positive() && e.probability() >= threshold)
            .sorted(order.reversed())
            .limit(most)
            .toList();
    List<Mistake> found = new ArrayList<>();
    try (XrayReader reader = dataset.read(split)) {
      for (Optional<XrayRecord> next = reader.next(); next.isPresent(); next = reader.next()) {
        XrayRecord image = next.get();
        for (List<ScoredExample> wanted : List.of(missed, falseAlarms)) {
          wanted.stream()
              .filter(e -> e.id().equals(image.filename()))
              .forEach(e -> found.add(new Mistake(e, image)));
        }
      }
    }
    return new Mistakes(inOrder(missed, found), inOrder(falseAlarms, found));
  }

  private static List<Mistake> inOrder(List<ScoredExample> wanted, List<Mistake> found) {
    return wanted.stream()
        .flatMap(e -> found.stream().filter(mistake -> mistake.example().equals(e)).limit(1))
        .toList();
  }
}
