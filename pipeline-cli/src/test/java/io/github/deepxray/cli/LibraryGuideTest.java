package io.github.deepxray.cli;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xml.sax.InputSource;

/** What programs that use the library are told to write, and what they get with it. */
class LibraryGuideTest {
  private static final Path ROOT = Path.of(System.getProperty("deepxray.root"));
  private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  private static final String BINDINGS =
      """
      /project/dependencies/dependency[
        (starts-with(artifactId, 'slf4j-') and artifactId != 'slf4j-api'
          or starts-with(artifactId, 'logback-') or starts-with(artifactId, 'log4j-'))
        and not(scope = 'test') and not(optional = 'true')]/artifactId
      """;

  /** Also what a block of a document may use because one before it said what it is. */
  private static final String HEAD =
      """
      import io.github.deepxray.classify.*;
      import io.github.deepxray.core.network.*;
      import io.github.deepxray.core.progress.*;
      import io.github.deepxray.datasets.*;
      import io.github.deepxray.export.*;
      import io.github.deepxray.pipeline.*;
      import io.github.deepxray.serve.*;
      import io.github.deepxray.train.*;
      import io.github.deepxray.train.recipe.*;
      import java.nio.file.Path;
      import java.util.OptionalDouble;
      class Example {
        static Bundle bundle;
        static void main(String[] args) throws Exception {
      """;

  static Stream<String> blocks() throws IOException {
    List<Path> documents = new ArrayList<>(List.of(ROOT.resolve("README.md")));
    try (Stream<Path> files = Files.list(ROOT.resolve("docs"))) {
      files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(documents::add);
    }
    List<String> blocks = new ArrayList<>();
    for (Path document : documents) {
      JAVA.matcher(Files.readString(document)).results().forEach(b -> blocks.add(b.group(1)));
    }
    return blocks.stream();
  }

  @ParameterizedTest
  @MethodSource("blocks")
  void javaInDocumentsCompiles(String block, @TempDir Path classes) {
    JavaFileObject file =
        new SimpleJavaFileObject(URI.create("string:///Example.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            String imports =
                block.lines().filter(line -> line.startsWith("import ")).collect(joining("\n"));
            String code =
                block.lines().filter(line -> !line.startsWith("import ")).collect(joining("\n"));
            return imports + "\n" + HEAD + code + "}}";
          }
        };
    StringWriter messages = new StringWriter();
    List<String> options =
        List.of(
            "-d",
            classes.toString(),
            "-proc:none",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    boolean compiled =
        ToolProvider.getSystemJavaCompiler()
            .getTask(messages, null, null, options, null, List.of(file))
            .call();
    assertThat(compiled).as(messages.toString()).isTrue();
  }

  /** A program has one of its own; with two SLF4J says so and takes any. */
  @Test
  void noModuleBringsALoggingBinding() throws Exception {
    List<Path> poms = new ArrayList<>();
    try (Stream<Path> folders = Files.list(ROOT)) {
      folders.map(folder -> folder.resolve("pom.xml")).filter(Files::exists).forEach(poms::add);
    }
    assertThat(poms).hasSizeGreaterThan(10);
    XPath paths = XPathFactory.newDefaultInstance().newXPath();
    for (Path pom : poms) {
      assertThat(paths.evaluate(BINDINGS, new InputSource(pom.toUri().toString())))
          .as("binding in %s", pom)
          .isEmpty();
    }
  }

  /** And none comes through a library of others. */
  @Test
  void theOnlyBindingOfTheCommandIsItsOwn() {
    List<String> providers =
        Stream.of(
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path"))
                    .split(File.pathSeparator, -1))
            .map(entry -> String.valueOf(Path.of(entry).getFileName()))
            .filter(name -> name.matches("slf4j-(?!api).*|logback-classic.*|log4j-slf4j.*"))
            .toList();
    assertThat(providers).hasSize(1).first().asString().startsWith("slf4j-nop-");
  }

  @Test
  void theGuideNamesTheVersionsOfTheNativeLibraries() throws Exception {
    String pom = Files.readString(ROOT.resolve("bom/pom.xml"));
    String guide = Files.readString(ROOT.resolve("docs/library.md"));
    String javacpp = property(pom, "javacpp.version");
    assertThat(guide)
        .contains("<version>" + javacpp + "</version>")
        .contains(
            "<version>"
                + property(pom, "tensorflow-lite.version").replace("${javacpp.version}", javacpp)
                + "</version>")
        .contains("tensorflow-core-native:" + property(pom, "tensorflow.version") + "`");
  }

  private static String property(String pom, String name) {
    Matcher value = Pattern.compile("<" + name + ">([^<]+)</" + name + ">").matcher(pom);
    assertThat(value.find()).as(name).isTrue();
    return value.group(1);
  }
}
