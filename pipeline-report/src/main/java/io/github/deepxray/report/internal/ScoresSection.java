package io.github.deepxray.report.internal;

import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.internal.Chart.Point;
import io.github.deepxray.train.Predictions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/**
 * Section with the distribution of the probabilities of each class, on both splits.
 *
 * @param scored words for the scored class
 * @param figures a histogram for each class and finer class
 */
record ScoresSection(String scored, List<Figure> figures) {
  private static final int BINS = 20;

  /**
   * Histogram.
   *
   * @param name words for the images
   * @param which filter of the images
   * @param scored class of the probability
   */
  private record Panel(String name, Predicate<Predictions.Row> which, Label scored) {}

  static ScoresSection of(ReportContent content) {
    ClassVocabulary words = content.words();
    List<Panel> panels = panels(content);
    double most = 0;
    for (Panel panel : panels) {
      for (Split split : Figures.SPLITS) {
        for (double share : histogram(rows(content, split, panel), panel.scored)) {
          // NaN if the split has no such image.
          most = share > most ? share : most;
        }
      }
    }
    Axis shares = Axis.around("share of images", 0, most, 4).inPercent();
    List<Figure> figures = new ArrayList<>();
    for (Panel panel : panels) {
      figures.add(figure(content, "scores-" + (figures.size() + 1), panel, shares));
    }
    return new ScoresSection(
        words.profile().positive().map(words::name).orElse("their own class"), figures);
  }

  /** Returns a panel for each class and each finer class of the positive class. */
  private static List<Panel> panels(ReportContent content) {
    ClassVocabulary words = content.words();
    List<Panel> panels = new ArrayList<>();
    List<Label> labels =
        words.targets().size() == 1 ? words.classes().labels() : Figures.classes(content);
    for (Label label : labels) {
      panels.add(
          new Panel(
              words.name(label),
              row -> row.example().label() == label.index(),
              words.profile().positive().orElse(label)));
    }
    List<String> slices =
        words.profile().partsOfClasses().stream()
            .filter(
                slice ->
                    content.predictions(Split.TEST).rows().stream()
                        .anyMatch(row -> row.slice().equals(slice)))
            .toList();
    if (slices.size() > 1) {
      for (String slice : slices) {
        panels.add(
            new Panel(
                words.scored() + ", " + slice,
                row -> row.slice().equals(slice),
                words.profile().positive().orElseThrow()));
      }
    }
    return panels;
  }

  private static Figure figure(ReportContent content, String id, Panel panel, Axis shares) {
    ClassVocabulary words = content.words();
    Decision decision = content.metrics().decision().decision();
    List<Predictions.Row> shown = rows(content, Split.TEST, panel);
    List<Predictions.Row> validation = rows(content, Split.VALIDATION, panel);
    double decided =
        shown.stream()
            .filter(row -> decision.decide(row.example().scores()) == panel.scored.index())
            .count();
    String share =
        "classified as "
            + words.name(panel.scored)
            + ": "
            + Numbers.percent(decided / shown.size());
    Chart chart =
        Chart.of(
            id,
            "Probabilities of images: " + panel.name,
            shown.isEmpty() ? "The test split has none." : "Of the test images " + share + ".",
            Axis.unit("probability of " + words.brief(panel.scored)),
            shares,
            220);
    draw(chart, histogram(shown, panel.scored), histogram(validation, panel.scored));
    decision
        .threshold()
        .ifPresent(t -> chart.vertical(t, String.format(Locale.ROOT, "threshold %.2f", t)));
    return new Figure(
        chart.svg(),
        "%s: %s test images, %s of validation%s"
            .formatted(
                panel.name,
                Numbers.count(shown.size()),
                Numbers.count(validation.size()),
                shown.isEmpty() ? "" : "; on test " + share));
  }

  /** Adds the bars of the test split under the line of the validation split. */
  static void draw(Chart chart, double[] test, double[] validation) {
    List<Point> outline = new ArrayList<>();
    for (int b = 0; b < BINS; b++) {
      chart.bar("test", (double) b / BINS, (b + 1.0) / BINS, test[b]);
      outline.add(new Point((double) b / BINS, validation[b]));
      outline.add(new Point((b + 1.0) / BINS, validation[b]));
    }
    chart.line("validation", outline);
  }

  private static List<Predictions.Row> rows(ReportContent content, Split split, Panel panel) {
    return content.predictions(split).rows().stream().filter(panel.which).toList();
  }

  /** Returns the share of images in each bin; NaN without images. */
  static double[] histogram(List<Predictions.Row> rows, Label scored) {
    double[] bins = new double[BINS];
    for (Predictions.Row row : rows) {
      double probability = row.example().score(scored.index());
      bins[Math.min(BINS - 1, (int) (probability * BINS))]++;
    }
    for (int b = 0; b < BINS; b++) {
      bins[b] /= rows.size();
    }
    return bins;
  }
}
