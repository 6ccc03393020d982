package io.github.deepxray.cli;

import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.OfficialVal;
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
      defaultValue = "train",
      paramLabel = "<use>",
      description =
          "What becomes of the archive's own 16-image val folder: train or validation."
              + " Default: ${DEFAULT-VALUE}.")
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

  DatasetOptions options(int imageSize, long seed) {
    return DatasetOptions.DEFAULT
        .withImageSize(imageSize)
        .withValidationFraction(validationFraction)
        .withOfficialVal(officialVal)
        .withMaxBad(maxBad)
        .withRecordsPerShard(recordsPerShard)
        .withJpegQuality(jpegQuality)
        .withSeed(seed);
  }
}
