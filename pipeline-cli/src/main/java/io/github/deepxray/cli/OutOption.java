package io.github.deepxray.cli;

import io.github.deepxray.core.internal.io.AtomicFiles;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The folder that the stages share. */
final class OutOption {
  static final String DESCRIPTION =
      "The folder of all stages: data, cache, train, evaluation and bundle appear in it.";

  @Option(names = "--out", required = true, paramLabel = "<dir>", description = DESCRIPTION)
  Path out;

  /**
   * Writes the options that a command ran with into {@code <command>.yaml}, so that {@code
   * --config} can run it again with them.
   */
  void keepConfig(CommonOptions common) throws IOException {
    keepConfig(out, common);
  }

  /** The same into a folder that is no value of this option. */
  static void keepConfig(Path out, CommonOptions common) throws IOException {
    AtomicFiles.write(
        Configurations.file(out, common.command().name()), ConfigFile.yaml(common.command()));
  }
}
