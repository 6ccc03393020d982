package io.github.deepxray.report;

import io.github.deepxray.datasets.DatasetAudit;
import io.github.deepxray.datasets.DatasetAudit.Range;
import io.github.deepxray.datasets.DatasetManifest.SplitSummary;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.Predictions;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The audit of the data set. */
final class DataSection {
  /** The number of colours of the style sheet for parts of a bar. */
  private static final int COLOURS = 8;

  private static final int LISTED = 10;
  private static final int MOST_IMAGES = 5;
  private static final double WIDTH = 440;
  private static final double BAR = 24;
  private static final double ROW = 34;
  private static final double NAMES = 20;

  private final ReportContent content;
  private final DatasetAudit audit;
  private final ClassVocabulary words;

  private final Html html = new Html();

  private DataSection(ReportContent content) {
    this.content = content;
    this.audit = content.dataset().audit();
    this.words = content.words();
  }

  static Html html(ReportContent content) {
    DataSection section = new DataSection(content);
    section.write();
    return section.html;
  }

  private void write() {
    html.open("section", "id", "data").element("h2", "Data");
    html.element("p", content.source());
    html.element("h3", "Splits");
    html.add(distribution());
    splits();
    patients();
    html.element("h3", "What was found in the source");
    folders();
    findings();
    samples();
    html.close();
  }

  /** A part of a split: a finer class, or a class if there are no finer ones. */
  private record Part(String name, String style, Map<Split, Integer> images) {
    int images(SplitSummary split) {
      return images.getOrDefault(split.split(), 0);
    }
  }

  private List<Part> parts() {
    List<Part> parts = new ArrayList<>();
    List<SplitSummary> splits = content.dataset().splits();
    if (words.profile().hasSlices()) {
      for (String slice : words.profile().slices()) {
        Map<Split, Integer> images = new EnumMap<>(Split.class);
        splits.forEach(s -> images.put(s.split(), s.slices().getOrDefault(slice, 0)));
        parts.add(part(slice, parts.size(), images));
      }
    } else {
      for (Label label : words.classes().labels()) {
        Map<Split, Integer> images = new EnumMap<>(Split.class);
        splits.forEach(s -> images.put(s.split(), s.labels().getOrDefault(label, 0)));
        parts.add(part(words.brief(label), parts.size(), images));
      }
    }
    parts.removeIf(part -> part.images.values().stream().allMatch(count -> count == 0));
    return parts;
  }

  private static Part part(String name, int number, Map<Split, Integer> images) {
    return new Part(name, "part part" + number % COLOURS, images);
  }

  /** The share of each part in each split, as bars of one length. */
  private Html distribution() {
    List<SplitSummary> splits = content.dataset().splits();
    List<Part> parts = parts();
    double left = 70;
    // Below the bars, lines of names as long as there is room.
    Map<Part, double[]> places = new LinkedHashMap<>();
    double x = left;
    double y = splits.size() * ROW;
    for (Part part : parts) {
      double width = 34 + 7.0 * ClassVocabulary.width(part.name);
      if (x > left && x + width > WIDTH) {
        x = left;
        y += NAMES;
      }
      places.put(part, new double[] {x, y});
      x += width;
    }
    Html svg = new Html();
    svg.open(
        "svg",
        "class",
        "chart bars",
        "viewBox",
        "0 0 " + Numbers.coordinate(WIDTH) + " " + Numbers.coordinate(y + NAMES + 4),
        "role",
        "img",
        "aria-labelledby",
        "classes-title classes-description");
    svg.element("title", "Classes of each split", "id", "classes-title");
    svg.element(
        "desc",
        "A bar for each split, divided by the share of images of each "
            + part()
            + "; the table below has the numbers.",
        "id",
        "classes-description");
    for (int i = 0; i < splits.size(); i++) {
      bar(svg, splits.get(i), parts, left, i * ROW);
    }
    places.forEach(
        (part, place) -> {
          rectangle(svg, part, place[0], place[1] + 6, 12, 12);
          text(svg, "", place[0] + 17, place[1] + 16, "start", part.name);
        });
    return svg.close();
  }

  /** What a part is. */
  private String part() {
    return words.profile().hasSlices() ? "finer class" : "class";
  }

  private static void bar(Html svg, SplitSummary split, List<Part> parts, double left, double y) {
    text(svg, "", 0, y + BAR / 2 + 4, "start", split.split().key());
    double x = left;
    for (Part part : parts) {
      int images = part.images(split);
      if (images > 0) {
        double width = (WIDTH - left) * images / split.images();
        rectangle(svg, part, x, y, Math.max(0.5, width - 1), BAR);
        String label = Numbers.count(images);
        String longer = part.name + " " + label;
        if (width > 7.5 * ClassVocabulary.width(longer)) {
          text(svg, "on", x + width / 2, y + BAR / 2 + 4, "middle", longer);
        } else if (width > 8 * label.length()) {
          text(svg, "on", x + width / 2, y + BAR / 2 + 4, "middle", label);
        }
        x += width;
      }
    }
  }

  private static void rectangle(
      Html svg, Part part, double x, double y, double width, double height) {
    svg.empty(
        "rect",
        "class",
        part.style,
        "x",
        Numbers.coordinate(x),
        "y",
        Numbers.coordinate(y),
        "width",
        Numbers.coordinate(width),
        "height",
        Numbers.coordinate(height));
  }

  private static void text(Html svg, String style, double x, double y, String anchor, String text) {
    svg.element(
        "text",
        text,
        "class",
        style,
        "x",
        Numbers.coordinate(x),
        "y",
        Numbers.coordinate(y),
        "text-anchor",
        anchor);
  }

  private void splits() {
    List<SplitSummary> splits = content.dataset().splits();
    boolean official = splits.stream().anyMatch(s -> s.fromOfficialVal() > 0);
    List<String> heads =
        new ArrayList<>(List.of("split", "images", "patients", "images a patient"));
    words.classes().labels().forEach(label -> heads.add(words.name(label)));
    heads.addAll(words.profile().partsOfClasses());
    if (official) {
      heads.add("from the source's validation folder");
    }
    Table table = Table.of(PatientSplitNote.statement(audit), heads.toArray(String[]::new));
    for (SplitSummary split : splits) {
      List<String> cells = new ArrayList<>();
      cells.add(split.split().key());
      cells.add(Numbers.count(split.images()));
      cells.add(Numbers.count(split.patients()));
      cells.add(Numbers.decimals((double) split.images() / split.patients(), 2));
      for (Label label : words.classes().labels()) {
        int images = split.labels().getOrDefault(label, 0);
        cells.add(
            Numbers.count(images) + " (" + Numbers.percent((double) images / split.images()) + ")");
      }
      for (String slice : words.profile().partsOfClasses()) {
        cells.add(Numbers.count(split.slices().getOrDefault(slice, 0)));
      }
      if (official) {
        cells.add(Numbers.count(split.fromOfficialVal()));
      }
      table.row(cells.toArray(String[]::new));
    }
    html.add(table.html());
    PatientSplitNote.doubt(audit).ifPresent(doubt -> html.element("p", doubt, "class", "soft"));
  }

  private void patients() {
    List<String> heads = new ArrayList<>(List.of("images of one patient"));
    for (int i = 1; i < MOST_IMAGES; i++) {
      heads.add(String.valueOf(i));
    }
    heads.add(MOST_IMAGES + " or more");
    heads.add("most");
    Table table =
        Table.of(
            "Patients by the number of their images; intervals resample whole patients for that.",
            heads.toArray(String[]::new));
    for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
      Map<String, Integer> images = new TreeMap<>();
      for (Predictions.Row row : content.predictions(split).rows()) {
        images.merge(row.example().patient(), 1, Integer::sum);
      }
      List<String> cells = new ArrayList<>(List.of(split.key()));
      for (int i = 1; i <= MOST_IMAGES; i++) {
        int number = i;
        cells.add(
            Numbers.count(
                images.values().stream().filter(n -> Math.min(n, MOST_IMAGES) == number).count()));
      }
      cells.add(
          Numbers.count(images.values().stream().mapToInt(Integer::intValue).max().orElse(0)));
      table.row(cells.toArray(String[]::new));
    }
    html.add(table.html());
  }

  private void folders() {
    Table table =
        Table.of(
            Numbers.count(audit.files())
                + " image files. Sizes in pixels, as least–median–most; stored at "
                + content.dataset().options().imageSize()
                + " x "
                + content.dataset().options().imageSize()
                + ".",
            "folder",
            "class",
            "images",
            "patients",
            "patient unknown",
            "height",
            "width",
            "sizes",
            "channels",
            "formats",
            "MB");
    for (DatasetAudit.Folder f : audit.folders()) {
      table.row(
          f.split().key(),
          words.classes().of(f.label()),
          Numbers.count(f.images()),
          Numbers.count(f.patients()),
          Numbers.count(f.unknownPatients()),
          range(f.sizes().height()),
          range(f.sizes().width()),
          Numbers.count(f.sizes().distinct()),
          counts(new TreeMap<>(f.channels())),
          counts(new TreeMap<>(f.formats())),
          Numbers.megabytes(f.bytes()));
    }
    html.add(table.html());
  }

  private static String range(Range range) {
    return range.min() == range.max()
        ? Numbers.count(range.min())
        : Numbers.count(range.min())
            + "–"
            + Numbers.count(range.median())
            + "–"
            + Numbers.count(range.max());
  }

  private static String counts(Map<?, Integer> counts) {
    return counts.size() == 1
        ? counts.keySet().iterator().next().toString()
        : counts.entrySet().stream()
            .map(e -> e.getKey() + ": " + Numbers.count(e.getValue()))
            .collect(Collectors.joining(", "));
  }

  private void findings() {
    long across =
        audit.identical().stream().filter(DatasetAudit.IdenticalGroup::acrossSplits).count();
    html.open("ul");
    html.open("li")
        .text(
            "Duplicates: "
                + Numbers.count(audit.identical().size())
                + " groups of identical images, "
                + Numbers.count(across)
                + " across the source's splits.");
    list(
        audit.identical().stream()
            .map(g -> String.join(" = ", g.files()) + (g.acrossSplits() ? " (across splits)" : ""))
            .toList());
    html.close();
    html.open("li")
        .text(
            "Patients in several of the source's splits: "
                + Numbers.count(audit.patientsAcrossSplits().size())
                + ".");
    list(
        audit.patientsAcrossSplits().stream()
            .map(
                p ->
                    p.patient()
                        + ": "
                        + p.images().entrySet().stream()
                            .sorted(Map.Entry.comparingByKey())
                            .map(e -> e.getKey().key() + " " + e.getValue())
                            .collect(Collectors.joining(", ")))
            .toList());
    html.close();
    Map<DatasetAudit.Reason, Integer> reasons = audit.reasons();
    html.open("li")
        .text(
            "Quarantine: "
                + Numbers.count(audit.quarantined().size())
                + " files are in no shard"
                + (reasons.isEmpty()
                    ? "."
                    : reasons.entrySet().stream()
                        .map(e -> e.getKey().key() + " " + Numbers.count(e.getValue()))
                        .collect(Collectors.joining(", ", " (", ")."))));
    list(audit.quarantined().stream().map(q -> q.file() + ": " + q.detail()).toList());
    html.close();
    html.element("li", "Skipped: " + audit.skipped().summary() + ".");
    html.close();
  }

  /** The first of many lines. */
  private void list(List<String> lines) {
    if (lines.isEmpty()) {
      return;
    }
    html.open("ul", "class", "names");
    lines.stream().limit(LISTED).forEach(line -> html.open("li").element("code", line).close());
    if (lines.size() > LISTED) {
      html.element(
          "li",
          "and " + Numbers.count(lines.size() - LISTED) + " more, all in dataset.json",
          "class",
          "soft");
    }
    html.close();
  }

  private void samples() {
    if (content.samples().isEmpty()) {
      return;
    }
    html.element("h3", "Samples");
    html.element(
        "p",
        "Taken at equal distances from each split and " + part() + ", as the model sees them.",
        "class",
        "soft");
    Map<String, List<Picture>> rows = new LinkedHashMap<>();
    for (Picture picture : content.samples()) {
      rows.computeIfAbsent(picture.split() + ", " + picture.slice(), k -> new ArrayList<>())
          .add(picture);
    }
    rows.values()
        .forEach(
            pictures -> {
              Picture first = pictures.get(0);
              String name = first.split() + ", " + first.slice();
              html.open("div", "class", "samples");
              html.element("p", name);
              for (Picture picture : pictures) {
                html.empty(
                    "img",
                    "src",
                    picture.address(),
                    "alt",
                    name + ", " + picture.file(),
                    "title",
                    picture.file());
              }
              html.close();
            });
  }
}
