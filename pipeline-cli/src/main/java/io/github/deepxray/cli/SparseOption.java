package io.github.deepxray.cli;

import picocli.CommandLine.Option;

/** How zeros are stored. */
final class SparseOption {
  @Option(
      names = "--sparse",
      description =
          "Store kernels that are mostly zeros without them in the .tflite files. They load as"
              + " before and compute the same, no faster.")
  boolean sparse;
}
