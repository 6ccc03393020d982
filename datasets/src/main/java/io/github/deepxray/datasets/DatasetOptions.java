package io.github.deepxray.datasets;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.Keyed;
import io.github.deepxray.datasets.source.SourceLimits;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How a data set is prepared. Start from {@link #DEFAULT} and change it with the {@code with}
 * methods.
 *
 * @param imageSize height and width of the stored images in pixels; an image of that size is stored
 *     as it is
 * @param jpegQuality of the images that are resized, 1..100
 * @param validationFraction the part of the train folder's images that is drawn for validation, 0
 *     to less than 1; drawn in each class and finer class by patient, so the real part differs a
 *     little
 * @param officialVal what becomes of the source's own validation split
 * @param seed decides which patients are drawn and in which order training images are stored
 * @param recordsPerShard the most records in one file
 * @param maxBad the part of the files, 0..1, that may be unreadable or misnamed; with more
 *     preparation fails
 * @param limits what the source may hold at most
 * @param classes what the classes are called, label 0 first; if empty, as in the source, by
 *     alphabet. TFRecords name none: there it gives the names
 * @param testFraction the part that is drawn for testing, more than 0 to less than 1, in each class
 *     and finer class by patient, of a source without splits; if empty {@link #TEST_FRACTION}
 * @param layout which folders are splits, classes and patients; if empty it is found out
 */
@RecordBuilder
public record DatasetOptions(
    int imageSize,
    int jpegQuality,
    double validationFraction,
    OfficialVal officialVal,
    long seed,
    int recordsPerShard,
    double maxBad,
    SourceLimits limits,
    @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<ClassNames> classes,
    @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<Double> testFraction,
    @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<FolderLayout> layout)
    implements DatasetOptionsBuilder.With {
  /** 224 pixels, quality 95, 10 % for validation, seed 0, 1,280 records a shard, 1 % bad files. */
  public static final DatasetOptions DEFAULT =
      new DatasetOptions(
          224,
          95,
          0.10,
          OfficialVal.AUTO,
          0,
          1280,
          0.01,
          SourceLimits.DEFAULT,
          Optional.empty(),
          Optional.empty(),
          Optional.empty());

  /** The part that is drawn for testing unless told otherwise. */
  public static final double TEST_FRACTION = 0.2;

  /**
   * Checks the ranges.
   *
   * @throws DeepXrayException if a value is out of range
   */
  public DatasetOptions {
    require(imageSize >= 1 && imageSize <= 4096, "imageSize must be from 1 to 4096", imageSize);
    require(
        jpegQuality >= 1 && jpegQuality <= 100, "jpegQuality must be from 1 to 100", jpegQuality);
    require(
        validationFraction >= 0 && validationFraction < 1,
        "validationFraction must be from 0 to below 1",
        validationFraction);
    require(recordsPerShard >= 1, "recordsPerShard must be at least 1", recordsPerShard);
    require(maxBad >= 0 && maxBad <= 1, "maxBad must be from 0 to 1", maxBad);
    double test = testFraction.orElse(TEST_FRACTION);
    require(test > 0 && test < 1, "testFraction must be above 0 and below 1", test);
  }

  private static void require(boolean condition, String rule, Number value) {
    if (!condition) {
      throw new DeepXrayException("Data: " + rule + ", not " + value + ".");
    }
  }

  /** These options with these names of the classes. */
  public DatasetOptions withClasses(ClassNames value) {
    return withClasses(Optional.of(value));
  }

  /** These options with another part for testing. */
  public DatasetOptions withTestFraction(double value) {
    return withTestFraction(Optional.of(value));
  }

  /** These options with this layout of the folders, instead of the one that is found. */
  public DatasetOptions withLayout(FolderLayout value) {
    return withLayout(Optional.of(value));
  }

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
        throw new DeepXrayException(
            "A layout is folders divided by /, one of them class, such as split/class or"
                + " class/patient, not "
                + String.join("/", levels)
                + ".");
      }
    }

    /**
     * Reads a layout.
     *
     * @param text the levels, divided by {@code /}
     * @throws DeepXrayException if it is none
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

  /** What becomes of the validation split that a data set brings along. */
  public enum OfficialVal implements Keyed {
    /**
     * As {@link #VALIDATION} if there is one, but as {@link #TRAIN} for the 16 images of the Kaggle
     * archive, on which nothing can be chosen. The default.
     */
    AUTO,
    /** Its images are trained on; validation images are drawn from the train split by patient. */
    TRAIN,
    /**
     * Its images are the validation images and none are drawn. A train image whose patient is also
     * there goes with it.
     */
    VALIDATION;
  }
}
