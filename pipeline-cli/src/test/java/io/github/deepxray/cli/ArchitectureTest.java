package io.github.deepxray.cli;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Packages of all modules: none depends on itself through others, and arrows are as documented. */
class ArchitectureTest {
  private static final Path ROOT = Path.of(System.getProperty("deepxray.root"));
  private static final String BASE = "io.github.deepxray.";
  private static final Pattern MODULE = Pattern.compile("<deepxray.module>(.*)</deepxray.module>");
  private static final Pattern ROW = Pattern.compile("\\| `([a-z-]+)` \\|.*\\|(.*)\\|");

  private static JavaClasses classes;

  @BeforeAll
  static void read() throws IOException {
    Set<String> tests = tests();
    ImportOption main =
        location -> tests.stream().noneMatch(test -> location.matches(Pattern.compile(test)));
    classes = new ClassFileImporter().withImportOption(main).importPackages("io.github.deepxray");
    assertThat(classes.size()).isGreaterThan(300);
  }

  /** Patterns of the places of classes that are tests, with those inside them. */
  private static Set<String> tests() throws IOException {
    try (Stream<Path> files = Files.walk(ROOT)) {
      return files
          .map(file -> ROOT.relativize(file).toString())
          .filter(file -> file.matches("[^/]+/src/test/java/.*\\.java"))
          .map(file -> file.replaceAll("^.*/src/test/java/|\\.java$", ""))
          .map(name -> ".*/" + Pattern.quote(name) + "([$].*)?[.]class")
          .collect(Collectors.toSet());
    }
  }

  @Test
  void noPackageDependsOnItselfThroughOthers() {
    slices().matching(BASE + "(**)").should().beFreeOfCycles().check(classes);
  }

  @Test
  void modulesImportWhatContributingSays() throws IOException {
    Map<String, Set<String>> arrows = arrows();
    Set<String> wrong = new TreeSet<>();
    for (JavaClass from : classes) {
      Optional<String> module = module(from, arrows.keySet());
      for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
        Optional<String> target = module(dependency.getTargetClass(), arrows.keySet());
        if (module.isPresent()
            && target.isPresent()
            && !target.equals(module)
            && !arrows.get(module.get()).contains(target.get())) {
          wrong.add(from.getName() + " -> " + dependency.getTargetClass().getName());
        }
      }
    }
    assertThat(arrows).hasSizeGreaterThan(12);
    assertThat(wrong).isEmpty();
  }

  @Test
  void publicSignaturesNameNoInternalTypes() {
    Set<String> leaks = new TreeSet<>();
    for (JavaClass type : classes) {
      if (!isForUsers(type)) {
        continue;
      }
      for (JavaCodeUnit unit : type.getCodeUnits()) {
        if (unit.getModifiers().contains(JavaModifier.PUBLIC)
            || unit.getModifiers().contains(JavaModifier.PROTECTED)) {
          Stream.concat(Stream.of(unit.getReturnType()), unit.getParameterTypes().stream())
              .flatMap(named -> named.getAllInvolvedRawTypes().stream())
              .filter(named -> isInternal(named.getBaseComponentType()))
              .forEach(named -> leaks.add(unit.getFullName() + " names " + named.getName()));
        }
      }
    }
    assertThat(leaks).isEmpty();
  }

  private static boolean isInternal(JavaClass type) {
    return type.getPackageName().startsWith(BASE) && type.getPackageName().contains(".internal");
  }

  private static boolean isForUsers(JavaClass type) {
    return type.getModifiers().contains(JavaModifier.PUBLIC)
        && !isInternal(type)
        && !type.getPackageName().startsWith(BASE + "testkit")
        && type.getEnclosingClass().map(ArchitectureTest::isForUsers).orElse(true);
  }

  private static Optional<String> module(JavaClass type, Set<String> packages) {
    return packages.stream()
        .filter(name -> (type.getPackageName() + ".").startsWith(name + "."))
        .findFirst();
  }

  /** The packages that the package of each module may import, from the table of CONTRIBUTING.md. */
  private static Map<String, Set<String>> arrows() throws IOException {
    Map<String, Set<String>> arrows = new LinkedHashMap<>();
    for (String line : Files.readAllLines(ROOT.resolve("CONTRIBUTING.md"))) {
      Matcher row = ROW.matcher(line);
      if (row.matches() && Files.exists(ROOT.resolve(row.group(1)).resolve("pom.xml"))) {
        Optional<String> name = packageOf(row.group(1));
        if (name.isPresent()) {
          arrows.put(name.get(), allowed(row.group(2), arrows.keySet()));
        }
      }
    }
    return arrows;
  }

  private static Optional<String> packageOf(String module) {
    try {
      Matcher found = MODULE.matcher(Files.readString(ROOT.resolve(module).resolve("pom.xml")));
      return found.find() ? Optional.of(found.group(1)) : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Set<String> allowed(String words, Set<String> above) {
    Set<String> allowed = new LinkedHashSet<>();
    for (String phrase : words.split("[,;]", -1)) {
      if (phrase.contains("all above")) {
        allowed.addAll(above);
      } else if (phrase.contains("both engines")) {
        allowed.add(BASE + "tensorflow");
        allowed.add(BASE + "tflite");
      } else if (!phrase.contains("at run time")) {
        Stream.of(phrase.strip().split("\\s+"))
            .map(word -> BASE + word)
            .filter(above::contains)
            .forEach(allowed::add);
      }
    }
    return allowed;
  }
}
