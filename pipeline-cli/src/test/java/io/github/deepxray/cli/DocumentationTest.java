package io.github.deepxray.cli;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine.ParameterException;

/**
 * What the documents tell users to type is understood by the program, and each block of commands
 * says whether it is run: {@code <!-- run by RunTest -->} or {@code <!-- not run: why -->} stands
 * above it. What runs it is a test or a script, which mentions the commands.
 */
class DocumentationTest {
  private static final Path ROOT = Path.of(System.getProperty("deepxray.root"));
  private static final Set<String> LANGUAGES =
      Set.of("sh", "text", "java", "xml", "yaml", "json", "groovy");
  private static final Pattern MARK =
      Pattern.compile("<!-- (?:run by (?<by>[\\w./-]+(?:, [\\w./-]+)*)|not run: (?<why>.+)) -->");
  private static final Pattern WORD = Pattern.compile("(?:[^\\s\"']|\"[^\"]*\"|'[^']*')+");
  private static final Pattern MAVEN_ARGUMENTS =
      Pattern.compile("-Dexec\\.args=(?:\"([^\"]*)\"|(\\S+))");
  private static final Pattern LINK = Pattern.compile("]\\(([^)#\\s]*)(?:#([^)\\s]*))?\\)");
  private static final Pattern CODE = Pattern.compile("(?<!`)`([^`\n]+)`(?!`)");
  private static final Pattern CLASS =
      Pattern.compile("([A-Z][a-z]+(?:[A-Z][a-z0-9]*)+)(?:\\.\\w+)*(?:\\(\\))?");

  /** What documents may name although it is a class of another project, or no class. */
  private static final Set<String> NOT_OURS =
      Set.of("SavedModel", "HttpServer", "PolynomialDecay", "FlatBuffers", "ImageIO");

  private record Block(String language, String text, Optional<String> mark) {
    /** Commands, one a line, without comments; a backslash at the end joins two. */
    List<String> lines() {
      return text.replaceAll("\\\\\n\\s*", "")
          .lines()
          .map(line -> line.replaceAll("(^|\\s)#.*$", "").strip())
          .filter(line -> !line.isEmpty())
          .toList();
    }
  }

  static Stream<Path> documents() throws IOException {
    List<Path> found =
        new ArrayList<>(List.of(ROOT.resolve("README.md"), ROOT.resolve("CONTRIBUTING.md")));
    for (String folder : List.of("docs", "deploy", "examples", "tools")) {
      try (Stream<Path> files = Files.list(ROOT.resolve(folder))) {
        files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(found::add);
      }
    }
    return found.stream().map(ROOT::relativize);
  }

  static Stream<Path> guides() throws IOException {
    return documents().filter(document -> document.startsWith("docs"));
  }

  @ParameterizedTest
  @MethodSource("documents")
  void everyCommandIsUnderstoodAndRunOrMarked(Path document) throws IOException {
    for (Block block : blocks(document)) {
      assertThat(LANGUAGES)
          .as("%s: language of\n%s", document, block.text())
          .contains(block.language());
      if (!block.language().equals("sh")) {
        continue;
      }
      Matcher mark = MARK.matcher(block.mark().orElse(""));
      assertThat(mark.matches())
          .as("%s: 'run by' or 'not run' above\n%s", document, block.text())
          .isTrue();
      Set<String> commands = new TreeSet<>();
      for (String line : block.lines()) {
        understand(line).ifPresent(commands::add);
      }
      if (mark.group("by") != null) {
        StringBuilder runners = new StringBuilder();
        for (String runner : mark.group("by").split(", ", -1)) {
          runners.append(Files.readString(runner(runner)));
        }
        assertThat(commands)
            .as("%s: what runs\n%s", document, block.text())
            .allSatisfy(command -> assertThat(runners).contains(command));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("documents")
  void commandsInsideSentencesAreUnderstood(Path document) throws IOException {
    CODE.matcher(withoutBlocks(document))
        .results()
        .map(code -> code.group(1))
        .filter(code -> code.startsWith("deepxray ") && !code.matches(".*[<…].*"))
        .forEach(DocumentationTest::understandMention);
  }

  @ParameterizedTest
  @MethodSource("documents")
  void linksLeadSomewhere(Path document) throws IOException {
    for (MatchResult link : LINK.matcher(withoutBlocks(document)).results().toList()) {
      if (link.group(1).startsWith("http")) {
        continue;
      }
      Path target =
          link.group(1).isEmpty()
              ? ROOT.resolve(document)
              : ROOT.resolve(document).resolveSibling(link.group(1)).normalize();
      assertThat(target).as(document + ": " + link.group()).exists();
      if (link.group(2) != null) {
        assertThat(anchors(target)).as(document + ": " + link.group()).contains(link.group(2));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("guides")
  void classesThatAreNamedExist(Path document) throws IOException {
    Set<String> classes = new TreeSet<>(NOT_OURS);
    try (Stream<Path> files = Files.walk(ROOT)) {
      files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".java"))
          .forEach(name -> classes.add(name.replace(".java", "")));
    }
    Set<String> named = new LinkedHashSet<>();
    CODE.matcher(withoutBlocks(document))
        .results()
        .map(code -> CLASS.matcher(code.group(1)))
        .filter(Matcher::matches)
        .forEach(code -> named.add(code.group(1)));
    assertThat(classes).as(document.toString()).containsAll(named);
  }

  @Test
  void theCommandsOfTheWorkflowAreUnderstood() throws IOException {
    List<String> commands =
        Files.readAllLines(ROOT.resolve("examples/workflows/reproduce.yml")).stream()
            .filter(line -> line.contains("mvn "))
            .map(line -> understand(line.substring(line.indexOf("mvn "))).orElseThrow())
            .toList();
    assertThat(commands).containsExactly("demo", "verify");
  }

  /** The headings of the questions are messages, with an ellipsis for what differs. */
  @Test
  void theProgramPrintsWhatTheFaqExplains() throws IOException {
    StringBuilder sources = new StringBuilder();
    try (Stream<Path> files = Files.walk(ROOT)) {
      for (Path file :
          files.filter(f -> f.toString().matches(".*/src/main/java/.*\\.java")).toList()) {
        sources.append(Files.readString(file));
      }
    }
    // As the compiler joins them.
    String messages = sources.toString().replaceAll("\"\\s*\\+\\s*\"", "");
    List<String> questions =
        Files.readString(ROOT.resolve("docs/faq.md"))
            .lines()
            .filter(line -> line.startsWith("### `"))
            .map(line -> line.substring(5, line.length() - 1))
            .toList();
    assertThat(questions).hasSizeGreaterThan(10);
    for (String question : questions) {
      for (String part : question.split("…", -1)) {
        assertThat(messages.contains(part.strip())).as("'%s' of '%s'", part, question).isTrue();
      }
    }
  }

  /** Parses a command of ours, whose name it gives; others are left to what runs them. */
  private static Optional<String> understand(String line) {
    List<String> words = words(line);
    String program = words.get(0);
    List<String> arguments = words.subList(1, words.size());
    if (program.equals("mvn")) {
      Matcher given = MAVEN_ARGUMENTS.matcher(line);
      if (!given.find()) {
        assertModules(arguments);
        return Optional.empty();
      }
      arguments = words(given.group(1) == null ? given.group(2) : given.group(1));
    } else if (program.endsWith("/deepxray-serve")) {
      arguments = Stream.concat(Stream.of("serve"), arguments.stream()).toList();
    } else if (!program.equals("deepxray") && !program.endsWith("/bin/deepxray")) {
      return Optional.empty();
    }
    String[] all = arguments.toArray(String[]::new);
    try {
      Main.commandLine(all).parseArgs(all);
    } catch (ParameterException e) {
      throw new AssertionError(line + ": " + e.getMessage(), e);
    }
    return Optional.of(arguments.get(0));
  }

  /** The name alone need not be a whole command. */
  private static void understandMention(String code) {
    List<String> words = words(code);
    if (words.size() == 2) {
      assertThat(Main.commandLine().getSubcommands()).containsKey(words.get(1));
    } else {
      understand(code);
    }
  }

  private static void assertModules(List<String> arguments) {
    int named = arguments.indexOf("-pl");
    if (named >= 0) {
      assertThat(arguments.get(named + 1).split(",", -1))
          .allSatisfy(module -> assertThat(ROOT.resolve(module).resolve("pom.xml")).exists());
    }
  }

  private static List<String> words(String line) {
    return WORD.matcher(line)
        .results()
        .map(word -> word.group().replaceAll("[\"']", ""))
        // What follows is another program's.
        .takeWhile(word -> !Set.of("|", "&&", ";", ">", "&").contains(word))
        .toList();
  }

  /** A script by its path, or a test by its name. */
  private static Path runner(String name) throws IOException {
    if (Files.isRegularFile(ROOT.resolve(name))) {
      return ROOT.resolve(name);
    }
    try (Stream<Path> files = Files.walk(ROOT)) {
      return files
          .filter(file -> file.endsWith(name + ".java") && file.toString().contains("src/test"))
          .findFirst()
          .orElseThrow(() -> new AssertionError("there is no test " + name));
    }
  }

  private static List<Block> blocks(Path document) throws IOException {
    List<Block> blocks = new ArrayList<>();
    Optional<String> above = Optional.empty();
    StringBuilder text = new StringBuilder();
    String fence = "";
    for (String line : Files.readAllLines(ROOT.resolve(document))) {
      if (line.startsWith("```")) {
        if (fence.isEmpty()) {
          fence = line;
        } else {
          blocks.add(new Block(fence.substring(3), text.toString(), above));
          fence = "";
          text.setLength(0);
          above = Optional.empty();
        }
      } else if (!fence.isEmpty()) {
        text.append(line).append('\n');
      } else if (!line.isBlank()) {
        above = Optional.of(line.strip()).filter(last -> last.startsWith("<!--"));
      }
    }
    assertThat(fence).as(document + " ends inside a block").isEmpty();
    return blocks;
  }

  private static String withoutBlocks(Path document) throws IOException {
    return Files.readString(ROOT.resolve(document)).replaceAll("(?ms)^```.*?^```$", "");
  }

  /** As the usual renderers make them of headings. */
  private static Set<String> anchors(Path document) throws IOException {
    return Files.readString(document)
        .lines()
        .filter(line -> line.startsWith("#"))
        .map(
            line ->
                Arrays.stream(line.replaceFirst("^#+ ", "").toLowerCase(Locale.ROOT).split(" ", -1))
                    .map(word -> word.replaceAll("[^\\w-]", ""))
                    .collect(joining("-")))
        .collect(toSet());
  }
}
