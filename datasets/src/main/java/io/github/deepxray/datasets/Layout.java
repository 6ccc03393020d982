package io.github.deepxray.datasets;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.ImageFormat;
import io.github.deepxray.datasets.DatasetAudit.Quarantined;
import io.github.deepxray.datasets.DatasetAudit.Reason;
import io.github.deepxray.datasets.DatasetAudit.Skipped;
import io.github.deepxray.datasets.source.FileSource;
import io.github.deepxray.datasets.source.SourceFile;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Finds {@code <split>/<class>/<file>} in a source, or {@code <class>/<file>} where there are no
 * splits, and sorts out what is no part of it.
 *
 * @param images files to look into, by path
 * @param quarantined files set aside for their place or name, by path
 * @param skipped files that are no part of the data set
 * @param classes what the classes are called
 * @param drawTest whether the source has no splits; all images are then in the train split
 */
record Layout(
    List<Candidate> images,
    List<Quarantined> quarantined,
    Skipped skipped,
    ClassNames classes,
    boolean drawTest) {
  /** How many validation images the Kaggle archive has, which are too few. */
  private static final int KAGGLE_VALIDATION = 16;

  private static final XrayName NO_NAME = new XrayName(Optional.empty(), Optional.empty());

  /**
   * A file that should be an image.
   *
   * @param path from the split's folder on
   */
  record Candidate(String path, SourceFile file, Split split, Label label, XrayName name) {}

  /** A file in a class folder below some root. */
  private record Placed(String root, String path, SourceFile file, Split split, Label label) {}

  /** Where to look for classes: below folders of splits or not, and what they are called. */
  private record Plan(ClassNames classes, boolean splits) {
    boolean isDefault() {
      return classes.equals(ClassNames.DEFAULT);
    }

    XrayName parse(String path) {
      // What names say is known of one data set alone.
      return isDefault() ? XrayName.parse(path) : NO_NAME;
    }
  }

  /**
   * Sorts the files of a source.
   *
   * @param wanted what the user calls the classes, label 0 first
   * @throws DeepXrayException if there are not two classes or more, or one has no images in the
   *     train or the test split
   */
  static Layout of(FileSource source, Optional<ClassNames> wanted) {
    if (source instanceof LabelledSource labelled) {
      return of(labelled, wanted);
    }
    Plan plan = plan(source, wanted);
    int macosx = 0;
    int appleDouble = 0;
    int dsStore = 0;
    int other = 0;
    List<Placed> placed = new ArrayList<>();
    List<Quarantined> quarantined = new ArrayList<>();
    for (SourceFile file : source.files()) {
      List<String> parts = List.of(file.path().split("/"));
      String name = parts.get(parts.size() - 1);
      Optional<Placed> place = place(plan, file, parts);
      if (parts.contains("__MACOSX")) {
        macosx++;
      } else if (name.startsWith("._")) {
        appleDouble++;
      } else if (name.equals(".DS_Store")) {
        dsStore++;
      } else if (place.isPresent()) {
        placed.add(place.get());
      } else if (ImageFormat.isImageName(name)) {
        quarantined.add(
            new Quarantined(
                file.path(),
                Reason.MISPLACED,
                (plan.splits()
                        ? "it lies in no folder train, test or val / "
                        : "it lies in no folder ")
                    + String.join(" or ", plan.classes().list())));
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
        sort(plan, p, images, quarantined);
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
    refuseMissing(source.name(), images, plan.classes(), !plan.splits());
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
            other),
        plan.classes(),
        !plan.splits());
  }

  /** The images of a source that says their classes itself. */
  private static Layout of(LabelledSource source, Optional<ClassNames> wanted) {
    ClassNames classes = source.classes(wanted);
    boolean drawTest = source.entries().stream().allMatch(e -> e.split().isEmpty());
    boolean named = classes.equals(ClassNames.DEFAULT);
    List<Candidate> images = new ArrayList<>();
    for (LabelledSource.Entry entry : source.entries()) {
      String path = entry.file().path();
      XrayName name = named ? XrayName.parse(path) : NO_NAME;
      images.add(
          new Candidate(
              path,
              entry.file(),
              entry.split().orElse(Split.TRAIN),
              source.label(entry, classes),
              new XrayName(entry.patient().or(name::patient), name.slice())));
    }
    refuseMissing(source.name(), images, classes, drawTest);
    return new Layout(
        List.copyOf(images), List.of(), new Skipped(0, 0, 0, 0, 0, 0), classes, drawTest);
  }

  /**
   * What becomes of the validation images.
   *
   * @param wanted what the user says
   */
  OfficialVal officialVal(OfficialVal wanted) {
    if (wanted != OfficialVal.AUTO) {
      return wanted;
    }
    List<Candidate> own = images.stream().filter(i -> i.split() == Split.VALIDATION).toList();
    boolean kaggle =
        classes.equals(ClassNames.DEFAULT)
            && own.size() <= KAGGLE_VALIDATION
            && own.stream().allMatch(i -> i.path().startsWith("val/"))
            // Named as there; its val folder may have names of its own.
            && images.stream()
                .anyMatch(i -> i.split() == Split.TRAIN && i.name().patient().isPresent());
    return own.isEmpty() || kaggle ? OfficialVal.TRAIN : OfficialVal.VALIDATION;
  }

  /**
   * Refuses options that would have no effect.
   *
   * @throws DeepXrayException naming the option and why it has none
   */
  void refuseUnused(String source, DatasetOptions options) {
    if (!drawTest && options.testFraction().isPresent()) {
      throw new DeepXrayException(
          source + " has its own test split, so none is drawn; leave out --test-fraction.");
    }
    if (options.officialVal() == OfficialVal.VALIDATION
        && images.stream().noneMatch(i -> i.split() == Split.VALIDATION)) {
      throw new DeepXrayException(
          source + " has no validation split of its own; leave out --official-val validation.");
    }
  }

  private static void refuseMissing(
      String source, List<Candidate> images, ClassNames classes, boolean drawTest) {
    for (Split split : drawTest ? List.of(Split.TRAIN) : List.of(Split.TRAIN, Split.TEST)) {
      for (Label label : classes.labels()) {
        if (images.stream().noneMatch(i -> i.split() == split && i.label().equals(label))) {
          throw new DeepXrayException(
              source
                  + " has no images in "
                  + split.key()
                  + "/"
                  + classes.of(label)
                  + (classes.size() == 2
                      ? "; give the Kaggle archive chest-xray-pneumonia.zip or a folder like it."
                      : "; the train and the test split need images of every class."));
        }
      }
    }
  }

  /** Finds out how the source is laid out. */
  private static Plan plan(FileSource source, Optional<ClassNames> wanted) {
    Map<String, Set<String>> split = new TreeMap<>();
    Map<String, Set<String>> unsplit = new TreeMap<>();
    boolean known = false;
    for (SourceFile file : source.files()) {
      List<String> parts = List.of(file.path().split("/"));
      int n = parts.size();
      String name = parts.get(n - 1);
      if (n < 2 || parts.contains("__MACOSX") || name.startsWith("._")) {
        continue;
      }
      String folder = parts.get(n - 2);
      if (n > 2 && Split.named(parts.get(n - 3)).isPresent()) {
        known |= ClassNames.DEFAULT.label(folder).isPresent();
        if (ImageFormat.isImageName(name)) {
          String root = String.join("/", parts.subList(0, n - 3));
          split.computeIfAbsent(root, r -> new TreeSet<>()).add(folder);
        }
      } else if (ImageFormat.isImageName(name)) {
        String root = String.join("/", parts.subList(0, n - 2));
        unsplit.computeIfAbsent(root, r -> new TreeSet<>()).add(folder);
      }
    }
    if (known && wanted.isEmpty()) {
      return new Plan(ClassNames.DEFAULT, true);
    }
    boolean splits = !split.isEmpty();
    Set<String> names =
        (splits ? split : unsplit)
            .values().stream()
                .max(Comparator.<Set<String>>comparingInt(Set::size))
                .orElse(Set.of());
    if (names.isEmpty()) {
      throw new DeepXrayException(
          source.name()
              + " has no images in folders of classes; lay them out as <split>/<class>/<image> or"
              + " <class>/<image>, or list them in a CSV file of path,label.");
    }
    return new Plan(ClassNames.found(names, wanted, source.name()), splits);
  }

  private static Optional<Placed> place(Plan plan, SourceFile file, List<String> parts) {
    // The file, its class and, where there are some, its split.
    int within = parts.size() - (plan.splits() ? 3 : 2);
    if (within < 0) {
      return Optional.empty();
    }
    Optional<Split> split =
        plan.splits() ? Split.named(parts.get(within)) : Optional.of(Split.TRAIN);
    return split.flatMap(
        of ->
            plan.classes()
                .label(parts.get(parts.size() - 2))
                .map(
                    label ->
                        new Placed(
                            String.join("/", parts.subList(0, within)),
                            String.join("/", parts.subList(within, parts.size())),
                            file,
                            of,
                            label)));
  }

  /** The folder that has the most of the splits' class folders; the outermost of several. */
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

  private static void sort(
      Plan plan, Placed p, List<Candidate> images, List<Quarantined> quarantined) {
    XrayName name = plan.parse(p.path());
    if (!ImageFormat.isImageName(p.path())) {
      quarantined.add(
          new Quarantined(
              p.path(),
              Reason.NO_IMAGE,
              "its extension is none of jpeg, jpg, png, bmp, tif, tiff"));
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
}
