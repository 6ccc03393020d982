package io.github.deepxray.cli;

import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.DatasetOptions.FolderLayout;
import io.github.deepxray.datasets.DatasetOptions.OfficialVal;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How the data set is prepared. */
final class DataOptions {
  @Option(
      names = "--validation-fraction",
      defaultValue = "0.1",
      paramLabel = "<share>",
      description =
          "The share of the training images drawn for validation, by patient and in each class."
              + " Default: ${DEFAULT-VALUE}.")
  double validationFraction;

  @Option(
      names = "--official-val",
      defaultValue = "auto",
      paramLabel = "<use>",
      description =
          "What becomes of the data set's own validation split: validation validates on it; train"
              + " trains on it and draws other images by patient; auto validates on it, but trains"
              + " on the 16 images of the Kaggle archive. Default: ${DEFAULT-VALUE}.")
  OfficialVal officialVal;

  @Option(
      names = "--max-bad",
      defaultValue = "0.01",
      paramLabel = "<share>",
      description =
          "The share of unreadable or misnamed files beyond which to fail."
              + " Default: ${DEFAULT-VALUE}.")
  double maxBad;

  @Option(
      names = "--records-per-shard",
      defaultValue = "1280",
      paramLabel = "<n>",
      description = "The most images in one TFRecord file. Default: ${DEFAULT-VALUE}.")
  int recordsPerShard;

  @Option(
      names = "--jpeg-quality",
      defaultValue = "95",
      paramLabel = "<1..100>",
      description = "The quality at which resized images are stored. Default: ${DEFAULT-VALUE}.")
  int jpegQuality;

  @Option(
      names = "--classes",
      paramLabel = "<names>",
      description =
          "What the classes are called, label 0 first: <negative>,<positive>, where the classifier"
              + " gives the probability of the second, or more names, where it gives that of each."
              + " Default: as in the data set, by alphabet; but of two, one called normal, healthy,"
              + " negative or the like is label 0.")
  Optional<String> classes;

  @Option(
      names = "--test-fraction",
      paramLabel = "<share>",
      description =
          "The share of images to draw for testing, by patient, from a data set that has no splits."
              + " Default: 0.2.")
  Optional<Double> testFraction;

  @Option(
      names = "--layout",
      paramLabel = "<folders>",
      description =
          "What the folders above an image are, the outermost first: split, class and patient,"
              + " divided by /; * for one that says nothing; any other word is the name of a"
              + " folder, and images in others are left out. Examples: split/class, class/patient,"
              + " class/images. Default: it is found out, or asked for.")
  Optional<String> layout;

  DatasetOptions options(int imageSize, long seed) {
    DatasetOptions named =
        classes
            .map(names -> DatasetOptions.DEFAULT.withClasses(ClassNames.parse(names)))
            .orElse(DatasetOptions.DEFAULT);
    DatasetOptions divided = testFraction.map(named::withTestFraction).orElse(named);
    return layout
        .map(folders -> divided.withLayout(FolderLayout.parse(folders)))
        .orElse(divided)
        .withImageSize(imageSize)
        .withValidationFraction(validationFraction)
        .withOfficialVal(officialVal)
        .withMaxBad(maxBad)
        .withRecordsPerShard(recordsPerShard)
        .withJpegQuality(jpegQuality)
        .withSeed(seed);
  }
}
