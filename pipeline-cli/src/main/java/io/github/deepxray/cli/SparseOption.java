package io.github.deepxray.cli;

import picocli.CommandLine.Option;

/** Option {@code --sparse}. */
final class SparseOption {
  @Option(
      names = "--sparse",
      description =
          "Store kernels that are mostly zeros as sparse tensors in the .tflite files. "
              + "The models compute the same results at the same speed.")
  boolean sparse;
}
