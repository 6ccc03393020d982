package io.github.deepxray.cli;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.core.format.ModelFormat;
import io.github.deepxray.core.format.ModelFormats;
import io.github.deepxray.core.image.ImageFormats;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.ListResourceBundle;
import java.util.Locale;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.TypeConversionException;

/** Entry point of the command line. */
public final class Main {
  private static final String LOG_FORMAT = "java.util.logging.SimpleFormatter.format";
  private static final String TENSORFLOW_LOG = "TF_CPP_MIN_LOG_LEVEL";
  // The HTTP library of MLflow's client logs every retry. Static reference, because loggers are
  // garbage-collected with their level.
  private static final Logger CHATTER = Logger.getLogger("org.mlflow_project");

  private Main() {}

  /** Runs the command line and exits: 0 done, 1 failed, 2 wrong usage. */
  public static void main(String[] arguments) {
    // TensorFlow Java formats names of operations with the default locale, and refuses the digits
    // of some languages.
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
    // Log messages are single lines, as other messages.
    if (System.getProperty(LOG_FORMAT) == null) {
      System.setProperty(LOG_FORMAT, "deepxray: %5$s%n");
    }
    CHATTER.setLevel(Level.OFF);
    quietTensorFlow(arguments);
    int code = commandLine(arguments).execute(arguments);
    // Maven may run this in its own process, where an exit would skip its summary.
    if (code != 0) {
      System.exit(code);
    }
  }

  /**
   * TensorFlow logs how it was built and what it loads; only its errors are of use here. The script
   * that starts the program has done the same.
   */
  private static void quietTensorFlow(String... arguments) {
    if (System.getenv(TENSORFLOW_LOG) != null || List.of(arguments).contains("--verbose")) {
      return;
    }
    try {
      NativeEnvironment.add(TENSORFLOW_LOG, "2");
    } catch (LinkageError e) {
      // Whoever needs native libraries says what is wrong with them.
      return;
    }
  }

  /**
   * Converts an argument to a path.
   *
   * @throws TypeConversionException if the argument is empty or not a valid path
   */
  static Path path(String text) {
    if (text.isBlank()) {
      throw new TypeConversionException("an empty name is no file or folder");
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      boolean control = text.chars().anyMatch(Character::isISOControl);
      throw new TypeConversionException(
          "'"
              + text
              + "' is no name on this machine"
              + (control
                  ? ": it has a control character"
                  : ", whose names are in %s; run in a locale of UTF-8, such as LC_ALL=C.UTF-8"
                      .formatted(System.getProperty("sun.jnu.encoding", "another encoding"))));
    }
  }

  /** Parts of help texts that depend on the class path. */
  private static final class HelpTexts extends ListResourceBundle {
    @Override
    protected Object[][] getContents() {
      return new Object[][] {
        {"image.formats", ImageFormats.titles()},
        {"quantization.names", quantizations()},
        {"artifact.names", Artifact.keys()},
        {"model.formats", String.join(", ", ModelFormats.names())},
        {
          "default.formats",
          ModelFormats.all().stream()
              .filter(ModelFormat::isDefault)
              .map(ModelFormat::name)
              .collect(Collectors.joining(","))
        }
      };
    }

    /** Returns the names of the forms that are not in each bundle. */
    private static String quantizations() {
      return Arrays.stream(QuantizationMode.values())
          .filter(mode -> mode != QuantizationMode.DYNAMIC)
          .map(QuantizationMode::id)
          .collect(Collectors.joining(", "));
    }
  }

  /** Returns the command line for arguments, with the defaults of their {@code --config}. */
  static CommandLine commandLine(String... arguments) {
    CommandLine commandLine = new CommandLine(new DeepXray());
    commandLine.setResourceBundle(new HelpTexts());
    commandLine.setDefaultValueProvider(new ConfigFile.Defaults(arguments));
    commandLine.setExecutionExceptionHandler(new Failures());
    commandLine.setParameterExceptionHandler(new Failures());
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    commandLine.setUsageHelpAutoWidth(true);
    commandLine.setAbbreviatedOptionsAllowed(false);
    // Expand argument files first: defaults need --config.
    commandLine.setExpandAtFiles(false);
    commandLine.setExecutionStrategy(new Failures());
    commandLine.registerConverter(Path.class, Main::path);
    return commandLine;
  }
}
