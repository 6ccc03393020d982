package io.github.deepxray.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.text.internal.Yaml;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** File of options; its keys are the names of the options without the dashes. */
final class ConfigFile {
  static final String OPTION = "--config";

  /** Options that are not part of a configuration. */
  private static final Set<String> NOT_KEPT =
      Set.of("config", "verbose", "help", "version", "allow-seen", "plan");

  private ConfigFile() {}

  static String key(OptionSpec option) {
    return option.longestName().replaceFirst("^--(\\[no-])?", "");
  }

  /** Returns the value of an option in the syntax of the command line. */
  static Optional<String> value(JsonNode options, OptionSpec option) {
    return value(options.path(key(option)));
  }

  /** Returns a value in the syntax of the command line; empty if there is none. */
  static Optional<String> value(JsonNode value) {
    if (value.isMissingNode() || value.isNull() || (value.isArray() && value.isEmpty())) {
      return Optional.empty();
    }
    if (value.isArray()) {
      List<String> parts = new ArrayList<>();
      value.forEach(part -> parts.add(part.asText()));
      return Optional.of(String.join(",", parts));
    }
    return Optional.of(value.asText());
  }

  /** Provider of option values from the file given with {@value #OPTION}. */
  static final class Defaults implements IDefaultValueProvider {
    private final Optional<String> file;
    private Optional<JsonNode> content = Optional.empty();

    Defaults(String... arguments) {
      file = file(arguments);
    }

    private static Optional<String> file(String... arguments) {
      for (int i = 0; i < arguments.length; i++) {
        if (arguments[i].startsWith(OPTION + "=")) {
          return Optional.of(arguments[i].substring(OPTION.length() + 1));
        } else if (arguments[i].equals(OPTION) && i + 1 < arguments.length) {
          return Optional.of(arguments[i + 1]);
        }
      }
      return Optional.empty();
    }

    @Override
    public String defaultValue(ArgSpec argument) {
      CommandSpec command = argument.command();
      if (file.isEmpty()
          || !(argument instanceof OptionSpec option)
          || command.findOption(OPTION) == null) {
        return null;
      }
      if (content.isEmpty()) {
        content = Optional.of(read(command.commandLine()));
        refuseWrong(command, content.get());
      }
      return value(content.get(), option).orElse(null);
    }

    private JsonNode read(CommandLine command) {
      JsonNode tree;
      try {
        tree = Yaml.readOptions(Main.path(file.get()));
      } catch (NoSuchFileException e) {
        throw new ParameterException(command, "There is no config file " + file.get() + ".", e);
      } catch (DeepXrayException e) {
        throw new ParameterException(command, e.getMessage(), e);
      } catch (TypeConversionException e) {
        throw new ParameterException(command, OPTION + ": " + e.getMessage() + ".", e);
      } catch (IOException e) {
        throw new ParameterException(
            command, "The config file " + file.get() + " cannot be read: " + e.getMessage(), e);
      }
      if (!tree.isObject()) {
        throw new ParameterException(
            command, file.get() + " must hold options as 'name: value', one a line.");
      }
      return tree;
    }

    private static void addOptions(CommandSpec command, Set<String> names) {
      for (CommandLine subcommand : command.subcommands().values()) {
        subcommand.getCommandSpec().options().forEach(option -> names.add(key(option)));
        addOptions(subcommand.getCommandSpec(), names);
      }
    }

    /** Checks the keys, because a misspelt key would be ignored silently. */
    private void refuseWrong(CommandSpec command, JsonNode tree) {
      Set<String> known = new TreeSet<>();
      // One file may be used for all commands: a key must be an option of at least one of them.
      addOptions(command.root(), known);
      known.removeAll(NOT_KEPT);
      List<String> unknown = new ArrayList<>();
      tree.fieldNames().forEachRemaining(name -> unknown.add(name));
      unknown.removeAll(known);
      if (!unknown.isEmpty()) {
        throw new ParameterException(
            command.commandLine(),
            "%s: there is no option %s; the options are %s."
                .formatted(file.get(), String.join(", ", unknown), String.join(", ", known)));
      }
      for (Map.Entry<String, JsonNode> entry : tree.properties()) {
        if (entry.getValue().isObject()) {
          throw new ParameterException(
              command.commandLine(),
              file.get() + ": " + entry.getKey() + " must be one value, not a table of them.");
        }
      }
    }
  }

  /**
   * Returns the options of a command with their current values, by their names in a config file.
   */
  static Map<String, String> effective(CommandSpec command) {
    Map<String, String> options = new TreeMap<>();
    values(command)
        .forEach(
            (key, value) ->
                options.put(
                    key,
                    value instanceof List<?> list
                        ? list.stream().map(String::valueOf).collect(Collectors.joining(","))
                        : value.toString()));
    return options;
  }

  /** Returns the options of a command with their current values as a config file. */
  static String yaml(CommandSpec command) {
    return Yaml.text(values(command));
  }

  private static Map<String, Object> values(CommandSpec command) {
    Map<String, Object> options = new TreeMap<>();
    for (OptionSpec option : command.options()) {
      Object value = option.getValue();
      if (value instanceof Optional<?> optional) {
        value = optional.orElse(null);
      }
      boolean none = value == null || (value instanceof List<?> list && list.isEmpty());
      if (!none && !NOT_KEPT.contains(key(option))) {
        options.put(key(option), plain(value));
      }
    }
    return options;
  }

  /** Converts values other than numbers, booleans and lists to text. */
  private static Object plain(Object value) {
    if (value instanceof Number || value instanceof Boolean) {
      return value;
    } else if (value instanceof List<?> list) {
      return list.stream().map(ConfigFile::plain).toList();
    } else if (value instanceof Enum<?> constant) {
      return constant.name().toLowerCase(Locale.ROOT);
    }
    return value instanceof Path path ? path.toString().replace('\\', '/') : value.toString();
  }
}
