package io.github.deepxray.cli;

import java.util.function.Supplier;
import picocli.CommandLine.ParameterException;

/** Turns refused option values into usage errors. */
final class Usage {
  private Usage() {}

  static <T> T check(CommonOptions common, Supplier<T> options) {
    try {
      return options.get();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          common.command().commandLine(), "Wrong option value: " + e.getMessage() + ".", e);
    }
  }
}
