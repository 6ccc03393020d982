package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Parts of documents that are written by a test, which fails when they differ. */
final class GeneratedText {
  /** The system property that has the documents written anew. */
  static final String WRITE = "deepxray.write-docs";

  static final Path ROOT = Path.of(System.getProperty("deepxray.root"));

  private GeneratedText() {}

  /**
   * Holds what stands between {@code <!-- generated: name -->} and {@code <!-- end: name -->}
   * against what should, or writes it there.
   */
  static void check(String document, String name, String expected) throws IOException {
    Path file = ROOT.resolve(document);
    String text = Files.readString(file);
    Matcher part =
        Pattern.compile(
                "(?<=<!-- generated: NAME -->\n).*?(?=<!-- end: NAME -->)"
                    .replace("NAME", Pattern.quote(name)),
                Pattern.DOTALL)
            .matcher(text);
    assertThat(part.find()).as("generated part '%s' of %s", name, document).isTrue();
    String body = "\n" + expected.strip() + "\n\n";
    if (Boolean.getBoolean(WRITE)) {
      Files.writeString(file, text.substring(0, part.start()) + body + text.substring(part.end()));
      return;
    }
    assertThat(part.group())
        .as(
            "%s is not what the code says; to write it anew: mvn -B -ntp verify -am -pl"
                + " pipeline-cli -Dtest=ReferenceTest -Dsurefire.failIfNoSpecifiedTests=false"
                + " -D%s=true",
            document, WRITE)
        .isEqualTo(body);
  }

  /** A table with a row for each list of cells, which are Markdown. */
  static String table(List<String> head, List<List<String>> rows) {
    StringBuilder table = new StringBuilder();
    table.append(row(head)).append("|---".repeat(head.size())).append("|\n");
    rows.forEach(cells -> table.append(row(cells)));
    return table.toString();
  }

  private static String row(List<String> cells) {
    return "| " + String.join(" | ", cells).replace("|  |", "| |") + " |\n";
  }

  /** Words as Markdown that shows them as they are, with options as code. */
  static String plain(String words) {
    return words
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replaceAll("([*|\\[\\]`\\\\])", "\\\\$1")
        .replaceAll("(?<![\\w-])--(?!help)[a-z][a-z-]+", "`$0`")
        .replaceAll("\\s+", " ")
        .strip();
  }

  /** Code inside a table. */
  static String code(String code) {
    return "`" + code.replace("|", "\\|") + "`";
  }
}
