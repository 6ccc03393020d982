package io.github.deepxray.datasets;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.ImageFormats;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.datasets.DatasetAudit.Quarantined;
import io.github.deepxray.datasets.DatasetAudit.Reason;
import io.github.deepxray.datasets.DatasetAudit.Skipped;
import io.github.deepxray.datasets.DatasetOptions.FolderLayout;
import io.github.deepxray.datasets.DatasetOptions.OfficialVal;
import io.github.deepxray.datasets.internal.source.FileSource;
import io.github.deepxray.datasets.internal.source.SourceFile;
import io.github.deepxray.datasets.source.Junk;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Images of a source with the information from folders, columns and names, and the files that do
 * not belong to the data set.
 *
 * @param images the files to read, by path
 * @param quarantined files quarantined for their place or name, by path
 * @param skipped files that do not belong to the data set
 * @param profile the description of the data set
 * @param drawTest whether the source has no splits; all images are then in the train split
 * @param origins the origins of splits and patients
 */
record SourceLayout(
    List<SourceImage> images,
    List<Quarantined> quarantined,
    Skipped skipped,
    DatasetProfile profile,
    boolean drawTest,
    Origins origins) {
  /** Number of validation images in the Kaggle archive, which are too few. */
  private static final int KAGGLE_VALIDATION = 16;

  /**
   * File of an image.
   *
   * @param path the path from the split folder on
   */
  record SourceImage(String path, SourceFile file, Split split, Label label, XrayName name) {
    /** Patient; unique to this image if unknown. */
    String patient() {
      return name.patient().orElse("unknown:" + path);
    }

    /** Adds the information of the file name, if file names are informative. */
    SourceImage named(boolean tell) {
      XrayName parsed = XrayName.parse(path);
      return tell
          ? new SourceImage(
              path,
              file,
              split,
              label,
              new XrayName(name.patient().or(parsed::patient), parsed.slice()))
          : this;
    }
  }

  /**
   * Sources of splits and patients, for messages.
   *
   * @param layout the layout of the source
   * @param splits {@code folders}, {@code the column split}; empty if there are none
   * @param patients likewise
   */
  record Origins(String layout, String splits, String patients) {}

  /** Class names. */
  ClassNames classes() {
    return profile.classes();
  }

  /** File in a class folder below a root, before its name is parsed. */
  private record Placed(String root, SourceImage sourceImage) {
    String path() {
      return sourceImage.path();
    }
  }

  /**
   * Classifies the files of a source.
   *
   * @param options the classes and the layout from the user
   * @throws DeepXrayException if there are fewer than two classes, or the folders can be read in
   *     several ways
   */
  static SourceLayout of(FileSource source, DatasetOptions options) {
    if (source instanceof LabelledSource labelled) {
      if (options.layout().isPresent()) {
        throw new DeepXrayException(
            source.name() + " contains the classes of its images; omit --layout.");
      }
      return of(labelled, options.classes());
    }
    return ofFolders(source, options);
  }

  /**
   * Takes all images of a source, whatever their folders. They have no classes: their label is 0.
   *
   * @param classes the classes that they may be of
   */
  static SourceLayout unlabelled(FileSource source, ClassNames classes) {
    Map<Junk, Integer> junk = new EnumMap<>(Junk.class);
    Map<String, Integer> other = new TreeMap<>();
    List<SourceImage> images = new ArrayList<>();
    String patients = "";
    if (source instanceof LabelledSource labelled) {
      labelled.entries().forEach(e -> images.add(unlabelled(e.file(), e.patient())));
      boolean known = images.stream().anyMatch(image -> image.name().patient().isPresent());
      patients = known ? labelled.patientOrigin() : "";
    } else {
      for (SourceFile file : source.files()) {
        Optional<Junk> kind = Junk.of(file.path());
        if (kind.isPresent()) {
          junk.merge(kind.get(), 1, Integer::sum);
        } else if (ImageFormats.isImageName(file.path())) {
          images.add(unlabelled(file, Optional.empty()));
        } else {
          other.merge(ImageFormats.extension(file.path()), 1, Integer::sum);
        }
      }
    }
    return new SourceLayout(
        List.copyOf(images),
        List.of(),
        new Skipped(0, 0, junk, other),
        DatasetProfile.of(classes),
        true,
        new Origins(source.kind(), "", patients));
  }

  private static SourceImage unlabelled(SourceFile file, Optional<String> patient) {
    return new SourceImage(
        file.path(), file, Split.TEST, Label.NEGATIVE, new XrayName(patient, Optional.empty()));
  }

  private static SourceLayout ofFolders(FileSource source, DatasetOptions options) {
    LayoutFinder.LayoutWithClasses found =
        LayoutFinder.find(source, options.classes(), options.layout());
    FolderLayout layout = found.layout();
    DatasetProfile profile = DatasetProfile.of(found.classes());
    ClassNames classes = profile.classes();
    Map<Junk, Integer> junk = new EnumMap<>(Junk.class);
    Map<String, Integer> other = new TreeMap<>();
    List<Placed> placed = new ArrayList<>();
    List<Quarantined> quarantined = new ArrayList<>();
    for (SourceFile file : source.files()) {
      Optional<Junk> kind = Junk.of(file.path());
      Optional<Placed> place = place(found, file);
      if (kind.isPresent()) {
        junk.merge(kind.get(), 1, Integer::sum);
      } else if (place.isPresent()) {
        placed.add(place.get());
      } else if (ImageFormats.isImageName(file.path()) && !layout.leavesOutOthers()) {
        quarantined.add(misplaced(file, layout, classes));
      } else {
        other.merge(ImageFormats.extension(file.path()), 1, Integer::sum);
      }
    }
    List<SourceImage> images = new ArrayList<>();
    List<String> nested = nested(root(placed), placed, images, quarantined);
    boolean kaggle = areNamedAsInKaggle(profile, images);
    images.replaceAll(image -> image.named(kaggle));
    images.removeIf(image -> isSetAside(image, classes, quarantined));
    images.sort(Comparator.comparing(SourceImage::path));
    quarantined.sort(Comparator.comparing(Quarantined::file));
    Set<String> paths = images.stream().map(SourceImage::path).collect(Collectors.toSet());
    int repeated = (int) nested.stream().filter(paths::contains).count();
    return new SourceLayout(
        List.copyOf(images),
        List.copyOf(quarantined),
        new Skipped(nested.size(), repeated, junk, other),
        profile,
        !layout.hasSplits(),
        origins(source, layout, kaggle));
  }

  private static Origins origins(FileSource source, FolderLayout layout, boolean kaggle) {
    return new Origins(
        source.kind() + " of " + layout + "/<image>",
        layout.hasSplits() ? "folders" : "",
        layout.hasPatients() ? "folders" : kaggle ? "file names" : "");
  }

  private static Quarantined misplaced(SourceFile file, FolderLayout layout, ClassNames classes) {
    String expected = classes.size() > 5 ? "" : " of " + String.join(" or ", classes.list());
    return new Quarantined(
        file.path(), Reason.MISPLACED, "it lies in no folder " + layout + expected);
  }

  private static Optional<Placed> place(LayoutFinder.LayoutWithClasses found, SourceFile file) {
    return found
        .layout()
        .match(file.folders())
        .flatMap(
            match -> {
              String root = match.root();
              String path = root.isEmpty() ? file.path() : file.path().substring(root.length() + 1);
              return found
                  .classes()
                  .label(match.className())
                  .map(
                      label ->
                          new Placed(
                              root,
                              new SourceImage(
                                  path,
                                  file,
                                  match.split(),
                                  label,
                                  new XrayName(match.patient(), Optional.empty()))));
            });
  }

  /**
   * Whether file names encode class and patient as in the Kaggle archive. Other data sets have
   * names like {@code IM-0001-0001} for all classes, from DICOM viewers.
   */
  private static boolean areNamedAsInKaggle(DatasetProfile profile, List<SourceImage> images) {
    int rightly = 0;
    int wrongly = 0;
    for (SourceImage image : images) {
      XrayName name = XrayName.parse(image.path());
      if (image.label().equals(Label.POSITIVE) && name.slice().isPresent()) {
        wrongly += name.contradicts(image.label()) ? 1 : 0;
        rightly += name.contradicts(image.label()) ? 0 : 1;
      }
    }
    return profile.patients() == DatasetProfile.Patients.FILE_NAMES && rightly > wrongly;
  }

  /** Layout of a labelled source. */
  private static SourceLayout of(LabelledSource source, Optional<ClassNames> wanted) {
    DatasetProfile profile = DatasetProfile.of(source.classes(wanted));
    ClassNames classes = profile.classes();
    boolean drawTest = source.entries().stream().allMatch(e -> e.split().isEmpty());
    List<SourceImage> images = new ArrayList<>();
    for (LabelledSource.Entry entry : source.entries()) {
      images.add(
          new SourceImage(
              entry.file().path(),
              entry.file(),
              entry.split().orElse(Split.TRAIN),
              source.label(entry, classes),
              new XrayName(entry.patient(), Optional.empty())));
    }
    boolean known = images.stream().anyMatch(image -> image.name().patient().isPresent());
    boolean kaggle = areNamedAsInKaggle(profile, images);
    images.replaceAll(image -> image.named(kaggle));
    return new SourceLayout(
        List.copyOf(images),
        List.of(),
        new Skipped(0, 0, Map.of(), Map.of()),
        profile,
        drawTest,
        new Origins(
            source.kind(),
            drawTest ? "" : source.splitOrigin(),
            known ? source.patientOrigin() : kaggle ? "file names" : ""));
  }

  /**
   * Decides the use of the validation images.
   *
   * @param wanted the option of the user
   */
  OfficialVal officialVal(OfficialVal wanted) {
    if (wanted != OfficialVal.AUTO) {
      return wanted;
    }
    List<SourceImage> own = images.stream().filter(i -> i.split() == Split.VALIDATION).toList();
    boolean kaggle =
        profile.hasSlices()
            && own.size() <= KAGGLE_VALIDATION
            && own.stream().allMatch(i -> i.path().startsWith("val/"))
            // A Kaggle archive by its file names; its val folder may have other names.
            && images.stream()
                .anyMatch(i -> i.split() == Split.TRAIN && i.name().patient().isPresent());
    return own.isEmpty() || kaggle ? OfficialVal.TRAIN : OfficialVal.VALIDATION;
  }

  /**
   * Rejects options without effect.
   *
   * @throws DeepXrayException if an option has no effect; the message gives the reason
   */
  void refuseUnused(String source, DatasetOptions options) {
    if (!drawTest && options.testFraction().isPresent()) {
      throw new DeepXrayException(
          source + " has its own test split, so none is drawn; omit --test-fraction.");
    }
    if (options.officialVal() == OfficialVal.VALIDATION
        && images.stream().noneMatch(i -> i.split() == Split.VALIDATION)) {
      throw new DeepXrayException(
          source + " has no validation split; omit --official-val validation.");
    }
  }

  /**
   * Rejects a source without images of a class in the train or the test split.
   *
   * @param source the name of the source in messages
   * @throws DeepXrayException if a class has none
   */
  void refuseMissing(String source) {
    for (Split split : drawTest ? List.of(Split.TRAIN) : List.of(Split.TRAIN, Split.TEST)) {
      for (Label label : classes().labels()) {
        if (images.stream().noneMatch(i -> i.split() == split && i.label().equals(label))) {
          throw new DeepXrayException(
              "%s has no images in %s/%s%s"
                  .formatted(
                      source,
                      split.key(),
                      classes().of(label),
                      classes().size() == 2
                          ? "; give the Kaggle archive chest-xray-pneumonia.zip or a folder like"
                              + " it."
                          : "; the train and the test split need images of every class."));
        }
      }
    }
  }

  /**
   * Describes the source; the fingerprint covers the images, files quarantined by name, and skipped
   * files.
   *
   * @param kind the kind of source
   * @param hashes the hash of each file by its path
   */
  DatasetManifest.Source source(String kind, Map<String, String> hashes) {
    MessageDigest digest = Hashes.newSha256();
    for (Map.Entry<String, String> entry : new TreeMap<>(hashes).entrySet()) {
      digest.update(utf8(entry.getKey() + "\n" + entry.getValue() + "\n"));
    }
    for (Quarantined q : quarantined) {
      digest.update(utf8(q.file() + "\n" + q.reason().key() + "\n"));
    }
    digest.update(utf8(Json.compact(skipped)));
    return new DatasetManifest.Source(kind, Hashes.hex(digest.digest()));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Root with the most class folders of splits; the outermost of several. */
  private static String root(List<Placed> placed) {
    Map<String, Set<String>> folders =
        new TreeMap<>(Comparator.comparing(String::length).thenComparing(s -> s));
    for (Placed p : placed) {
      SourceImage image = p.sourceImage();
      folders
          .computeIfAbsent(p.root(), r -> new HashSet<>())
          .add(image.split() + "/" + image.label());
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

  /** Separates files by their root; returns the paths of files in a nested copy. */
  private static List<String> nested(
      String root, List<Placed> placed, List<SourceImage> images, List<Quarantined> quarantined) {
    Set<String> nestedRoots = nestedRoots(root);
    List<String> nested = new ArrayList<>();
    for (Placed p : placed) {
      if (p.root().equals(root)) {
        images.add(p.sourceImage());
      } else if (nestedRoots.contains(p.root())) {
        nested.add(p.path());
      } else {
        quarantined.add(
            new Quarantined(
                p.sourceImage().file().path(),
                Reason.MISPLACED,
                "it lies outside " + (root.isEmpty() ? "the top folder" : root)));
      }
    }
    return nested;
  }

  private static boolean isSetAside(
      SourceImage image, ClassNames classes, List<Quarantined> quarantined) {
    if (!ImageFormats.isImageName(image.path())) {
      quarantined.add(
          new Quarantined(
              image.path(),
              Reason.NO_IMAGE,
              "its extension is none of " + String.join(", ", ImageFormats.extensions())));
      return true;
    }
    if (image.name().contradicts(image.label())) {
      quarantined.add(
          new Quarantined(
              image.path(),
              Reason.MISNAMED,
              "its name is of class %s, its folder of class %s"
                  .formatted(image.name().slice().orElseThrow().key(), classes.of(image.label()))));
      return true;
    }
    return false;
  }

  /**
   * Describes the layout in several lines: classes, splits, patients and excluded files.
   *
   * @param source the name of the source in messages
   * @param val the use of its validation images
   */
  List<String> table(String source, OfficialVal val) {
    List<String> lines = new ArrayList<>(table(source));
    lines.add(lines.size() - 2, "  splits    " + splitsLine(val));
    return lines;
  }

  /** Describes the layout without its splits. */
  List<String> table(String source) {
    List<String> lines = new ArrayList<>();
    lines.add(source + ": " + DatasetTable.count(images.size()) + " images, " + origins.layout());
    lines.add("  classes   " + classesLine());
    if (profile.hasHealthyPositive()) {
      lines.add(
          ("            %s is the positive class, although its name means that nothing is "
                  + "found; --classes <negative>,<positive> changes that")
              .formatted(classes().positive()));
    }
    lines.add("  patients  " + patientsLine());
    lines.add("  excluded  " + excludedLine());
    return lines;
  }

  private String classesLine() {
    StringBuilder text = new StringBuilder();
    for (Label label : classes().labels()) {
      if (label.index() == 10) {
        return text + " and " + (classes().size() - 10) + " more";
      }
      long members = images.stream().filter(i -> i.label().equals(label)).count();
      text.append(label.index() == 0 ? "" : ", ")
          .append(label.index())
          .append(" = ")
          .append(classes().of(label))
          .append(" (")
          .append(DatasetTable.count(members))
          .append(profile.positive().equals(Optional.of(label)) ? ", positive)" : ")");
    }
    return text.toString();
  }

  private String splitsLine(OfficialVal val) {
    if (drawTest) {
      return "none given: test and validation are drawn by patient";
    }
    String counts =
        Stream.of(Split.values())
            .map(
                s ->
                    "%s %s"
                        .formatted(
                            s.key(),
                            DatasetTable.count(
                                images.stream().filter(i -> i.split() == s).count())))
            .collect(Collectors.joining(", "));
    boolean own = images.stream().anyMatch(i -> i.split() == Split.VALIDATION);
    return counts
        + " by "
        + origins.splits()
        + (val == OfficialVal.VALIDATION
            ? ""
            : own
                ? "; those of validation are trained on, others are drawn by patient"
                : "; validation is drawn by patient from train");
  }

  private String patientsLine() {
    List<String> known =
        images.stream().map(i -> i.name().patient()).flatMap(Optional::stream).toList();
    if (known.isEmpty()) {
      return "none given: each image counts as its own patient";
    }
    return DatasetTable.count(known.stream().distinct().count())
        + " by "
        + origins.patients()
        + (known.size() == images.size()
            ? ""
            : "; %s images count as one each"
                .formatted(DatasetTable.count(images.size() - known.size())));
  }

  private String excludedLine() {
    List<String> parts = new ArrayList<>(skipped.phrases());
    DatasetAudit.reasons(quarantined)
        .forEach((reason, files) -> parts.add(DatasetTable.count(files) + " " + reason.key()));
    return parts.isEmpty() ? "nothing" : String.join(", ", parts);
  }
}
