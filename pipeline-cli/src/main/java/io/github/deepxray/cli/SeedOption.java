package io.github.deepxray.cli;

import picocli.CommandLine.Option;

/** The seed. */
final class SeedOption {
  @Option(
      names = "--seed",
      defaultValue = "0",
      paramLabel = "<n>",
      description =
          "Of everything random: split, initial weights, order, dropout, bootstrap. The same seed"
              + " gives the same bytes. Default: ${DEFAULT-VALUE}.")
  long seed;
}
