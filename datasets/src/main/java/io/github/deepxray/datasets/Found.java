package io.github.deepxray.datasets;

import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.ImageNote;
import io.github.deepxray.datasets.DatasetAudit.Quarantined;
import io.github.deepxray.datasets.DatasetAudit.Reason;
import io.github.deepxray.datasets.Layout.Candidate;
import io.github.deepxray.datasets.internal.shortcuts.Appearance;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A good image, and where the spool file holds its stored bytes.
 *
 * @param bytes of the source's file
 * @param pixels hash of its size and pixels
 * @param appearance what does not depend on the patient's chest
 */
record Found(
    Candidate candidate,
    long bytes,
    String pixels,
    Set<ImageNote> notes,
    ImageCodec.Header header,
    Appearance appearance,
    long offset,
    int length) {
  String path() {
    return candidate.path();
  }

  String patient() {
    return candidate.name().patient().orElse("unknown:" + path());
  }

  String slice(DatasetProfile profile) {
    return profile.slice(path(), candidate.label());
  }

  /** How often each key comes. */
  static <K> Map<K, Integer> counts(Stream<K> keys) {
    return keys.collect(Collectors.groupingBy(k -> k, TreeMap::new, Collectors.summingInt(k -> 1)));
  }

  /** The number of images of each finer class. */
  static Map<String, Integer> slices(List<Found> members, DatasetProfile profile) {
    return profile.count(members.stream().map(found -> found.slice(profile)).toList());
  }

  /** What is said of images and of files that were set aside. */
  static DatasetAudit audit(List<Found> images, List<Quarantined> quarantined, Layout layout) {
    List<DatasetAudit.Folder> folders = new ArrayList<>();
    for (Split split : Split.values()) {
      for (Label label : layout.classes().labels()) {
        List<Found> members =
            images.stream()
                .filter(f -> f.candidate.split() == split && f.candidate.label().equals(label))
                .toList();
        if (!members.isEmpty()) {
          folders.add(folder(split, label, members, layout.profile()));
        }
      }
    }
    List<DatasetAudit.PatientOverlap> overlaps = new ArrayList<>();
    images.stream()
        .collect(Collectors.groupingBy(Found::patient, TreeMap::new, Collectors.toList()))
        .forEach(
            (patient, own) -> {
              Map<Split, Integer> splits = counts(own.stream().map(f -> f.candidate.split()));
              if (splits.size() > 1) {
                overlaps.add(new DatasetAudit.PatientOverlap(patient, splits));
              }
            });
    long unreadable =
        quarantined.stream()
            .filter(q -> q.reason().bad() && q.reason() != Reason.TWO_LABELS)
            .count();
    return new DatasetAudit(
        images.size() + (int) unreadable,
        folders,
        identical(images),
        overlaps,
        quarantined,
        layout.skipped());
  }

  private static List<DatasetAudit.IdenticalGroup> identical(List<Found> images) {
    return images.stream()
        .collect(Collectors.groupingBy(Found::pixels, TreeMap::new, Collectors.toList()))
        .entrySet()
        .stream()
        .filter(group -> group.getValue().size() > 1)
        .map(
            group ->
                new DatasetAudit.IdenticalGroup(
                    group.getKey(),
                    group.getValue().stream().map(Found::path).toList(),
                    counts(group.getValue().stream().map(f -> f.candidate.split())).size() > 1))
        .sorted(Comparator.comparing(group -> group.files().get(0)))
        .toList();
  }

  private static DatasetAudit.Folder folder(
      Split split, Label label, List<Found> members, DatasetProfile profile) {
    List<Found> known =
        members.stream().filter(f -> f.candidate.name().patient().isPresent()).toList();
    return new DatasetAudit.Folder(
        split,
        label,
        members.size(),
        (int) known.stream().map(Found::patient).distinct().count(),
        members.size() - known.size(),
        members.stream().mapToLong(Found::bytes).sum(),
        slices(members, profile),
        counts(members.stream().map(f -> f.header.format())),
        counts(members.stream().map(f -> f.header.channels())),
        counts(members.stream().flatMap(f -> f.notes.stream())),
        sizes(members));
  }

  private static DatasetAudit.Sizes sizes(List<Found> members) {
    Map<Long, Integer> sizes =
        counts(members.stream().map(f -> ((long) f.header.height() << 32) | f.header.width()));
    List<DatasetAudit.SizeCount> common =
        sizes.entrySet().stream()
            .map(
                e ->
                    new DatasetAudit.SizeCount(
                        (int) (e.getKey() >> 32), (int) (long) e.getKey(), e.getValue()))
            .sorted(
                Comparator.comparing(DatasetAudit.SizeCount::images)
                    .reversed()
                    .thenComparing(DatasetAudit.SizeCount::height)
                    .thenComparing(DatasetAudit.SizeCount::width))
            .limit(20)
            .toList();
    return new DatasetAudit.Sizes(
        range(members.stream().mapToInt(f -> f.header.height()).sorted().toArray()),
        range(members.stream().mapToInt(f -> f.header.width()).sorted().toArray()),
        sizes.size(),
        common);
  }

  private static DatasetAudit.Range range(int... sorted) {
    return new DatasetAudit.Range(
        sorted[0], sorted[(sorted.length - 1) / 2], sorted[sorted.length - 1]);
  }
}
