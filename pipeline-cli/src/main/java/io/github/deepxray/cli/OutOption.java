package io.github.deepxray.cli;

import io.github.deepxray.core.internal.io.AtomicFiles;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Option {@code --out}, the output folder of the stages. */
final class OutOption {
  static final String DESCRIPTION =
      "Output folder of all stages, with data, cache, train, evaluation and bundle.";

  @Option(names = "--out", required = true, paramLabel = "<dir>", description = DESCRIPTION)
  Path out;

  /** Writes the options of a command to {@code <command>.yaml} for {@code --config}. */
  void keepConfig(CommonOptions common) throws IOException {
    keepConfig(out, common);
  }

  /** Writes the options of a command to {@code <command>.yaml} in another folder. */
  static void keepConfig(Path out, CommonOptions common) throws IOException {
    AtomicFiles.write(
        Configurations.file(out, common.command().name()), ConfigFile.yaml(common.command()));
  }
}
