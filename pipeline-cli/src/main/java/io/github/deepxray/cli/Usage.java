package io.github.deepxray.cli;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import picocli.CommandLine.ParameterException;

/** Turns refused option values into usage errors. */
final class Usage {
  private Usage() {}

  /** Makes something of option values. */
  @FunctionalInterface
  interface Parse<T> {
    T get() throws IOException;
  }

  /**
   * Makes something of option values.
   *
   * @throws ParameterException if they are refused
   * @throws IOException if a file that an option names cannot be read
   */
  static <T> T check(CommonOptions common, Parse<T> options) throws IOException {
    try {
      return options.get();
    } catch (DeepXrayException e) {
      throw new ParameterException(common.command().commandLine(), e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          common.command().commandLine(), "Wrong option value: " + e.getMessage() + ".", e);
    }
  }
}
