package io.github.deepxray.datasets;

import io.github.deepxray.core.image.ImageNote;
import io.github.deepxray.core.internal.Keyed;
import io.github.deepxray.datasets.source.Junk;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Result of the audit of a source, before the split by patient. Lists are sorted by path or name.
 *
 * @param files the number of files in image folders: those of {@code folders} and the bad ones of
 *     {@code quarantined}
 * @param folders the content of each folder of a split and class, without bad files
 * @param identical groups of files with the same image
 * @param patientsAcrossSplits patients with files in several of the source's splits
 * @param quarantined files that are excluded from the shards, each with its reason
 * @param skipped files that do not belong to the data set
 */
public record DatasetAudit(
    int files,
    List<Folder> folders,
    List<IdenticalGroup> identical,
    List<PatientOverlap> patientsAcrossSplits,
    List<Quarantined> quarantined,
    Skipped skipped) {
  /** Copies the lists. */
  public DatasetAudit {
    folders = List.copyOf(folders);
    identical = List.copyOf(identical);
    patientsAcrossSplits = List.copyOf(patientsAcrossSplits);
    quarantined = List.copyOf(quarantined);
    requireCounts(files);
  }

  static void requireCounts(int... numbers) {
    for (int number : numbers) {
      if (number < 0) {
        throw new IllegalArgumentException("negative count: " + number);
      }
    }
  }

  static void requireCounts(Collection<Integer> numbers) {
    requireCounts(numbers.stream().mapToInt(Integer::intValue).toArray());
  }

  /** Number of images without a known patient; each counts as its own patient. */
  public int unknownPatients() {
    return folders.stream().mapToInt(Folder::unknownPatients).sum();
  }

  /** Number of quarantined files by reason. */
  public Map<Reason, Integer> reasons() {
    return reasons(quarantined);
  }

  static Map<Reason, Integer> reasons(List<Quarantined> quarantined) {
    Map<Reason, Integer> reasons = new EnumMap<>(Reason.class);
    quarantined.forEach(q -> reasons.merge(q.reason(), 1, Integer::sum));
    return reasons;
  }

  /** Number of quarantined files that count against {@link DatasetOptions#maxBad()}. */
  public int badFiles() {
    return (int) quarantined.stream().filter(q -> q.reason().bad()).count();
  }

  /**
   * Images of a class in a split of the source.
   *
   * @param split the source's split
   * @param label the class
   * @param images the number of readable, correctly named images
   * @param patients the number of known patients
   * @param unknownPatients the number of images without a known patient; each counts as its own
   *     patient
   * @param bytes the total size of the images
   * @param slices the number of images of each slice by its key; empty if the data set has none
   * @param formats the number of images of each file format, {@code jpeg} or {@code png}
   * @param channels the number of images of each number of channels
   * @param notes the number of images with each decoding note
   * @param sizes the sizes of the images
   */
  public record Folder(
      Split split,
      Label label,
      int images,
      int patients,
      int unknownPatients,
      long bytes,
      Map<String, Integer> slices,
      Map<String, Integer> formats,
      Map<Integer, Integer> channels,
      Map<ImageNote, Integer> notes,
      Sizes sizes) {
    /** Checks that the numbers are counts. */
    public Folder {
      requireCounts(images, patients, unknownPatients);
      requireCounts(slices.values());
      requireCounts(formats.values());
      requireCounts(channels.keySet());
      requireCounts(channels.values());
      requireCounts(notes.values());
      if (bytes < 0) {
        throw new IllegalArgumentException(bytes + " bytes");
      }
    }
  }

  /**
   * The sizes of images.
   *
   * @param height the range of heights in pixels
   * @param width the range of widths in pixels
   * @param distinct the number of different sizes
   * @param common the most frequent sizes, at most 20, the most frequent first
   */
  public record Sizes(SizeRange height, SizeRange width, int distinct, List<SizeCount> common) {
    /** Copies the list and checks the number. */
    public Sizes {
      common = List.copyOf(common);
      requireCounts(distinct);
    }
  }

  /**
   * Range of whole numbers.
   *
   * @param min the smallest
   * @param median the middle one; of two the smaller
   * @param max the largest
   */
  public record SizeRange(int min, int median, int max) {
    /** Checks the order. */
    public SizeRange {
      if (min < 0 || median < min || max < median) {
        throw new IllegalArgumentException("invalid range: " + min + ", " + median + ", " + max);
      }
    }
  }

  /**
   * Number of images of a size.
   *
   * @param height in pixels
   * @param width in pixels
   * @param images the number
   */
  public record SizeCount(int height, int width, int images) {
    /** Checks that the numbers are counts. */
    public SizeCount {
      requireCounts(height, width, images);
    }
  }

  /**
   * Files with the same image, pixel by pixel.
   *
   * @param sha256 the hash of size and pixels
   * @param files the paths
   * @param acrossSplits whether they lie in several of the source's splits
   */
  public record IdenticalGroup(String sha256, List<String> files, boolean acrossSplits) {}

  /**
   * Patient with files in several of the source's splits.
   *
   * @param patient the patient's id in the file names
   * @param images the number of images in each split
   */
  public record PatientOverlap(String patient, Map<Split, Integer> images) {
    /** Checks that the numbers are counts. */
    public PatientOverlap {
      requireCounts(images.values());
    }
  }

  /**
   * File that is excluded from the shards.
   *
   * @param file the path
   * @param reason the kind of problem
   * @param detail the description of the problem
   */
  public record Quarantined(String file, Reason reason, String detail) {}

  /** Reason of a quarantine. */
  public enum Reason implements Keyed {
    /** The file name contradicts the class of the folder. */
    MISNAMED,
    /** The image is in no folder of a split and class. */
    MISPLACED,
    /** The file is in a class folder, but its extension is no image format's. */
    NO_IMAGE,
    /** The image cannot be read or decoded. */
    UNREADABLE,
    /** The size in the header exceeds the limits. */
    TOO_LARGE,
    /** The same image occurs in two classes. */
    TWO_LABELS,
    /** The same image is in the test split. */
    IMAGE_IN_TEST,
    /** The patient is in the test split. */
    PATIENT_IN_TEST;

    /**
     * Whether the file itself is bad. Files that are excluded from training only because of the
     * test split are not.
     */
    public boolean bad() {
      return this != IMAGE_IN_TEST && this != PATIENT_IN_TEST;
    }
  }

  /**
   * Files that do not belong to the data set.
   *
   * @param nestedCopy the number of files in the second copy that the Kaggle archive contains
   * @param nestedCopyRepeats the number of those that repeat a path of the first copy
   * @param junk the number of files of operating systems and programs, by kind
   * @param other the number of other files outside the class folders, such as a README, or in
   *     folders that the layout excludes, by extension in lower case
   */
  public record Skipped(
      int nestedCopy, int nestedCopyRepeats, Map<Junk, Integer> junk, Map<String, Integer> other) {
    private static final int MOST_KINDS = 10;

    /** Checks that the numbers are counts. */
    public Skipped {
      junk = Collections.unmodifiableMap(new TreeMap<>(junk));
      other = Collections.unmodifiableMap(new TreeMap<>(other));
      requireCounts(nestedCopy, nestedCopyRepeats);
      requireCounts(junk.values());
      requireCounts(other.values());
    }

    /** Formats a phrase for each kind, such as {@code 3 .txt}; rare kinds are combined. */
    List<String> phrases() {
      List<String> phrases = new ArrayList<>();
      if (nestedCopy > 0) {
        phrases.add(
            String.format(
                Locale.ROOT,
                "%,d in a nested copy (%,d repeat the first)",
                nestedCopy,
                nestedCopyRepeats));
      }
      junk.forEach((kind, files) -> phrases.add(phrase(files, kind.key())));
      int[] rest = {0};
      List<String> frequent =
          other.entrySet().stream()
              .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
              .map(Map.Entry::getKey)
              .limit(MOST_KINDS)
              .toList();
      other.forEach(
          (end, files) -> {
            if (frequent.contains(end)) {
              phrases.add(phrase(files, end.isEmpty() ? "without extension" : "." + end));
            } else {
              rest[0] += files;
            }
          });
      if (rest[0] > 0) {
        phrases.add(phrase(rest[0], "of other kinds"));
      }
      return phrases;
    }

    /** Formats all phrases, or a text for none. */
    public String summary() {
      List<String> phrases = phrases();
      return phrases.isEmpty() ? "nothing" : String.join(", ", phrases);
    }

    private static String phrase(int files, String kind) {
      return String.format(Locale.ROOT, "%,d %s", files, kind);
    }
  }
}
