package io.github.deepxray.cli;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** Usage errors of option values. */
final class Usage {
  private Usage() {}

  /**
   * Refuses options on the command line that would be ignored. They are allowed in a config file,
   * which may be used for several commands.
   *
   * @param used whether the options have an effect
   * @param options names of the options
   * @param needed requirement of the options, as the end of a sentence
   * @throws ParameterException if an option is set without effect
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
   * Refuses options for thresholds on the command line for more than two classes.
   *
   * @throws ParameterException if such an option is set and there are more than two classes
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

  /**
   * Requires options that are optional for picocli, because another use of the command does not
   * need them.
   *
   * @throws MissingParameterException if one is missing
   */
  static void require(CommonOptions common, List<String> options) {
    List<ArgSpec> missing =
        options.stream()
            .<ArgSpec>map(common.command()::findOption)
            .filter(option -> option.<Optional<?>>getValue().isEmpty())
            .toList();
    if (!missing.isEmpty()) {
      throw new MissingParameterException(
          common.command().commandLine(),
          missing,
          "Missing required option"
              + (missing.size() > 1 ? "s" : "")
              + ": "
              + missing.stream()
                  .map(o -> "'" + ((OptionSpec) o).longestName() + "=" + o.paramLabel() + "'")
                  .collect(Collectors.joining(", ")));
    }
  }

  /** Returns a usage error. */
  static ParameterException wrong(CommonOptions common, String message) {
    return new ParameterException(common.command().commandLine(), message);
  }

  /** Returns the names of a mixin's options. */
  static List<String> names(CommonOptions common, String mixin) {
    return common.command().mixins().get(mixin).options().stream()
        .map(OptionSpec::longestName)
        .toList();
  }

  /**
   * Converts the value of an optional option.
   *
   * @throws ParameterException if its value is invalid
   * @throws IOException if a file that it names cannot be read
   */
  static <T> Optional<T> ifGiven(CommonOptions common, Optional<String> given, Reading<T> reading)
      throws IOException {
    return given.isPresent()
        ? Optional.of(check(common, () -> reading.read(given.get())))
        : Optional.empty();
  }

  /** Conversion of an option's value. */
  @FunctionalInterface
  interface Reading<T> {
    T read(String value) throws IOException;
  }

  /** Conversion of option values. */
  @FunctionalInterface
  interface Parse<T> {
    T get() throws IOException;
  }

  /**
   * Converts option values.
   *
   * @throws ParameterException if a value is invalid
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
