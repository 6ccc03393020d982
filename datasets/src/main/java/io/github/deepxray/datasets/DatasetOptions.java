package io.github.deepxray.datasets;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.github.deepxray.datasets.source.Limits;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Optional;

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
    Limits limits,
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
          Limits.DEFAULT,
          Optional.empty(),
          Optional.empty(),
          Optional.empty());

  /** The part that is drawn for testing unless told otherwise. */
  public static final double TEST_FRACTION = 0.2;

  /** Checks the ranges. */
  public DatasetOptions {
    require(imageSize >= 1 && imageSize <= 4096, "imageSize is 1 to 4096", imageSize);
    require(jpegQuality >= 1 && jpegQuality <= 100, "jpegQuality is 1 to 100", jpegQuality);
    require(
        validationFraction >= 0 && validationFraction < 1,
        "validationFraction is 0 to less than 1",
        validationFraction);
    require(recordsPerShard >= 1, "recordsPerShard is at least 1", recordsPerShard);
    require(maxBad >= 0 && maxBad <= 1, "maxBad is 0 to 1", maxBad);
    double test = testFraction.orElse(TEST_FRACTION);
    require(test > 0 && test < 1, "testFraction is more than 0 to less than 1", test);
  }

  private static void require(boolean condition, String rule, Number value) {
    if (!condition) {
      throw new IllegalArgumentException(rule + ", not " + value);
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
}
