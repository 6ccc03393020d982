package io.github.deepxray.report;

import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.report.Chart.Point;
import io.github.deepxray.train.Predictions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.Predicate;

/** How the probabilities of the images of each class are spread, on both splits. */
final class ScoresSection {
  private static final int BINS = 20;

  private final ReportContent content;
  private final ClassVocabulary words;
  private final Html html = new Html();

  private ScoresSection(ReportContent content) {
    this.content = content;
    this.words = content.words();
  }

  /**
   * A histogram.
   *
   * @param name what images it shows
   * @param which those images
   * @param scored the class whose probability it shows
   */
  private record Panel(String name, Predicate<Predictions.Row> which, Label scored) {}

  static Html html(ReportContent content) {
    ScoresSection section = new ScoresSection(content);
    section.write();
    return section.html;
  }

  private void write() {
    html.open("section", "id", "scores").element("h2", "Scores");
    Figures.soft(
        html,
        "How the probabilities of "
            + words.profile().positive().map(words::name).orElse("their own class")
            + " are spread among the images of each class: bars are the test split, the line is"
            + " validation. All charts have the same scale.");
    List<Panel> panels = panels();
    double most = 0;
    for (Panel panel : panels) {
      for (Split split : Figures.SPLITS) {
        for (double share : histogram(split, panel)) {
          // NaN where the split has no such image.
          most = share > most ? share : most;
        }
      }
    }
    Axis shares = Axis.around("share of images", 0, most, 4).inPercent();
    html.open("div", "class", "figures");
    for (int i = 0; i < panels.size(); i++) {
      histogram("scores-" + (i + 1), panels.get(i), shares);
    }
    html.close().close();
  }

  /** The classes, and the finer classes that the positive one has. */
  private List<Panel> panels() {
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

  private void histogram(String id, Panel panel, Axis shares) {
    double[] test = histogram(Split.TEST, panel);
    double[] validation = histogram(Split.VALIDATION, panel);
    List<Predictions.Row> shown = rows(Split.TEST, panel);
    Decision decision = content.metrics().decision().decision();
    double called =
        shown.stream()
            .filter(row -> decision.decide(row.example().scores()) == panel.scored.index())
            .count();
    String share =
        "called " + words.name(panel.scored) + ": " + Numbers.percent(called / shown.size());
    Chart chart =
        Chart.of(
            id,
            "Probabilities of images: " + panel.name,
            shown.isEmpty() ? "The test split has none." : "Of the test images " + share + ".",
            Axis.unit("probability of " + words.brief(panel.scored)),
            shares,
            220);
    List<Point> outline = new ArrayList<>();
    for (int b = 0; b < BINS; b++) {
      chart.bar("test", (double) b / BINS, (b + 1.0) / BINS, test[b]);
      outline.add(new Point((double) b / BINS, validation[b]));
      outline.add(new Point((b + 1.0) / BINS, validation[b]));
    }
    chart.line("validation", outline);
    OptionalDouble threshold = decision.threshold();
    if (threshold.isPresent()) {
      chart.vertical(
          threshold.getAsDouble(),
          String.format(Locale.ROOT, "threshold %.2f", threshold.getAsDouble()));
    }
    Figures.figure(
        html,
        chart,
        panel.name
            + ": "
            + Numbers.count(shown.size())
            + " test images, "
            + Numbers.count(rows(Split.VALIDATION, panel).size())
            + " of validation"
            + (shown.isEmpty() ? "" : "; on test " + share));
  }

  private List<Predictions.Row> rows(Split split, Panel panel) {
    return content.predictions(split).rows().stream().filter(panel.which).toList();
  }

  /** The share of images in each bin; NaN without images. */
  private double[] histogram(Split split, Panel panel) {
    double[] bins = new double[BINS];
    List<Predictions.Row> rows = rows(split, panel);
    for (Predictions.Row row : rows) {
      double probability = row.example().score(panel.scored.index());
      bins[Math.min(BINS - 1, (int) (probability * BINS))]++;
    }
    for (int b = 0; b < BINS; b++) {
      bins[b] /= rows.size();
    }
    return bins;
  }
}
