package io.github.deepxray.datasets;

import io.github.deepxray.core.image.ImageNote;
import io.github.deepxray.datasets.DatasetAudit.Folder;
import io.github.deepxray.datasets.DatasetAudit.Quarantined;
import io.github.deepxray.datasets.DatasetAudit.SizeRange;
import io.github.deepxray.datasets.DatasetManifest.Shortcut;
import io.github.deepxray.datasets.DatasetManifest.SplitSummary;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Formats the manifest as text for a terminal. */
final class DatasetTable {
  private static final int LISTED = 20;

  private DatasetTable() {}

  static String render(DatasetManifest manifest) {
    DatasetAudit audit = manifest.audit();
    StringBuilder text = new StringBuilder();
    line(text, "Source (%s), %,d image files", manifest.source().kind(), audit.files());
    DatasetProfile profile = manifest.profile();
    profile
        .positive()
        .ifPresent(
            positive ->
                line(
                    text,
                    "Positive class: %s (label %s)%s",
                    profile.classes().of(positive),
                    positive,
                    profile.hasHealthyPositive()
                        ? ", although its name means that nothing is found"
                        : ""));
    table(text, folders(audit, profile.classes()));
    line(text, "Skipped: %s", audit.skipped().summary());
    Map<ImageNote, Integer> notes = new EnumMap<>(ImageNote.class);
    audit.folders().forEach(f -> f.notes().forEach((k, n) -> notes.merge(k, n, Integer::sum)));
    notes.forEach(
        (note, images) ->
            line(
                text,
                images == 1 ? "%,d image %s." : "%,d images: each %s.",
                images,
                note.words()));
    line(
        text,
        "Identical images: %,d groups, %s across splits. Patients across splits: %s.",
        audit.identical().size(),
        audit.identical().stream().filter(g -> g.acrossSplits()).count(),
        audit.patientsAcrossSplits().size());
    quarantined(text, audit);
    int size = manifest.options().imageSize();
    line(
        text,
        "\nStored at %s x %s (%s), %s shards",
        size,
        size,
        manifest.fit().key(),
        manifest.shards().size());
    table(text, splits(manifest, profile));
    shortcuts(text, manifest);
    return text.toString();
  }

  /** Appends the shortcuts, the strongest first. */
  private static void shortcuts(StringBuilder text, DatasetManifest manifest) {
    if (manifest.shortcuts().isEmpty()) {
      return;
    }
    line(
        text,
        "\nShortcuts: how well one property alone predicts the class of training images (logistic"
            + " regression, cross-validated by patient)");
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("property", "AUC", "95 % interval"));
    for (Shortcut shortcut : manifest.shortcuts()) {
      rows.add(
          List.of(
              shortcut.inPicture() ? shortcut.name() : shortcut.name() + " (not in the picture)",
              String.format(Locale.ROOT, "%.3f", shortcut.auc().value()),
              String.format(
                  Locale.ROOT, "%.3f to %.3f", shortcut.auc().low(), shortcut.auc().high())));
    }
    table(text, rows);
  }

  private static void line(StringBuilder text, String format, Object... arguments) {
    text.append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }

  private static List<List<String>> folders(DatasetAudit audit, ClassNames classes) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "folder", "class", "images", "patients", "nameless", "height", "width", "channels"));
    for (Folder f : audit.folders()) {
      rows.add(
          List.of(
              f.split().key(),
              classes.of(f.label()),
              count(f.images()),
              count(f.patients()),
              count(f.unknownPatients()),
              range(f.sizes().height()),
              range(f.sizes().width()),
              new TreeMap<>(f.channels())
                  .entrySet().stream()
                      .map(e -> e.getKey() + ": " + count(e.getValue()))
                      .collect(Collectors.joining(", "))));
    }
    return rows;
  }

  private static List<List<String>> splits(DatasetManifest manifest, DatasetProfile profile) {
    List<List<String>> rows = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("split", "images", "patients"));
    profile.phrases().forEach(of -> head.add(of.name()));
    head.addAll(profile.partsOfClasses());
    head.add("official val");
    rows.add(head);
    for (SplitSummary split : manifest.splits()) {
      List<String> row =
          new ArrayList<>(
              List.of(split.split().key(), count(split.images()), count(split.patients())));
      for (Label label : profile.classes().labels()) {
        row.add(count(split.labels().getOrDefault(label, 0)));
      }
      for (String slice : profile.partsOfClasses()) {
        row.add(count(split.slices().getOrDefault(slice, 0)));
      }
      row.add(count(split.fromOfficialVal()));
      rows.add(row);
    }
    return rows;
  }

  private static void quarantined(StringBuilder text, DatasetAudit audit) {
    List<Quarantined> all = audit.quarantined();
    String reasons =
        audit.reasons().entrySet().stream()
            .map(e -> e.getKey().key() + " " + e.getValue())
            .collect(Collectors.joining(", "));
    line(text, "Quarantined: %,d%s", all.size(), reasons.isEmpty() ? "" : " (" + reasons + ")");
    all.stream().limit(LISTED).forEach(q -> line(text, "  %s: %s", q.file(), q.detail()));
    if (all.size() > LISTED) {
      line(text, "  and %s more, all in %s", all.size() - LISTED, PreparedDataset.MANIFEST);
    }
  }

  private static String range(SizeRange range) {
    return range.min() == range.max()
        ? String.valueOf(range.min())
        : range.min() + ".." + range.max();
  }

  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** Formats a table: text left-aligned, numbers right-aligned. */
  private static void table(StringBuilder text, List<List<String>> rows) {
    int columns = rows.get(0).size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int c = 0; c < columns; c++) {
        widths[c] = Math.max(widths[c], row.get(c).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < columns; c++) {
        String cell = row.get(c);
        boolean number = rows.get(rows.size() - 1).get(c).matches("[0-9].*");
        String pad = " ".repeat(widths[c] - cell.length());
        line.append("  ").append(number ? pad + cell : cell + pad);
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
  }
}
