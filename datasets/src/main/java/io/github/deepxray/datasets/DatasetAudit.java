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
 * What was found in a source, before anything was moved between its splits. Lists are sorted by
 * path or name.
 *
 * @param files files that lie where images lie: those of {@code folders} and the bad ones of {@code
 *     quarantined}
 * @param folders what each folder of a split and class holds, without bad files
 * @param identical groups of files that show the same image
 * @param patientsAcrossSplits patients with files in several of the source's splits
 * @param quarantined files that are in no shard, each with its reason
 * @param skipped files that are no part of the data set
 */
public record DatasetAudit(
    int files,
    List<Folder> folders,
    List<IdenticalGroup> identical,
    List<PatientOverlap> patientsAcrossSplits,
    List<Quarantined> quarantined,
    Skipped skipped) {
  /** Takes copies of the lists. */
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
        throw new IllegalArgumentException("there cannot be " + number);
      }
    }
  }

  static void requireCounts(Collection<Integer> numbers) {
    requireCounts(numbers.stream().mapToInt(Integer::intValue).toArray());
  }

  /** The number of images that nothing says the patient of; each counts as a patient of its own. */
  public int unknownPatients() {
    return folders.stream().mapToInt(Folder::unknownPatients).sum();
  }

  /** The number of quarantined files for each reason that there is. */
  public Map<Reason, Integer> reasons() {
    return reasons(quarantined);
  }

  static Map<Reason, Integer> reasons(List<Quarantined> quarantined) {
    Map<Reason, Integer> reasons = new EnumMap<>(Reason.class);
    quarantined.forEach(q -> reasons.merge(q.reason(), 1, Integer::sum));
    return reasons;
  }

  /** The number of quarantined files that count against {@link DatasetOptions#maxBad()}. */
  public int badFiles() {
    return (int) quarantined.stream().filter(q -> q.reason().bad()).count();
  }

  /**
   * The images of a split's class in the source.
   *
   * @param split the source's split
   * @param label its class
   * @param images readable, rightly named images
   * @param patients patients that the names tell
   * @param unknownPatients images whose name tells no patient; each counts as its own
   * @param bytes of all images together
   * @param slices images of each finer class by its key; empty if the data set has none
   * @param formats images of each file format, {@code jpeg} or {@code png}
   * @param channels images of each number of channels
   * @param notes images that were turned, are dark or of several pages
   * @param sizes their sizes
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
   * @param distinct how many different sizes there are
   * @param common the most frequent sizes, at most 20, the most frequent first
   */
  public record Sizes(Range height, Range width, int distinct, List<SizeCount> common) {
    /** Copies the list and checks the number. */
    public Sizes {
      common = List.copyOf(common);
      requireCounts(distinct);
    }
  }

  /**
   * A range of whole numbers.
   *
   * @param min the least
   * @param median the middle one; of two the lesser
   * @param max the greatest
   */
  public record Range(int min, int median, int max) {
    /** Checks the order. */
    public Range {
      if (min < 0 || median < min || max < median) {
        throw new IllegalArgumentException(
            "there is no range from " + min + " by " + median + " to " + max);
      }
    }
  }

  /**
   * How many images have a size.
   *
   * @param height in pixels
   * @param width in pixels
   * @param images their number
   */
  public record SizeCount(int height, int width, int images) {
    /** Checks that the numbers are counts. */
    public SizeCount {
      requireCounts(height, width, images);
    }
  }

  /**
   * Files that show the same image, pixel by pixel.
   *
   * @param sha256 of its size and pixels
   * @param files their paths
   * @param acrossSplits whether they lie in several of the source's splits
   */
  public record IdenticalGroup(String sha256, List<String> files, boolean acrossSplits) {}

  /**
   * A patient with files in several of the source's splits.
   *
   * @param patient as the names tell
   * @param images the number in each split
   */
  public record PatientOverlap(String patient, Map<Split, Integer> images) {
    /** Checks that the numbers are counts. */
    public PatientOverlap {
      requireCounts(images.values());
    }
  }

  /**
   * A file that is set aside.
   *
   * @param file its path
   * @param reason why
   * @param detail why, in words
   */
  public record Quarantined(String file, Reason reason, String detail) {}

  /** Why a file is set aside. */
  public enum Reason implements Keyed {
    /** Its name says another class than its folder. */
    MISNAMED,
    /** An image that lies in no folder of a split and class. */
    MISPLACED,
    /** A file in a class folder whose extension is not that of an image. */
    NO_IMAGE,
    /** It cannot be read or decoded. */
    UNREADABLE,
    /** Its header announces more pixels than allowed. */
    TOO_LARGE,
    /** The same image is there in two classes. */
    TWO_LABELS,
    /** The same image is in the test split. */
    IMAGE_IN_TEST,
    /** Its patient is in the test split. */
    PATIENT_IN_TEST;

    /**
     * Whether the file itself is at fault. Files that are only kept out of training for the test
     * split's sake are not.
     */
    public boolean bad() {
      return this != IMAGE_IN_TEST && this != PATIENT_IN_TEST;
    }
  }

  /**
   * Files that are no part of the data set.
   *
   * @param nestedCopy in the second copy that the Kaggle archive has inside itself
   * @param nestedCopyRepeats those of them that repeat a path of the first copy
   * @param junk of operating systems and programs, by kind
   * @param other outside the class folders and no images, such as a README, or in folders that the
   *     layout leaves out, by extension in lower case
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

    /** A phrase for each kind, such as {@code 3 .txt}; the rarer of many are put together. */
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

    /** All phrases, or that there is nothing. */
    public String summary() {
      List<String> phrases = phrases();
      return phrases.isEmpty() ? "nothing" : String.join(", ", phrases);
    }

    private static String phrase(int files, String kind) {
      return String.format(Locale.ROOT, "%,d %s", files, kind);
    }
  }
}
