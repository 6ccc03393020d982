package io.github.deepxray.datasets;

import io.github.deepxray.core.image.ImageNote;
import io.github.deepxray.datasets.DatasetAudit.Folder;
import io.github.deepxray.datasets.DatasetAudit.Quarantined;
import io.github.deepxray.datasets.DatasetAudit.Range;
import io.github.deepxray.datasets.DatasetAudit.Reason;
import io.github.deepxray.datasets.DatasetManifest.SplitSummary;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The manifest as text for a terminal. */
final class DatasetTable {
  private static final int LISTED = 20;

  private DatasetTable() {}

  static String render(DatasetManifest manifest) {
    StringBuilder text = new StringBuilder();
    DatasetAudit audit = manifest.audit();
    text.append("Source (")
        .append(manifest.source().kind())
        .append("), ")
        .append(count(audit.files()))
        .append(" image files\n");
    DatasetProfile profile = manifest.profile();
    ClassNames classes = profile.classes();
    profile
        .positive()
        .ifPresent(
            positive ->
                text.append("Positive class: ")
                    .append(classes.of(positive))
                    .append(" (label ")
                    .append(positive)
                    .append(')')
                    .append(
                        profile.hasHealthyPositive()
                            ? ", although its name says that nothing is found\n"
                            : "\n"));
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
    table(text, rows);
    text.append("Skipped: ").append(audit.skipped().summary()).append('\n');
    Map<ImageNote, Integer> notes = new EnumMap<>(ImageNote.class);
    audit.folders().forEach(f -> f.notes().forEach((k, n) -> notes.merge(k, n, Integer::sum)));
    notes.forEach(
        (note, images) ->
            text.append(count(images))
                .append(images == 1 ? " image " : " images: each ")
                .append(note.words())
                .append(".\n"));
    long across = audit.identical().stream().filter(g -> g.acrossSplits()).count();
    text.append(
        "Identical images: %s groups, %s across splits. Patients across splits: %s.\n"
            .formatted(
                count(audit.identical().size()), across, audit.patientsAcrossSplits().size()));
    quarantined(text, audit);
    text.append("\nStored at ")
        .append(manifest.options().imageSize())
        .append(" x ")
        .append(manifest.options().imageSize())
        .append(", ")
        .append(manifest.shards().size())
        .append(" shards\n");
    rows.clear();
    List<String> head = new ArrayList<>(List.of("split", "images", "patients"));
    profile.phrases().forEach(of -> head.add(of.name()));
    head.addAll(profile.partsOfClasses());
    head.add("official val");
    rows.add(head);
    for (SplitSummary split : manifest.splits()) {
      List<String> row =
          new ArrayList<>(
              List.of(split.split().key(), count(split.images()), count(split.patients())));
      for (Label label : classes.labels()) {
        row.add(count(split.labels().getOrDefault(label, 0)));
      }
      for (String slice : profile.partsOfClasses()) {
        row.add(count(split.slices().getOrDefault(slice, 0)));
      }
      row.add(count(split.fromOfficialVal()));
      rows.add(row);
    }
    table(text, rows);
    return text.toString();
  }

  private static void quarantined(StringBuilder text, DatasetAudit audit) {
    Map<Reason, Integer> reasons = audit.reasons();
    text.append("Set aside: ").append(count(audit.quarantined().size()));
    if (!reasons.isEmpty()) {
      text.append(
          reasons.entrySet().stream()
              .map(e -> e.getKey().key() + " " + e.getValue())
              .collect(Collectors.joining(", ", " (", ")")));
    }
    text.append('\n');
    for (Quarantined q :
        audit.quarantined().subList(0, Math.min(LISTED, audit.quarantined().size()))) {
      text.append("  ").append(q.file()).append(": ").append(q.detail()).append('\n');
    }
    if (audit.quarantined().size() > LISTED) {
      text.append("  and ")
          .append(audit.quarantined().size() - LISTED)
          .append(" more, all in ")
          .append(PreparedDataset.MANIFEST)
          .append('\n');
    }
  }

  private static String range(Range range) {
    return range.min() == range.max()
        ? String.valueOf(range.min())
        : range.min() + ".." + range.max();
  }

  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** Words to the left, numbers to the right. */
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
