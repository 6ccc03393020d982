package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A library leaves the settings of the process alone: they belong to the program. */
class SideEffectsTest {
  private static final Path ROOT = Path.of(System.getProperty("deepxray.root"));

  private static final Pattern SETTERS =
      Pattern.compile(
          "\\b(?:ImageIO\\.set\\w+|(?:Locale|TimeZone|ProxySelector|CookieHandler|Authenticator)"
              + "\\.setDefault|System\\.(?:set\\w+|clearProperty|exit)|Security\\.(?:add|insert|set)\\w+"
              + "|Thread\\.setDefault\\w+|URL\\.set\\w+|\\w+\\.setLevel|\\w+\\.addShutdownHook"
              + "|\\w+\\.registerServiceProvider)\\(|Runtime\\.getRuntime\\(\\)\\.addShutdownHook\\(");

  private static final Pattern TEXTS =
      Pattern.compile("\"(?:\\\\.|[^\"\\\\])*\"|//[^\n]*|/\\*.*?\\*/", Pattern.DOTALL);

  /** What runs a process: entry points, and what keeps the server until the process ends. */
  private static final Pattern PROGRAM =
      Pattern.compile("static void main\\(String\\[] |class ServeArguments ");

  @Test
  void onlyProgramsChangeSettingsOfTheProcess() throws IOException {
    List<String> found = new ArrayList<>();
    int files = 0;
    try (Stream<Path> modules = Files.list(ROOT)) {
      for (Path module : modules.filter(m -> Files.exists(m.resolve("pom.xml"))).toList()) {
        Path sources = module.resolve("src/main/java");
        if (Files.isDirectory(sources)) {
          files += search(sources, found);
        }
      }
    }
    assertThat(files).isGreaterThan(100);
    assertThat(found).isEmpty();
  }

  private static int search(Path sources, List<String> found) throws IOException {
    try (Stream<Path> all = Files.walk(sources)) {
      List<Path> files = all.filter(file -> file.toString().endsWith(".java")).toList();
      for (Path file : files) {
        String text = TEXTS.matcher(Files.readString(file)).replaceAll(" ");
        if (!PROGRAM.matcher(text).find()) {
          Matcher setter = SETTERS.matcher(text);
          while (setter.find()) {
            found.add(ROOT.relativize(file) + ": " + setter.group());
          }
        }
      }
      return files.size();
    }
  }

  @Test
  void theSearchFindsThem() {
    for (String code :
        List.of(
            "ImageIO.setUseCache(false);",
            "LOG.setLevel(Level.OFF);",
            "Locale.setDefault(Locale.ROOT);",
            "System.setProperty(a, b);",
            "Runtime.getRuntime().addShutdownHook(hook);")) {
      assertThat(SETTERS.matcher(code).find()).as(code).isTrue();
    }
    assertThat(TEXTS.matcher("a(\"Locale.setDefault(x)\"); // System.exit(1)").replaceAll(""))
        .isEqualTo("a(); ");
  }
}
