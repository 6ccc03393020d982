package io.github.deepxray.datasets;

import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.ImageNote;
import io.github.deepxray.datasets.DatasetAudit.Quarantined;
import io.github.deepxray.datasets.DatasetAudit.Reason;
import io.github.deepxray.datasets.SourceLayout.SourceImage;
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
 * Good image whose bytes to store are in the spool file.
 *
 * @param bytes the size of the source file
 * @param pixels the hash of size and pixels
 * @param storedPixels the hash of size and pixels of the image to store
 * @param appearance the properties that do not depend on the patient's chest
 */
record SpooledImage(
    SourceImage sourceImage,
    long bytes,
    String pixels,
    String storedPixels,
    InputStatistics input,
    Set<ImageNote> notes,
    ImageCodec.Header header,
    Appearance appearance,
    long offset,
    int length) {
  String path() {
    return sourceImage.path();
  }

  String patient() {
    return sourceImage.patient();
  }

  String slice(DatasetProfile profile) {
    return profile.slice(path(), sourceImage.label());
  }

  /** Counts the occurrences of each key. */
  static <K> Map<K, Integer> counts(Stream<K> keys) {
    return keys.collect(Collectors.groupingBy(k -> k, TreeMap::new, Collectors.summingInt(k -> 1)));
  }

  /** Counts the images of each slice. */
  static Map<String, Integer> slices(List<SpooledImage> members, DatasetProfile profile) {
    return profile.count(members.stream().map(found -> found.slice(profile)).toList());
  }

  /** Builds the audit from good images and quarantined files. */
  static DatasetAudit audit(
      List<SpooledImage> images, List<Quarantined> quarantined, SourceLayout layout) {
    List<DatasetAudit.Folder> folders = new ArrayList<>();
    for (Split split : Split.values()) {
      for (Label label : layout.classes().labels()) {
        List<SpooledImage> members =
            images.stream()
                .filter(f -> f.sourceImage.split() == split && f.sourceImage.label().equals(label))
                .toList();
        if (!members.isEmpty()) {
          folders.add(folder(split, label, members, layout.profile()));
        }
      }
    }
    List<DatasetAudit.PatientOverlap> overlaps = new ArrayList<>();
    images.stream()
        .collect(Collectors.groupingBy(SpooledImage::patient, TreeMap::new, Collectors.toList()))
        .forEach(
            (patient, own) -> {
              Map<Split, Integer> splits = counts(own.stream().map(f -> f.sourceImage.split()));
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

  private static List<DatasetAudit.IdenticalGroup> identical(List<SpooledImage> images) {
    return images.stream()
        .collect(Collectors.groupingBy(SpooledImage::pixels, TreeMap::new, Collectors.toList()))
        .entrySet()
        .stream()
        .filter(group -> group.getValue().size() > 1)
        .map(
            group ->
                new DatasetAudit.IdenticalGroup(
                    group.getKey(),
                    group.getValue().stream().map(SpooledImage::path).toList(),
                    counts(group.getValue().stream().map(f -> f.sourceImage.split())).size() > 1))
        .sorted(Comparator.comparing(group -> group.files().get(0)))
        .toList();
  }

  private static DatasetAudit.Folder folder(
      Split split, Label label, List<SpooledImage> members, DatasetProfile profile) {
    List<SpooledImage> known =
        members.stream().filter(f -> f.sourceImage.name().patient().isPresent()).toList();
    return new DatasetAudit.Folder(
        split,
        label,
        members.size(),
        (int) known.stream().map(SpooledImage::patient).distinct().count(),
        members.size() - known.size(),
        members.stream().mapToLong(SpooledImage::bytes).sum(),
        slices(members, profile),
        counts(members.stream().map(f -> f.header.format())),
        counts(members.stream().map(f -> f.header.channels())),
        counts(members.stream().flatMap(f -> f.notes.stream())),
        sizes(members));
  }

  private static DatasetAudit.Sizes sizes(List<SpooledImage> members) {
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

  private static DatasetAudit.SizeRange range(int... sorted) {
    return new DatasetAudit.SizeRange(
        sorted[0], sorted[(sorted.length - 1) / 2], sorted[sorted.length - 1]);
  }
}
