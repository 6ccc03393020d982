package io.github.deepxray.train.internal;

import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.train.Predictions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Misclassified images of a split.
 *
 * @param classes misclassified images of each class, by label
 */
public record Mistakes(List<OfClass> classes) {
  /** Maximum number of images in a report, of all classes together. */
  private static final int SHOWN = 24;

  /** Copies the list. */
  public Mistakes {
    classes = List.copyOf(classes);
  }

  /**
   * Misclassified images of a class.
   *
   * @param label the class
   * @param rows the images, sorted by decreasing probability of the wrong class
   */
  public record OfClass(Label label, List<Predictions.Row> rows) {
    /** Copies the list. */
    public OfClass {
      rows = List.copyOf(rows);
    }
  }

  /** Returns the misclassified images of a split. */
  public static Mistakes of(Predictions predictions, Decision decision) {
    int count = predictions.scores().classes();
    Comparator<Predictions.Row> surest =
        Comparator.<Predictions.Row>comparingDouble(row -> -wrong(row, decision))
            .thenComparing(row -> row.example().id());
    List<OfClass> classes = new ArrayList<>();
    for (int c = 0; c < count; c++) {
      int label = c;
      classes.add(
          new OfClass(
              new Label(label),
              predictions.rows().stream()
                  .filter(row -> row.example().label() == label)
                  .filter(row -> decision.decide(row.example().scores()) != label)
                  .sorted(surest)
                  .toList()));
    }
    return new Mistakes(classes);
  }

  /** Returns the probability of the decided, wrong class. */
  private static double wrong(Predictions.Row row, Decision decision) {
    return row.example().score(decision.decide(row.example().scores()));
  }

  /** Returns the first images of each class that a page shows. */
  public Mistakes shown() {
    int most = Math.max(1, SHOWN / Math.max(1, classes.size()));
    return new Mistakes(
        classes.stream()
            .limit(SHOWN)
            .map(each -> new OfClass(each.label, each.rows.stream().limit(most).toList()))
            .toList());
  }

  /** Returns the images of all classes. */
  public List<Predictions.Row> rows() {
    return classes.stream().flatMap(each -> each.rows.stream()).toList();
  }
}
