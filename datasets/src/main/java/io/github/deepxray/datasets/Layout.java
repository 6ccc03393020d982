package io.github.deepxray.datasets;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.datasets.DatasetAudit.Quarantined;
import io.github.deepxray.datasets.DatasetAudit.Reason;
import io.github.deepxray.datasets.DatasetAudit.Skipped;
import io.github.deepxray.datasets.source.FileSource;
import io.github.deepxray.datasets.source.SourceFile;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Finds {@code <split>/<class>/<file>} in a source and sorts out what is no part of it.
 *
 * @param images files to look into, by path
 * @param quarantined files set aside for their place or name, by path
 * @param skipped files that are no part of the data set
 */
record Layout(List<Candidate> images, List<Quarantined> quarantined, Skipped skipped) {
  private static final Set<String> EXTENSIONS = Set.of("jpeg", "jpg", "png");

  /**
   * A file that should be an image.
   *
   * @param path from the split's folder on
   */
  record Candidate(String path, SourceFile file, Split split, Label label, XrayName name) {}

  /** A file in a class folder below some root. */
  private record Placed(String root, String path, SourceFile file, Split split, Label label) {}

  /**
   * Sorts the files of a source.
   *
   * @throws DeepXrayException if a class has no images in the train or the test split
   */
  static Layout of(FileSource source) {
    int macosx = 0;
    int appleDouble = 0;
    int dsStore = 0;
    int other = 0;
    List<Placed> placed = new ArrayList<>();
    List<Quarantined> quarantined = new ArrayList<>();
    for (SourceFile file : source.files()) {
      List<String> parts = List.of(file.path().split("/"));
      String name = parts.get(parts.size() - 1);
      Optional<Placed> place = place(file, parts);
      if (parts.contains("__MACOSX")) {
        macosx++;
      } else if (name.startsWith("._")) {
        appleDouble++;
      } else if (name.equals(".DS_Store")) {
        dsStore++;
      } else if (place.isPresent()) {
        placed.add(place.get());
      } else if (isImageName(name)) {
        quarantined.add(
            new Quarantined(
                file.path(),
                Reason.MISPLACED,
                "it lies in no folder train, test or val / NORMAL or PNEUMONIA"));
      } else {
        other++;
      }
    }
    String root = root(placed);
    Set<String> nestedRoots = nestedRoots(root);
    List<Candidate> images = new ArrayList<>();
    List<String> nested = new ArrayList<>();
    Set<String> paths = new HashSet<>();
    for (Placed p : placed) {
      if (p.root().equals(root)) {
        paths.add(p.path());
        sort(p, images, quarantined);
      } else if (nestedRoots.contains(p.root())) {
        nested.add(p.path());
      } else {
        quarantined.add(
            new Quarantined(
                p.file().path(),
                Reason.MISPLACED,
                "it lies outside " + (root.isEmpty() ? "the top folder" : root)));
      }
    }
    for (Split split : List.of(Split.TRAIN, Split.TEST)) {
      for (Label label : Label.values()) {
        if (images.stream().noneMatch(i -> i.split() == split && i.label() == label)) {
          throw new DeepXrayException(
              source.name()
                  + " has no images in "
                  + split.key()
                  + "/"
                  + label
                  + "; give the Kaggle archive chest-xray-pneumonia.zip or a folder like it.");
        }
      }
    }
    images.sort(Comparator.comparing(Candidate::path));
    quarantined.sort(Comparator.comparing(Quarantined::file));
    return new Layout(
        List.copyOf(images),
        List.copyOf(quarantined),
        new Skipped(
            nested.size(),
            (int) nested.stream().filter(paths::contains).count(),
            macosx,
            appleDouble,
            dsStore,
            other));
  }

  private static Optional<Placed> place(SourceFile file, List<String> parts) {
    int n = parts.size();
    if (n < 3) {
      return Optional.empty();
    }
    return Split.ofFolder(parts.get(n - 3))
        .flatMap(
            split ->
                Label.ofFolder(parts.get(n - 2))
                    .map(
                        label ->
                            new Placed(
                                String.join("/", parts.subList(0, n - 3)),
                                String.join("/", parts.subList(n - 3, n)),
                                file,
                                split,
                                label)));
  }

  /** The folder that has the most of the six class folders; the outermost of several. */
  private static String root(List<Placed> placed) {
    Map<String, Set<String>> folders =
        new TreeMap<>(Comparator.comparing(String::length).thenComparing(s -> s));
    for (Placed p : placed) {
      folders.computeIfAbsent(p.root(), r -> new HashSet<>()).add(p.split() + "/" + p.label());
    }
    String best = "";
    int most = 0;
    for (Map.Entry<String, Set<String>> entry : folders.entrySet()) {
      if (entry.getValue().size() > most) {
        best = entry.getKey();
        most = entry.getValue().size();
      }
    }
    return best;
  }

  private static Set<String> nestedRoots(String root) {
    if (root.isEmpty()) {
      return Set.of("chest_xray");
    }
    // The archive repeats its own top folder, which a user may have renamed.
    String last = root.substring(root.lastIndexOf('/') + 1);
    return new HashSet<>(List.of(root + "/chest_xray", root + "/" + last));
  }

  private static void sort(Placed p, List<Candidate> images, List<Quarantined> quarantined) {
    XrayName name = XrayName.parse(p.path());
    if (!isImageName(p.path())) {
      quarantined.add(
          new Quarantined(p.path(), Reason.NO_IMAGE, "its extension is none of jpeg, jpg, png"));
    } else if (name.contradicts(p.label())) {
      quarantined.add(
          new Quarantined(
              p.path(),
              Reason.MISNAMED,
              "its name says "
                  + name.slice().orElseThrow().key()
                  + ", its folder says "
                  + p.label()));
    } else {
      images.add(new Candidate(p.path(), p.file(), p.split(), p.label(), name));
    }
  }

  private static boolean isImageName(String name) {
    int dot = name.lastIndexOf('.');
    return dot >= 0 && EXTENSIONS.contains(name.substring(dot + 1).toLowerCase(Locale.ROOT));
  }
}
