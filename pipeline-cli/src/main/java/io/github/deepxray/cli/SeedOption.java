package io.github.deepxray.cli;

import picocli.CommandLine.Option;

/** Option {@code --seed}. */
final class SeedOption {
  @Option(
      names = "--seed",
      defaultValue = "0",
      paramLabel = "<n>",
      description =
          "Seed of all random numbers: split, initial weights, order, dropout, "
              + "bootstrap. The same seed produces the same bytes. Default: ${DEFAULT-VALUE}.")
  long seed;
}
