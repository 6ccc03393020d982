package io.github.deepxray.report.internal;

import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetAudit;
import io.github.deepxray.datasets.DatasetAudit.SizeRange;
import io.github.deepxray.datasets.DatasetManifest.SplitSummary;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.Predictions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Section about the data set and its audit.
 *
 * @param source origin of the images
 * @param bars classes of each split
 * @param splits a row for each split
 * @param doubt consequences of unknown patients; empty if all are known
 * @param patients number of images per patient
 * @param folders a row for each folder of the source
 * @param findings findings of the audit
 * @param part unit of a row of samples
 * @param samples thumbnails of images
 * @param shortcuts properties that predict the class and should not
 */
record DataSection(
    String source,
    Svg bars,
    Table splits,
    String doubt,
    Table patients,
    Table folders,
    List<Finding> findings,
    String part,
    List<Samples> samples,
    ShortcutsTable shortcuts) {
  private static final int LISTED = 10;
  private static final int MOST_IMAGES = 5;

  /**
   * Finding of the audit.
   *
   * @param lines first files or folders
   * @param more number of omitted files or folders, as text; empty if none
   */
  record Finding(String text, List<String> lines, String more) {
    static Finding of(String text, List<String> all) {
      int left = all.size() - LISTED;
      return new Finding(
          text, all.stream().limit(LISTED).toList(), left > 0 ? Numbers.count(left) : "");
    }
  }

  /** Thumbnails of a split and class. */
  record Samples(String name, List<Picture> pictures) {}

  static DataSection of(ReportContent content) {
    DatasetAudit audit = content.dataset().audit();
    return new DataSection(
        content.source(),
        SplitBars.svg(content),
        splits(content),
        PatientSplitNote.doubt(audit).orElse(""),
        patients(content),
        folders(content),
        List.of(duplicates(audit), overlaps(audit), quarantine(audit), skipped(audit)),
        SplitBars.part(content.words()),
        samples(content),
        ShortcutsTable.of(content));
  }

  private static Table splits(ReportContent content) {
    ClassVocabulary words = content.words();
    List<SplitSummary> splits = content.dataset().splits();
    boolean official = splits.stream().anyMatch(s -> s.fromOfficialVal() > 0);
    List<String> heads =
        new ArrayList<>(List.of("split", "images", "patients", "images per patient"));
    words.classes().labels().forEach(label -> heads.add(words.name(label)));
    heads.addAll(words.profile().partsOfClasses());
    if (official) {
      heads.add("from the source's validation folder");
    }
    Table table =
        Table.of(
            PatientSplitNote.statement(content.dataset().audit()), heads.toArray(String[]::new));
    splits.forEach(split -> table.row(row(words, split, official)));
    return table;
  }

  private static List<Cell> row(ClassVocabulary words, SplitSummary split, boolean official) {
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
    return cells.stream().map(Cell::of).toList();
  }

  private static Table patients(ReportContent content) {
    List<String> heads = new ArrayList<>(List.of("images of one patient"));
    for (int i = 1; i < MOST_IMAGES; i++) {
      heads.add(String.valueOf(i));
    }
    heads.add(MOST_IMAGES + " or more");
    heads.add("most");
    Table table =
        Table.of(
            "Patients by the number of their images; for this reason, bootstrap intervals "
                + "resample patients.",
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
    return table;
  }

  private static Table folders(ReportContent content) {
    DatasetAudit audit = content.dataset().audit();
    ClassNames classes = content.words().classes();
    Table table =
        Table.of(
            "%s image files. Sizes in pixels, as minimum–median–maximum; stored at %s x %s."
                .formatted(
                    Numbers.count(audit.files()),
                    content.dataset().options().imageSize(),
                    content.dataset().options().imageSize()),
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
          classes.of(f.label()),
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
    return table;
  }

  private static String range(SizeRange range) {
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

  private static Finding duplicates(DatasetAudit audit) {
    long across =
        audit.identical().stream().filter(DatasetAudit.IdenticalGroup::acrossSplits).count();
    return Finding.of(
        "Duplicates: %s groups of identical images, %s across the source's splits."
            .formatted(Numbers.count(audit.identical().size()), Numbers.count(across)),
        audit.identical().stream()
            .map(g -> String.join(" = ", g.files()) + (g.acrossSplits() ? " (across splits)" : ""))
            .toList());
  }

  private static Finding overlaps(DatasetAudit audit) {
    return Finding.of(
        "Patients in several of the source's splits: %s."
            .formatted(Numbers.count(audit.patientsAcrossSplits().size())),
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
  }

  private static Finding quarantine(DatasetAudit audit) {
    String reasons =
        audit.reasons().entrySet().stream()
            .map(e -> e.getKey().key() + " " + Numbers.count(e.getValue()))
            .collect(Collectors.joining(", "));
    return Finding.of(
        "Quarantine: "
            + Numbers.count(audit.quarantined().size())
            + " files are in no shard"
            + (reasons.isEmpty() ? "." : " (" + reasons + ")."),
        audit.quarantined().stream().map(q -> q.file() + ": " + q.detail()).toList());
  }

  private static Finding skipped(DatasetAudit audit) {
    return Finding.of("Skipped: " + audit.skipped().summary() + ".", List.of());
  }

  private static List<Samples> samples(ReportContent content) {
    Map<String, List<Picture>> rows = new LinkedHashMap<>();
    for (Picture picture : content.samples()) {
      rows.computeIfAbsent(picture.split() + ", " + picture.slice(), k -> new ArrayList<>())
          .add(picture);
    }
    return rows.entrySet().stream().map(e -> new Samples(e.getKey(), e.getValue())).toList();
  }
}
