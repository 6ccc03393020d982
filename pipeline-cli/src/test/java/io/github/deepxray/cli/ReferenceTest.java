package io.github.deepxray.cli;

import static io.github.deepxray.cli.GeneratedText.code;
import static io.github.deepxray.cli.GeneratedText.plain;
import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The reference of commands is what the program knows of them. */
class ReferenceTest {
  private static final String COMMANDS = "docs/commands.md";
  private static final Pattern DEFAULT = Pattern.compile("(.*?)\\s*Default: (.*)\\.");

  /** Commands by what is typed, in the order of {@code deepxray --help}. */
  private static Map<String, CommandSpec> commands() {
    Map<String, CommandSpec> commands = new LinkedHashMap<>();
    addCommands("", Main.commandLine(), commands);
    return commands;
  }

  private static void addCommands(
      String before, CommandLine parent, Map<String, CommandSpec> commands) {
    parent
        .getSubcommands()
        .forEach(
            (name, command) -> {
              if (!name.equals("help")) {
                commands.put(before + name, command.getCommandSpec());
                addCommands(before + name + " ", command, commands);
              }
            });
  }

  @Test
  void theReferenceOfCommandsHasEveryOption() throws IOException {
    Map<String, CommandSpec> commands = commands();
    List<OptionSpec> common =
        commands.values().stream()
            .map(CommandSpec::options)
            .reduce(
                (some, more) ->
                    some.stream()
                        .filter(
                            a -> more.stream().anyMatch(b -> Arrays.equals(a.names(), b.names())))
                        .toList())
            .orElseThrow();
    Set<String> shared = common.stream().map(OptionSpec::longestName).collect(Collectors.toSet());
    StringBuilder text = new StringBuilder("## Every command\n\n").append(table(common));
    commands.forEach(
        (name, command) -> {
          List<ArgSpec> own = new ArrayList<>(command.positionalParameters());
          command.options().stream()
              .filter(option -> !shared.contains(option.longestName()))
              .forEach(own::add);
          text.append("\n## ").append(name).append("\n\n");
          text.append(paragraphs(command.usageMessage().description())).append('\n');
          text.append(table(own)).append('\n');
          text.append(paragraphs(command.usageMessage().footer()));
        });
    GeneratedText.check(COMMANDS, "commands", text.toString());
  }

  /** Lines as paragraphs: indented ones are a block, examples are code. */
  private static String paragraphs(String... lines) {
    StringBuilder text = new StringBuilder();
    boolean block = false;
    for (String line : lines) {
      String words = line.formatted();
      boolean indented = words.startsWith("  ");
      if (indented != block) {
        text.append(block ? "```\n\n" : "```yaml\n");
        block = indented;
      }
      if (indented) {
        text.append(words.substring(2)).append('\n');
      } else if (words.startsWith("Example: ")) {
        text.append(words.replaceFirst("Example: (.*)", "Example: `$1`")).append("\n\n");
      } else if (!words.isBlank()) {
        text.append(plain(words)).append("\n\n");
      }
    }
    return text.toString().stripTrailing() + "\n";
  }

  private static String table(List<? extends ArgSpec> arguments) {
    List<List<String>> rows = new ArrayList<>();
    for (ArgSpec argument : arguments) {
      String words = String.join(" ", argument.description()).formatted();
      Matcher stated = DEFAULT.matcher(words);
      boolean known = stated.matches();
      boolean needed = (argument.required() && argument.defaultValue() == null) || named(argument);
      rows.add(
          List.of(
              synopsis(argument),
              needed ? "needed" : known ? plain(stated.group(2)) : "",
              plain(known ? stated.group(1) : words)));
    }
    return rows.isEmpty() ? "" : GeneratedText.table(List.of("option", "default", "meaning"), rows);
  }

  /** Whether a synopsis that was written by hand asks for it. */
  private static boolean named(ArgSpec argument) {
    String synopsis = String.join(" ", argument.command().usageMessage().customSynopsis());
    return argument instanceof OptionSpec option
        && synopsis.contains(" " + option.longestName() + "=");
  }

  private static String synopsis(ArgSpec argument) {
    String value = argument.paramLabel();
    if (!argument.splitRegex().isEmpty()) {
      value += argument.splitRegex() + "...";
    }
    if (!(argument instanceof OptionSpec option)) {
      return code(value + (argument.isMultiValue() ? "..." : ""));
    }
    String end = option.typeInfo().isBoolean() || option.usageHelp() ? "" : " " + value;
    return Arrays.stream(option.names())
        .map(name -> option.negatable() ? name.replaceFirst("^--", "--[no-]") : name)
        .map(name -> code(name + end))
        .collect(joining(", "));
  }
}
