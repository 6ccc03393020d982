package io.github.deepxray.report;

import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.PooledDifference;
import io.github.deepxray.report.Experiments.Experiment;
import io.github.deepxray.report.Experiments.Run;
import io.github.deepxray.report.Table.Cell;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * Experiments side by side as one HTML page that needs nothing beside it, in the look of {@link
 * ReportPage}. The same content gives the same bytes.
 */
public final class ExperimentsPage {
  private static final String STYLE =
      ReportPage.STYLE
          + """
          .tag { color: var(--soft); font-weight: 400; white-space: normal; display: block; }
          tbody th { color: var(--text); } .experiments svg.strip { width: 13rem; }
          """;

  private final Experiments content;
  private final Optional<Experiment> best;

  private ExperimentsPage(Experiments content) {
    this.content = content;
    this.best = content.bestOnValidation();
  }

  /** Draws a comparison. */
  public static String html(Experiments content) {
    return new ExperimentsPage(content).html();
  }

  private String html() {
    List<Experiment> all = content.experiments();
    Html page = Html.page("Comparison of experiments", STYLE);
    page.open("header").add(ReportPage.warning());
    page.element("h1", "Comparison of " + all.size() + " experiments");
    page.close().open("main");
    failures(page);
    results(page);
    sizes(page);
    every(page);
    options(page);
    return page.close().endPage();
  }

  private void failures(Html page) {
    if (!content.failed()) {
      return;
    }
    page.open("section", "id", "failed").element("h2", "What failed").open("ul");
    for (Experiment experiment : content.experiments()) {
      experiment
          .failures()
          .forEach(
              (seed, reason) -> {
                page.open("li").element("b", experiment.name() + ", seed " + seed);
                page.text(": " + reason).close();
              });
    }
    page.close();
    page.element("p", "The same command tries these again and keeps the others.", "class", "soft");
    page.close();
  }

  private void results(Html page) {
    page.open("section", "id", "results", "class", "experiments").element("h2", "Results");
    double from = Math.max(0, Math.floor(least() * 10 - 1e-9) / 10);
    Table table =
        Table.of(
            "Mean ± standard deviation over the seeds; the lines reach from the least to the"
                + " greatest AUC of a seed, test above, validation below.",
            heads(from, 1));
    for (Experiment e : content.experiments()) {
      List<Cell> cells = new ArrayList<>();
      cells.add(name(e));
      cells.add(Cell.of(isBest(e) ? "main" : "", text(e.validation(Metric.AUC))));
      cells.add(
          new Cell(
              "strip",
              IntervalStrip.html(
                  from, 1, range(e.test(Metric.AUC)), range(e.validation(Metric.AUC)))));
      Metric.HEADLINES.forEach(metric -> cells.add(Cell.of(text(e.test(metric)))));
      table.row(cells);
    }
    page.add(table.html());
    differences(page);
    content.notes().forEach(note -> page.element("p", note, "class", "soft"));
    page.close();
  }

  private void differences(Html page) {
    double reach = reach();
    Table table =
        Table.of(
            "Difference to "
                + content.baseline()
                + ", with 95 % intervals over resampled patients; test above, validation below.",
            with(heads(-reach, reach), Cell.of("pairs of seeds")));
    int rows = 0;
    for (Experiment e : content.experiments()) {
      if (e.differences().isPresent()) {
        PooledDifference test = e.differences().get().test();
        PooledDifference validation = e.differences().get().validation();
        List<Cell> cells = new ArrayList<>();
        cells.add(Cell.of(e.name()));
        cells.add(Cell.of(difference(validation.of(Metric.AUC))));
        cells.add(
            new Cell(
                "strip",
                IntervalStrip.html(-reach, reach, test.of(Metric.AUC), validation.of(Metric.AUC))));
        Metric.HEADLINES.forEach(metric -> cells.add(Cell.of(difference(test.of(metric)))));
        cells.add(Cell.of(Integer.toString(test.pairs())));
        table.row(cells);
        rows++;
      }
    }
    if (rows > 0) {
      page.add(table.html());
    }
  }

  /** The heads of tables with the AUC of validation, a strip and metrics of the test split. */
  private static List<Cell> heads(double from, double to) {
    List<Cell> heads = new ArrayList<>();
    heads.add(Cell.of("Experiment"));
    heads.add(Cell.of("key validation", "validation AUC"));
    heads.add(new Cell("strip", IntervalStrip.scale(from, to)));
    Metric.HEADLINES.forEach(metric -> heads.add(Cell.of("key test", "test " + metric.title())));
    return heads;
  }

  private static List<Cell> with(List<Cell> cells, Cell last) {
    List<Cell> all = new ArrayList<>(cells);
    all.add(last);
    return all;
  }

  private boolean isBest(Experiment e) {
    return best.filter(b -> b.name().equals(e.name())).isPresent();
  }

  private Cell name(Experiment e) {
    Html html = new Html().text(e.name());
    List<String> tags = new ArrayList<>();
    if (e.name().equals(content.baseline())) {
      tags.add("baseline");
    }
    if (isBest(e)) {
      tags.add("best on validation");
    }
    if (!e.failures().isEmpty()) {
      tags.add(e.failures().size() + " of " + content.seeds().size() + " seeds failed");
    }
    if (!tags.isEmpty()) {
      html.element("span", String.join(", ", tags), "class", "tag");
    }
    return new Cell("", html);
  }

  private static String text(SeedSummary spread) {
    return spread.toString().equals("-") ? Numbers.NONE : spread.toString();
  }

  /** From the least to the greatest seed. */
  private static Interval range(SeedSummary spread) {
    return new Interval(spread.mean(), spread.least(), spread.most());
  }

  private static String difference(Interval interval) {
    return signed(interval.value())
        + " ("
        + signed(interval.low())
        + " to "
        + signed(interval.high())
        + ")";
  }

  private static String signed(double value) {
    // Sums of floating-point numbers leave a little where nothing is left.
    return Numbers.signed(Math.abs(value) < 5e-5 ? 0 : value, 4);
  }

  private double least() {
    return content.experiments().stream()
        .flatMap(e -> e.runs().stream())
        .flatMapToDouble(
            run -> DoubleStream.of(run.test().get(Metric.AUC), run.validation().get(Metric.AUC)))
        .filter(auc -> !Double.isNaN(auc))
        .min()
        .orElse(0);
  }

  /** As far as the largest difference or its interval, rounded up to 1, 2 or 5 of a decimal. */
  private double reach() {
    double largest =
        content.experiments().stream()
            .flatMap(e -> e.differences().stream())
            .flatMap(d -> Stream.of(d.test().of(Metric.AUC), d.validation().of(Metric.AUC)))
            .flatMapToDouble(i -> DoubleStream.of(i.value(), i.low(), i.high()))
            .filter(value -> !Double.isNaN(value))
            .map(Math::abs)
            .max()
            .orElse(0);
    for (double step : new double[] {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5}) {
      if (largest <= step) {
        return step;
      }
    }
    return 1;
  }

  private void sizes(Html page) {
    page.open("section", "id", "sizes").element("h2", "Size and speed");
    Table table =
        Table.of(
            "The float32 .tflite file. "
                + content
                    .machine()
                    .map(
                        machine ->
                            "Speed: one image on one thread of "
                                + machine
                                + ", each in turns with "
                                + content.baseline()
                                + ": compare by speed, ms depend on what else the machine did.")
                    .orElse("Speed was not measured."),
            "Experiment",
            "MB",
            "MB after gzip",
            "ms an image",
            "speed");
    for (Experiment e : content.experiments()) {
      table.row(
          e.name(),
          e.bytes().map(Numbers::megabytes).orElse(Numbers.NONE),
          e.gzip().map(Numbers::megabytes).orElse(Numbers.NONE),
          e.speed().map(s -> Numbers.decimals(s.milliseconds(), 2)).orElse(Numbers.NONE),
          e.speed()
              .map(s -> String.format(Locale.ROOT, "%.2f ×", s.speedup()))
              .orElse(Numbers.NONE));
    }
    page.add(table.html()).close();
  }

  private void every(Html page) {
    page.open("section", "id", "seeds").element("h2", "Every training");
    List<Cell> heads = new ArrayList<>();
    heads.addAll(List.of(Cell.of("Experiment"), Cell.of("seed"), Cell.of("threshold")));
    for (String split : List.of("validation", "test")) {
      Metric.HEADLINES.forEach(metric -> heads.add(Cell.of(split + " " + metric.title())));
    }
    Table table = Table.of("Validation, then test; decisions as in the results.", heads);
    for (Experiment e : content.experiments()) {
      for (Run run : e.runs()) {
        List<String> cells = new ArrayList<>(List.of(e.name(), Long.toString(run.seed())));
        cells.add(Numbers.probability(run.threshold().orElse(Double.NaN)));
        for (Map<Metric, Double> split : List.of(run.validation(), run.test())) {
          Metric.HEADLINES.forEach(m -> cells.add(Numbers.decimals(split.get(m), 4)));
        }
        table.row(cells.toArray(String[]::new));
      }
    }
    page.add(table.html()).close();
  }

  private void options(Html page) {
    page.open("section", "id", "options").element("h2", "What was compared");
    Set<String> keys = new TreeSet<>();
    content.experiments().forEach(e -> keys.addAll(e.options().keySet()));
    List<Cell> heads = new ArrayList<>(List.of(Cell.of("Experiment")));
    keys.forEach(key -> heads.add(Cell.of(key)));
    Table table = Table.of("Options of the run command in which they differ.", heads);
    for (Experiment e : content.experiments()) {
      List<String> cells = new ArrayList<>(List.of(e.name()));
      keys.forEach(key -> cells.add(e.options().getOrDefault(key, Numbers.NONE)));
      table.row(cells.toArray(String[]::new));
    }
    page.add(table.html());
    if (!content.options().isEmpty()) {
      page.element("h3", "Options of all").open("div", "class", "pairs");
      for (Map.Entry<String, String> option : content.options().entrySet()) {
        page.open("div").element("span", option.getKey() + " ", "class", "soft");
        page.text(option.getValue()).close();
      }
      page.close();
    }
    page.close();
  }
}
