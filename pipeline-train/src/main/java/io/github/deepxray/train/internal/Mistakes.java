package io.github.deepxray.train.internal;

import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.train.Predictions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The images of a split that are decided wrongly.
 *
 * @param kinds for each class, by label, its images that are decided to be of another
 */
public record Mistakes(List<Kind> kinds) {
  /** How many images of all kinds together a report shows. */
  private static final int SHOWN = 24;

  /** Copies the list. */
  public Mistakes {
    kinds = List.copyOf(kinds);
  }

  /**
   * Images of a class that are decided to be of another.
   *
   * @param label the class
   * @param rows the images, those with the highest probability of the wrong class first
   */
  public record Kind(Label label, List<Predictions.Row> rows) {
    /** Copies the list. */
    public Kind {
      rows = List.copyOf(rows);
    }
  }

  /** Finds them. */
  public static Mistakes of(Predictions predictions, Decision decision) {
    int classes = predictions.scores().classes();
    Comparator<Predictions.Row> surest =
        Comparator.<Predictions.Row>comparingDouble(row -> -wrong(row, decision))
            .thenComparing(row -> row.example().id());
    List<Kind> kinds = new ArrayList<>();
    for (int c = 0; c < classes; c++) {
      int label = c;
      kinds.add(
          new Kind(
              new Label(label),
              predictions.rows().stream()
                  .filter(row -> row.example().label() == label)
                  .filter(row -> decision.decide(row.example().scores()) != label)
                  .sorted(surest)
                  .toList()));
    }
    return new Mistakes(kinds);
  }

  /** The probability of the class that is decided for. */
  private static double wrong(Predictions.Row row, Decision decision) {
    return row.example().score(decision.decide(row.example().scores()));
  }

  /** The first images of each kind, so many that a page has room for them. */
  public Mistakes shown() {
    int most = Math.max(1, SHOWN / Math.max(1, kinds.size()));
    return new Mistakes(
        kinds.stream()
            .limit(SHOWN)
            .map(kind -> new Kind(kind.label, kind.rows.stream().limit(most).toList()))
            .toList());
  }

  /** The images of all kinds. */
  public List<Predictions.Row> rows() {
    return kinds.stream().flatMap(kind -> kind.rows.stream()).toList();
  }
}
