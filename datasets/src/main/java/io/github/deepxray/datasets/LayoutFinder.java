package io.github.deepxray.datasets;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.ImageFormats;
import io.github.deepxray.datasets.DatasetOptions.FolderLayout;
import io.github.deepxray.datasets.internal.source.FileSource;
import io.github.deepxray.datasets.internal.source.SourceFile;
import io.github.deepxray.datasets.source.Junk;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Detects which folders of a source are splits, classes and patients; ambiguous layouts are an
 * error.
 *
 * @param folders the folders of each image, except images in junk folders
 */
record LayoutFinder(FileSource source, Optional<ClassNames> wanted, List<List<String>> folders) {
  /** Up to this number, folders that all classes share are file types rather than patients. */
  private static final int KINDS_OF_FILES = 4;

  private static final Pattern ARCHIVE =
      Pattern.compile(".*\\.(zip|tar|tgz|gz|7z|rar|bz2|xz)", Pattern.CASE_INSENSITIVE);

  /**
   * Layout with its classes.
   *
   * @param layout the folder layout
   * @param classes the class names
   */
  record LayoutWithClasses(FolderLayout layout, ClassNames classes) {}

  /**
   * Detects the layout from the folders of all images.
   *
   * @param wanted the class names from the user, label 0 first
   * @param told the layout from the user
   * @throws DeepXrayException if there are no images in folders, or the layout is ambiguous
   */
  static LayoutWithClasses find(
      FileSource source, Optional<ClassNames> wanted, Optional<FolderLayout> told) {
    List<List<String>> folders = new ArrayList<>();
    for (SourceFile file : source.files()) {
      if (ImageFormats.isImageName(file.path()) && Junk.of(file.path()).isEmpty()) {
        folders.add(file.folders());
      }
    }
    LayoutFinder finder = new LayoutFinder(source, wanted, folders);
    if (told.isPresent()) {
      return new LayoutWithClasses(told.get(), finder.classes(told.get()));
    }
    Optional<ClassNames> known =
        DatasetProfile.known().stream()
            .map(DatasetProfile::classes)
            .filter(finder::areInSplits)
            .findFirst();
    if (wanted.isEmpty() && known.isPresent()) {
      return new LayoutWithClasses(FolderLayout.SPLIT_CLASS, known.get());
    }
    FolderLayout layout = finder.layout();
    return new LayoutWithClasses(layout, finder.classes(layout));
  }

  /** Whether most images are in folders of these classes inside split folders. */
  private boolean areInSplits(ClassNames classes) {
    long so =
        folders.stream()
            .map(FolderLayout.SPLIT_CLASS::match)
            .flatMap(Optional::stream)
            .filter(match -> classes.label(match.className()).isPresent())
            .count();
    return 2 * so > folders.size();
  }

  /** Classes of a layout, from the root that has the most. */
  private ClassNames classes(FolderLayout layout) {
    Map<String, Set<String>> names = new TreeMap<>();
    folders.stream()
        .map(layout::match)
        .flatMap(Optional::stream)
        .forEach(m -> names.computeIfAbsent(m.root(), r -> new TreeSet<>()).add(m.className()));
    Set<String> most =
        names.values().stream()
            .max(Comparator.<Set<String>>comparingInt(Set::size))
            .orElseThrow(
                () ->
                    new DeepXrayException(
                        "%s has no images in folders of classes (%s)%s"
                            .formatted(source.name(), layout, advice())));
    return ClassNames.found(most, wanted, source.name());
  }

  private String advice() {
    boolean hidden =
        folders.isEmpty()
            && source.files().stream()
                .map(SourceFile::path)
                .anyMatch(path -> ImageFormats.isImageName(path) && Junk.of(path).isPresent());
    if (hidden) {
      return ": all of its images lie in hidden or system folders; rename these.";
    }
    return source.files().stream()
        .map(SourceFile::path)
        .filter(path -> ARCHIVE.matcher(path).matches())
        .findFirst()
        .map(path -> ", but the archive " + path + "; unpack that one and give the folder.")
        .orElse(
            "; use the layout split/class or class, describe it with --layout, or list them in a"
                + " CSV file of path,label.");
  }

  private FolderLayout layout() {
    List<List<String>> split = new ArrayList<>();
    for (List<String> image : folders) {
      for (int i = image.size() - 2; i >= 0; i--) {
        if (Split.named(image.get(i)).isPresent()) {
          split.add(image.subList(i + 1, image.size()));
          break;
        }
      }
    }
    return split.isEmpty() ? below("", withoutRoot(folders)) : below("split/", split);
  }

  /** Removes the common outer folders. */
  private static List<List<String>> withoutRoot(List<List<String>> folders) {
    int common = 0;
    while (!folders.isEmpty()) {
      int level = common;
      if (folders.stream().anyMatch(f -> f.size() <= level + 1)
          || folders.stream().map(f -> f.get(level)).distinct().count() > 1) {
        break;
      }
      common++;
    }
    int level = common;
    return folders.stream().map(f -> f.subList(level, f.size())).toList();
  }

  /** Layout of the folders below a root or a split. */
  private FolderLayout below(String prefix, List<List<String>> images) {
    Map<Integer, Long> depths =
        images.stream().collect(Collectors.groupingBy(List::size, Collectors.counting()));
    int depth =
        depths.entrySet().stream()
            .max(Map.Entry.<Integer, Long>comparingByValue())
            .map(Map.Entry::getKey)
            .orElse(1);
    if (depth < 2) {
      return FolderLayout.parse(prefix + "class");
    }
    Map<String, Set<String>> inside = new TreeMap<>();
    images.stream()
        .filter(f -> f.size() == depth)
        .forEach(f -> inside.computeIfAbsent(f.get(0), k -> new TreeSet<>()).add(f.get(1)));
    if (depth > 2) {
      throw ambiguous(
          "images lie " + depth + " folders deep",
          List.of(prefix + "class/patient" + "/*".repeat(depth - 2)),
          inside);
    }
    return FolderLayout.parse(prefix + twoLevels(prefix, inside));
  }

  private String twoLevels(String prefix, Map<String, Set<String>> inside) {
    List<String> withClasses =
        inside.keySet().stream().filter(outer -> areClasses(inside.get(outer))).toList();
    if (inside.size() == 1) {
      return prefix.isEmpty() ? "class" : "*/class";
    } else if (withClasses.size() == 1 && !areClasses(inside.keySet())) {
      return prefix.isEmpty() ? "class" : withClasses.get(0) + "/class";
    }
    Set<String> all = new TreeSet<>();
    inside.values().forEach(all::addAll);
    if (prefix.isEmpty() && all.stream().allMatch(name -> Split.named(name).isPresent())) {
      return "class/split";
    }
    Set<String> shared = new TreeSet<>(all);
    inside.values().forEach(shared::retainAll);
    boolean kinds = shared.size() == all.size() && all.size() <= KINDS_OF_FILES;
    if (areClasses(inside.keySet()) && !kinds) {
      return "class/patient";
    }
    List<String> choices = new ArrayList<>();
    choices.add(prefix + "class/patient");
    choices.add(prefix + "patient/class");
    choices.add(prefix + "*/class");
    if (kinds) {
      shared.forEach(kind -> choices.add(prefix + "class/" + kind));
    }
    if (kinds && inside.size() <= KINDS_OF_FILES) {
      inside.keySet().forEach(kind -> choices.add(prefix + kind + "/class"));
    }
    throw ambiguous("the folder layout is ambiguous", choices, inside);
  }

  /** Whether these are the classes from the user, or of a known data set. */
  private boolean areClasses(Collection<String> names) {
    Stream<ClassNames> expected =
        wanted.map(Stream::of).orElse(DatasetProfile.known().stream().map(DatasetProfile::classes));
    return expected.anyMatch(classes -> new TreeSet<>(names).equals(new TreeSet<>(classes.list())));
  }

  private DeepXrayException ambiguous(
      String why, List<String> choices, Map<String, Set<String>> inside) {
    Map.Entry<String, Set<String>> first = inside.entrySet().iterator().next();
    return new DeepXrayException(
        ("%s: %s, such as %s/%s; choose the layout: --layout %s, or list the images "
                + "in a CSV file of path,label,patient.")
            .formatted(
                source.name(),
                why,
                first.getKey(),
                first.getValue().iterator().next(),
                String.join(" or ", choices)));
  }
}
