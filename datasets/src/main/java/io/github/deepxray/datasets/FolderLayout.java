package io.github.deepxray.datasets;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the folders above an image say, the outermost first: {@code split/class}, {@code
 * class/patient}. Folders above those may be there and say nothing.
 *
 * @param levels {@code split}, {@code class} and {@code patient}, each at most once and {@code
 *     class} always; {@code *} for a folder of any name that says nothing; any other word is the
 *     name of a folder, and images in others are left out
 */
public record FolderLayout(List<String> levels) {
  /** {@code split/class}, the layout of the Kaggle archive. */
  public static final FolderLayout SPLIT_CLASS = parse("split/class");

  private static final String SPLIT_LEVEL = "split";
  private static final String CLASS_LEVEL = "class";
  private static final String PATIENT_LEVEL = "patient";
  private static final String ANY = "*";

  /** Checks that there is one class, and no level twice. */
  public FolderLayout {
    levels = List.copyOf(levels);
    if (Collections.frequency(levels, CLASS_LEVEL) != 1
        || Collections.frequency(levels, SPLIT_LEVEL) > 1
        || Collections.frequency(levels, PATIENT_LEVEL) > 1
        || levels.stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException(
          "a layout is folders divided by /, one of them class, such as split/class or"
              + " class/patient, not "
              + String.join("/", levels));
    }
  }

  /**
   * Reads a layout.
   *
   * @param text the levels, divided by {@code /}
   * @throws IllegalArgumentException if it is none
   */
  @JsonCreator
  public static FolderLayout parse(String text) {
    return new FolderLayout(List.of(text.split("/", -1)));
  }

  /** The levels, divided by {@code /}. */
  @JsonValue
  @Override
  public String toString() {
    return String.join("/", levels);
  }

  /** Whether folders name the split. */
  public boolean hasSplits() {
    return levels.contains(SPLIT_LEVEL);
  }

  /** Whether folders name the patient. */
  public boolean hasPatients() {
    return levels.contains(PATIENT_LEVEL);
  }

  /** Whether it names a folder, so that images in others are meant to be left out. */
  boolean leavesOutOthers() {
    return !Set.of(SPLIT_LEVEL, CLASS_LEVEL, PATIENT_LEVEL, ANY).containsAll(levels);
  }

  /**
   * What the folders of an image say.
   *
   * @param root the folders above, divided by {@code /}
   * @param split what the split's folder says; train if there is none
   */
  record Match(String root, Split split, String className, Optional<String> patient) {}

  /**
   * Reads the folders of an image.
   *
   * @param folders the outermost first
   * @return empty if they are not laid out so
   */
  Optional<Match> match(List<String> folders) {
    int above = folders.size() - levels.size();
    if (above < 0) {
      return Optional.empty();
    }
    boolean fits = true;
    Split split = Split.TRAIN;
    String className = "";
    Optional<String> patient = Optional.empty();
    for (int i = 0; i < levels.size(); i++) {
      String folder = folders.get(above + i);
      switch (levels.get(i)) {
        case SPLIT_LEVEL -> {
          Optional<Split> named = Split.named(folder);
          fits &= named.isPresent();
          split = named.orElse(split);
        }
        case CLASS_LEVEL -> className = folder;
        case PATIENT_LEVEL -> patient = Optional.of(folder);
        case ANY -> {
          // It says nothing.
        }
        default -> fits &= folder.equals(levels.get(i));
      }
    }
    String root = String.join("/", folders.subList(0, above));
    return fits ? Optional.of(new Match(root, split, className, patient)) : Optional.empty();
  }
}
