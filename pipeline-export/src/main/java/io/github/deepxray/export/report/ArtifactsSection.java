package io.github.deepxray.export.report;

import io.github.deepxray.core.bundle.ArtifactReport;
import io.github.deepxray.core.html.Html;
import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.export.report.Table.Cell;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The deployable forms, and how far they are from the trained model. */
final class ArtifactsSection {
  private ArtifactsSection() {}

  static Html html(ReportContent content) {
    Html html = new Html();
    html.open("section", "id", "artifacts").element("h2", "Artifacts");
    List<Cell> heads = new ArrayList<>();
    heads.add(Cell.of("file"));
    heads.add(Cell.of("left", "gate"));
    heads.add(Cell.of("left", "form"));
    for (String head :
        List.of(
            "MB",
            "MB gzip",
            "threshold",
            "AUC",
            "accuracy",
            "largest difference of a probability",
            "decided otherwise")) {
      heads.add(Cell.of(head));
    }
    content.speed().ifPresent(speed -> heads.add(Cell.of("ms an image")));
    Table table =
        Table.of(
            "On the test split; differences are to the trained model, with paired intervals.",
            heads);
    for (ArtifactReport artifact : content.artifacts()) {
      table.row(row(content, artifact));
    }
    html.add(table.html());
    html.element(
        "p",
        content
            .speed()
            .map(speed -> "Time for one image on one thread, measured on " + speed.machine() + ".")
            .orElse(
                "How fast they are depends on the machine and is not kept in the bundle:"
                    + " deepxray report --turns 30 measures it."),
        "class",
        "soft");
    for (ArtifactReport artifact : content.artifacts()) {
      if (!artifact.verdict().blessed()) {
        html.open("p", "class", "bad").text("Refused: ").element("code", artifact.path());
        html.text(" " + String.join("; ", artifact.verdict().objections()) + ".").close();
      }
    }
    return html.close();
  }

  private static List<Cell> row(ReportContent content, ArtifactReport artifact) {
    Comparison test = artifact.verdict().splits().get(Split.TEST.key());
    boolean blessed = artifact.verdict().blessed();
    List<Cell> cells = new ArrayList<>();
    cells.add(new Cell("", new Html().element("code", artifact.path())));
    cells.add(Cell.of(blessed ? "left good" : "left bad", blessed ? "✓ blessed" : "✗ refused"));
    cells.add(Cell.of("left wrap", artifact.form()));
    cells.add(Cell.of(Numbers.megabytes(artifact.size().raw())));
    cells.add(Cell.of(Numbers.megabytes(artifact.size().gzip())));
    cells.add(Cell.of(Numbers.probability(artifact.threshold().orElse(Double.NaN))));
    if (test == null) {
      for (int i = 0; i < 4; i++) {
        cells.add(Cell.of(Numbers.NONE));
      }
    } else {
      cells.add(measured(test.auc(), test.deltaAuc()));
      cells.add(measured(test.accuracy(), test.deltaAccuracy()));
      cells.add(
          Cell.of(
              test.maxDeltaProbability() < 1e-3
                  ? String.format(Locale.ROOT, "%.1e", test.maxDeltaProbability())
                  : Numbers.decimals(test.maxDeltaProbability(), 3)));
      cells.add(Cell.of(Numbers.count(test.flipped()) + " of " + Numbers.count(test.images())));
    }
    content
        .speed()
        .ifPresent(
            speed ->
                cells.add(
                    Cell.of(
                        Numbers.decimals(
                            speed.milliseconds().getOrDefault(artifact.artifact(), Double.NaN),
                            2))));
    return cells;
  }

  /** A metric, and below it the difference to the trained model. */
  private static Cell measured(Interval value, Interval difference) {
    Html text = new Html().text(Numbers.interval(value));
    if (!Double.isNaN(difference.value())) {
      text.empty("br");
      text.element(
          "span",
          Numbers.signed(difference.value(), 4)
              + " ("
              + Numbers.signed(difference.low(), 4)
              + " to "
              + Numbers.signed(difference.high(), 4)
              + ")",
          "class",
          "soft");
    }
    return new Cell("", text);
  }
}
