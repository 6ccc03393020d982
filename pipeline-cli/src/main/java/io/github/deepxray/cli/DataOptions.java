package io.github.deepxray.cli;

import io.github.deepxray.core.image.Fit;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.DatasetOptions.FolderLayout;
import io.github.deepxray.datasets.DatasetOptions.OfficialVal;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options of the prepared data set. */
final class DataOptions {
  @Option(
      names = "--validation-fraction",
      defaultValue = "0.1",
      paramLabel = "<share>",
      description =
          "Share of the training images for validation, split by patient and stratified "
              + "by class. Default: ${DEFAULT-VALUE}.")
  double validationFraction;

  @Option(
      names = "--official-val",
      defaultValue = "auto",
      paramLabel = "<use>",
      description =
          "Use of the data set's validation split: validation uses it for validation; "
              + "train adds it to the training images and splits those by patient; auto means "
              + "train for the 16 images of the Kaggle archive, else validation. Default: "
              + "${DEFAULT-VALUE}.")
  OfficialVal officialVal;

  @Option(
      names = "--max-bad",
      defaultValue = "0.01",
      paramLabel = "<share>",
      description = "Maximum share of unreadable or misnamed files. Default: ${DEFAULT-VALUE}.")
  double maxBad;

  @Option(
      names = "--records-per-shard",
      defaultValue = "1280",
      paramLabel = "<n>",
      description = "Maximum number of images in one TFRecord file. Default: ${DEFAULT-VALUE}.")
  int recordsPerShard;

  @Option(
      names = "--jpeg-quality",
      defaultValue = "95",
      paramLabel = "<1..100>",
      description = "JPEG quality of the resized images. Default: ${DEFAULT-VALUE}.")
  int jpegQuality;

  @Option(
      names = "--classes",
      paramLabel = "<names>",
      description =
          "Class names in the order of labels from 0: <negative>,<positive> for a "
              + "classifier with the probability of the second class, or more names for a "
              + "classifier with a probability of each. Default: as in the data set, sorted; "
              + "but of two classes, one named normal, healthy, negative or similar has label "
              + "0.")
  Optional<String> classes;

  @Option(
      names = "--test-fraction",
      paramLabel = "<share>",
      description =
          "Share of the test images, split by patient, of a data set without splits. "
              + "Default: 0.2.")
  Optional<Double> testFraction;

  @Option(
      names = "--layout",
      paramLabel = "<folders>",
      description =
          "Meaning of the folders above an image, outermost first: split, class and "
              + "patient, separated by /; * for a folder without meaning; any other word "
              + "selects the folder of that name. Examples: split/class, class/patient, "
              + "class/images. Default: detected; an error message asks for it if unclear.")
  Optional<String> layout;

  @Option(
      names = "--fit",
      paramLabel = "<fit>",
      description =
          "How images that are not square become square, here and for the model: stretch "
              + "changes their aspect ratio, crop cuts off what is too long, pad adds black "
              + "bars. Default: crop if images are not square, so that the aspect ratio is no "
              + "clue to the class; else stretch.")
  Optional<Fit> fit;

  DatasetOptions options(int imageSize, long seed) {
    DatasetOptions named =
        classes
            .map(names -> DatasetOptions.DEFAULT.withClasses(ClassNames.parse(names)))
            .orElse(DatasetOptions.DEFAULT);
    DatasetOptions divided = testFraction.map(named::withTestFraction).orElse(named);
    return layout
        .map(folders -> divided.withLayout(FolderLayout.parse(folders)))
        .orElse(divided)
        .withFit(fit)
        .withImageSize(imageSize)
        .withValidationFraction(validationFraction)
        .withOfficialVal(officialVal)
        .withMaxBad(maxBad)
        .withRecordsPerShard(recordsPerShard)
        .withJpegQuality(jpegQuality)
        .withSeed(seed);
  }
}
