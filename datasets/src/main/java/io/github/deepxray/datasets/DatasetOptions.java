package io.github.deepxray.datasets;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.github.deepxray.datasets.source.Limits;
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
    @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<FolderLayout> layout) {
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

  /** These options with another size of the stored images. */
  public DatasetOptions withImageSize(int value) {
    Copy copy = new Copy(this);
    copy.imageSize = value;
    return copy.options();
  }

  /** These options with another quality of resized images. */
  public DatasetOptions withJpegQuality(int value) {
    Copy copy = new Copy(this);
    copy.jpegQuality = value;
    return copy.options();
  }

  /** These options with another part for validation. */
  public DatasetOptions withValidationFraction(double value) {
    Copy copy = new Copy(this);
    copy.validationFraction = value;
    return copy.options();
  }

  /** These options with another use of the source's own validation split. */
  public DatasetOptions withOfficialVal(OfficialVal value) {
    Copy copy = new Copy(this);
    copy.officialVal = value;
    return copy.options();
  }

  /** These options with another seed. */
  public DatasetOptions withSeed(long value) {
    Copy copy = new Copy(this);
    copy.seed = value;
    return copy.options();
  }

  /** These options with another size of shards. */
  public DatasetOptions withRecordsPerShard(int value) {
    Copy copy = new Copy(this);
    copy.recordsPerShard = value;
    return copy.options();
  }

  /** These options with another tolerance for bad files. */
  public DatasetOptions withMaxBad(double value) {
    Copy copy = new Copy(this);
    copy.maxBad = value;
    return copy.options();
  }

  /** These options with other limits. */
  public DatasetOptions withLimits(Limits value) {
    Copy copy = new Copy(this);
    copy.limits = value;
    return copy.options();
  }

  /** These options with these names of the classes. */
  public DatasetOptions withClasses(ClassNames value) {
    Copy copy = new Copy(this);
    copy.classes = Optional.of(value);
    return copy.options();
  }

  /** These options with another part for testing. */
  public DatasetOptions withTestFraction(double value) {
    Copy copy = new Copy(this);
    copy.testFraction = Optional.of(value);
    return copy.options();
  }

  /** These options with this layout of the folders, instead of the one that is found. */
  public DatasetOptions withLayout(FolderLayout value) {
    Copy copy = new Copy(this);
    copy.layout = Optional.of(value);
    return copy.options();
  }

  /** The components, one of which is changed. */
  private static final class Copy {
    private int imageSize;
    private int jpegQuality;
    private double validationFraction;
    private OfficialVal officialVal;
    private long seed;
    private int recordsPerShard;
    private double maxBad;
    private Limits limits;
    private Optional<ClassNames> classes;
    private Optional<Double> testFraction;
    private Optional<FolderLayout> layout;

    Copy(DatasetOptions options) {
      imageSize = options.imageSize;
      jpegQuality = options.jpegQuality;
      validationFraction = options.validationFraction;
      officialVal = options.officialVal;
      seed = options.seed;
      recordsPerShard = options.recordsPerShard;
      maxBad = options.maxBad;
      limits = options.limits;
      classes = options.classes;
      testFraction = options.testFraction;
      layout = options.layout;
    }

    DatasetOptions options() {
      return new DatasetOptions(
          imageSize,
          jpegQuality,
          validationFraction,
          officialVal,
          seed,
          recordsPerShard,
          maxBad,
          limits,
          classes,
          testFraction,
          layout);
    }
  }
}
