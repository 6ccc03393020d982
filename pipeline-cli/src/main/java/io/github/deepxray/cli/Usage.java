package io.github.deepxray.cli;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** Turns refused option values into usage errors. */
final class Usage {
  private Usage() {}

  /**
   * Refuses options on the command line that would be ignored. In a config file they may stand: it
   * may serve several commands.
   *
   * @param used whether they mean something
   * @param options their names
   * @param needed what they need, as the end of a sentence
   * @throws ParameterException if one is given and not used
   */
  static void refuseIgnored(
      CommonOptions common, boolean used, Collection<String> options, String needed) {
    if (used) {
      return;
    }
    CommandLine.ParseResult given = common.command().commandLine().getParseResult();
    for (String option : options) {
      if (given.hasMatchedOption(option)) {
        throw wrong(
            common, option.replace("[no-]", "") + " would be ignored: it needs " + needed + ".");
      }
    }
  }

  /**
   * Refuses options on the command line that choose a threshold, where there is none.
   *
   * @throws ParameterException if one is given and there are more than two classes
   */
  static void refuseThresholds(CommonOptions common, int classes) {
    CommandLine.ParseResult given = common.command().commandLine().getParseResult();
    for (String option : TrainOptions.THRESHOLDS) {
      if (classes > 2 && given.hasMatchedOption(option)) {
        throw wrong(
            common,
            ("%s chooses a threshold between two classes; with %s the most probable is decided"
                    + " for. Leave it out.")
                .formatted(option, classes));
      }
    }
  }

  /** A refusal of what stands on the command line. */
  static ParameterException wrong(CommonOptions common, String message) {
    return new ParameterException(common.command().commandLine(), message);
  }

  /** The names of a mixin's options. */
  static List<String> names(CommonOptions common, String mixin) {
    return common.command().mixins().get(mixin).options().stream()
        .map(OptionSpec::longestName)
        .toList();
  }

  /**
   * Makes something of an option that may be left out.
   *
   * @throws ParameterException if its value is refused
   * @throws IOException if a file that it names cannot be read
   */
  static <T> Optional<T> ifGiven(CommonOptions common, Optional<String> given, Reading<T> reading)
      throws IOException {
    return given.isPresent()
        ? Optional.of(check(common, () -> reading.read(given.get())))
        : Optional.empty();
  }

  /** Makes something of an option's value. */
  @FunctionalInterface
  interface Reading<T> {
    T read(String value) throws IOException;
  }

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
