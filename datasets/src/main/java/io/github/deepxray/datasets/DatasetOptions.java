package io.github.deepxray.datasets;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.internal.Keyed;
import io.github.deepxray.datasets.source.SourceLimits;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Options of preparing a data set. Start from {@link #DEFAULT} and change it with the {@code with}
 * methods.
 *
 * @param imageSize height and width of the stored images in pixels; images of that size are stored
 *     unchanged
 * @param jpegQuality the JPEG quality of resized images, 1..100
 * @param validationFraction the fraction of the train images that is drawn for validation, 0 to
 *     less than 1; drawn by patient within each class and slice, so the actual fraction differs
 *     slightly
 * @param officialVal the use of the source's own validation split
 * @param seed the seed of the split and of the order of training images
 * @param recordsPerShard the largest number of records in a file
 * @param maxBad the largest fraction of unreadable or misnamed files, 0..1; with more, preparation
 *     fails
 * @param limits the limits of the source
 * @param classes the class names, label 0 first; if empty, those of the source in alphabetical
 *     order. TFRecords have no names: for them the option defines the names
 * @param testFraction the fraction drawn for testing, more than 0 to less than 1, by patient within
 *     each class and slice, if the source has no splits; if empty {@link #TEST_FRACTION}
 * @param layout the folder layout; detected if empty
 * @param fit how images that are not square become square; if empty, {@link Fit#CROP} if the source
 *     has such images, so that the aspect ratio tells nothing about the class, else {@link
 *     Fit#STRETCH}
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
    @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<FolderLayout> layout,
    @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<Fit> fit)
    implements DatasetOptionsBuilder.With {
  /**
   * 224 pixels, quality 95, 10 % for validation, seed 0, 1,280 records per shard, 1 % bad files.
   */
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
          Optional.empty(),
          Optional.empty());

  /** Default fraction of test images. */
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

  /** Returns a copy with other class names. */
  public DatasetOptions withClasses(ClassNames value) {
    return withClasses(Optional.of(value));
  }

  /** Returns a copy with another fraction of test images. */
  public DatasetOptions withTestFraction(double value) {
    return withTestFraction(Optional.of(value));
  }

  /** Returns a copy with a folder layout instead of the detected one. */
  public DatasetOptions withLayout(FolderLayout value) {
    return withLayout(Optional.of(value));
  }

  /** Returns a copy with a fit instead of the default one. */
  public DatasetOptions withFit(Fit value) {
    return withFit(Optional.of(value));
  }

  /**
   * Meaning of the folders above an image, the outermost first: {@code split/class}, {@code
   * class/patient}. Further folders above them are ignored.
   *
   * @param levels {@code split}, {@code class} and {@code patient}, each at most once and {@code
   *     class} always; {@code *} for any folder without meaning; any other word is a folder name,
   *     and images in other folders are excluded
   */
  public record FolderLayout(List<String> levels) {
    /** {@code split/class}, the layout of the Kaggle archive. */
    public static final FolderLayout SPLIT_CLASS = parse("split/class");

    private static final String SPLIT_LEVEL = "split";
    private static final String CLASS_LEVEL = "class";
    private static final String PATIENT_LEVEL = "patient";
    private static final String ANY = "*";

    /** Checks that class is present and no level is repeated. */
    public FolderLayout {
      levels = List.copyOf(levels);
      if (Collections.frequency(levels, CLASS_LEVEL) != 1
          || Collections.frequency(levels, SPLIT_LEVEL) > 1
          || Collections.frequency(levels, PATIENT_LEVEL) > 1
          || levels.stream().anyMatch(String::isBlank)) {
        throw new DeepXrayException(
            "A layout is a list of folders separated by /, one of them class, such as split/class"
                + " or class/patient, not "
                + String.join("/", levels)
                + ".");
      }
    }

    /**
     * Parses a layout.
     *
     * @param text the levels, separated by {@code /}
     * @throws DeepXrayException if the text is no layout
     */
    @JsonCreator
    public static FolderLayout parse(String text) {
      return new FolderLayout(List.of(text.split("/", -1)));
    }

    /** Formats the levels, separated by {@code /}. */
    @JsonValue
    @Override
    public String toString() {
      return String.join("/", levels);
    }

    /** Whether the layout has split folders. */
    public boolean hasSplits() {
      return levels.contains(SPLIT_LEVEL);
    }

    /** Whether the layout has patient folders. */
    public boolean hasPatients() {
      return levels.contains(PATIENT_LEVEL);
    }

    /** Whether the layout has a folder name, which excludes images in other folders. */
    boolean leavesOutOthers() {
      return !Set.of(SPLIT_LEVEL, CLASS_LEVEL, PATIENT_LEVEL, ANY).containsAll(levels);
    }

    /**
     * Folders of an image, matched by the layout.
     *
     * @param root the folders above, separated by {@code /}
     * @param split the split of the split folder; train if there is none
     */
    record Match(String root, Split split, String className, Optional<String> patient) {}

    /**
     * Matches the folders of an image.
     *
     * @param folders the outermost first
     * @return empty if they do not match
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
            // No meaning.
          }
          default -> fits &= folder.equals(levels.get(i));
        }
      }
      String root = String.join("/", folders.subList(0, above));
      return fits ? Optional.of(new Match(root, split, className, patient)) : Optional.empty();
    }
  }

  /** Use of the validation split of a source. */
  public enum OfficialVal implements Keyed {
    /**
     * The default: {@link #TRAIN} for the 16 images of the Kaggle archive, which are too few,
     * otherwise {@link #VALIDATION} if the split exists.
     */
    AUTO,
    /**
     * Its images are used for training; validation images are drawn from the train split by
     * patient.
     */
    TRAIN,
    /**
     * Its images are the validation images and none are drawn. Train images of the same patients
     * move to validation.
     */
    VALIDATION;
  }
}
