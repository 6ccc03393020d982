package io.github.deepxray.cli;

import static java.util.stream.Collectors.partitioningBy;
import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.lang.module.Configuration;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.lang.module.ResolvedModule;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/** What others see of the modules: their coordinates, their names as Java modules, the BOM. */
class PublishingTest {
  private static final String BOM = "bom";
  private static final List<String> DEPENDENCIES = List.of("dependencyManagement", "dependencies");
  private static final List<String> PLUGINS = List.of("build", "pluginManagement", "plugins");
  private static final Path ROOT = Path.of(System.getProperty("deepxray.root"));

  @Test
  void everyModuleHasItsOwnNameAndPackagesBelowIt() throws Exception {
    Map<String, String> owners = new TreeMap<>();
    for (String module : modules()) {
      String name = text(pom(module), "properties", "deepxray.module");
      assertThat(name).as(module).matches("io\\.github\\.deepxray\\.[a-z]+");
      for (String found : packages(ROOT.resolve(module))) {
        assertThat(found + ".").as(module).startsWith(name + ".");
        assertThat(owners.put(found, module)).as(found + " in two modules").isNull();
      }
    }
    assertThat(owners).isNotEmpty();
  }

  /** Those that this build has packed; a run of single tests sees classes or other jars instead. */
  @Test
  void theJarsAreModulesThatGoTogether() throws Exception {
    Map<Boolean, List<Path>> jars =
        Arrays.stream(
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path"))
                    .split(File.pathSeparator, -1))
            .map(Path::of)
            .filter(entry -> entry.toString().endsWith(".jar"))
            .collect(partitioningBy(entry -> entry.startsWith(ROOT)));
    ModuleFinder finder = ModuleFinder.of(jars.get(true).toArray(Path[]::new));
    ModuleFinder others = ModuleFinder.of(jars.get(false).toArray(Path[]::new));
    Map<String, String> names =
        finder.findAll().stream()
            .collect(
                toMap(PublishingTest::moduleFolder, reference -> reference.descriptor().name()));
    for (Map.Entry<String, String> entry : names.entrySet()) {
      assertThat(entry.getValue())
          .isEqualTo(text(pom(entry.getKey()), "properties", "deepxray.module"));
    }
    // Throws where two of them share a package.
    Configuration together =
        ModuleLayer.boot().configuration().resolve(finder, others, Set.copyOf(names.values()));
    assertThat(together.modules().stream().map(ResolvedModule::name)).containsAll(names.values());
  }

  @Test
  void theBomHasAllModulesInItsVersion() throws Exception {
    List<String> managed = new ArrayList<>();
    for (Element dependency : entries(pom(BOM), DEPENDENCIES)) {
      if (text(dependency, "groupId").equals("io.github.deepxray")) {
        assertThat(text(dependency, "version")).isEqualTo("${project.version}");
        managed.add(text(dependency, "artifactId"));
      }
    }
    List<String> artifacts = new ArrayList<>();
    for (String module : modules()) {
      artifacts.add(text(pom(module), "artifactId"));
    }
    assertThat(managed).containsExactlyInAnyOrderElementsOf(artifacts);
  }

  /** The parent inherits what the BOM manages, and says nothing of it but variants of a jar. */
  @Test
  void aVersionIsWrittenOnce() throws Exception {
    Element parent = child(pom("."), "parent");
    assertThat(text(parent, "artifactId")).isEqualTo(text(pom(BOM), "artifactId"));
    assertThat(text(parent, "version")).isEqualTo(text(pom(BOM), "version"));
    for (List<String> path : List.of(DEPENDENCIES, PLUGINS)) {
      Set<String> inherited = artifacts(pom(BOM), path);
      assertThat(inherited).isNotEmpty();
      assertThat(artifacts(pom("."), path)).isNotEmpty().doesNotContainAnyElementsOf(inherited);
    }
    for (Element dependency : entries(pom("."), DEPENDENCIES)) {
      assertThat(text(dependency, "version")).matches("\\$\\{[a-z0-9.-]+\\.version}");
    }
  }

  @Test
  void everyPomSaysWhatMavenCentralAsksFor() throws Exception {
    List<String> folders = new ArrayList<>(modules());
    folders.add(".");
    for (String module : folders) {
      for (String field : List.of("artifactId", "name", "description")) {
        assertThat(text(pom(module), field)).as(module + " " + field).isNotBlank();
      }
    }
    // All inherit these.
    Element pom = pom(BOM);
    for (String field : List.of("groupId", "version", "name", "description", "url")) {
      assertThat(text(pom, field)).as(field).isNotBlank();
    }
    assertThat(text(pom, "licenses", "license", "name")).isEqualTo("Apache-2.0");
    assertThat(text(pom, "developers", "developer", "name")).isNotBlank();
    assertThat(text(pom, "scm", "connection")).startsWith("scm:git:");
    assertThat(text(pom, "scm", "url")).isEqualTo(text(pom, "url"));
  }

  /** The folders of all modules that make jars. */
  private static List<String> modules() throws Exception {
    List<String> folders = new ArrayList<>();
    NodeList modules = child(pom("."), "modules").getElementsByTagName("module");
    for (int i = 0; i < modules.getLength(); i++) {
      folders.add(modules.item(i).getTextContent());
    }
    assertThat(folders.remove(BOM)).isTrue();
    assertThat(folders).contains("pipeline-core", "pipeline-cli");
    return folders;
  }

  /** What a pom manages, without variants of a jar. */
  private static Set<String> artifacts(Element pom, List<String> path) {
    return entries(pom, path).stream()
        .filter(entry -> entry.getElementsByTagName("classifier").getLength() == 0)
        .map(entry -> text(entry, "artifactId"))
        .collect(toSet());
  }

  private static List<Element> entries(Element pom, List<String> path) {
    Element list = pom;
    for (String name : path) {
      list = child(list, name);
    }
    List<Element> entries = new ArrayList<>();
    for (Node node = list.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element element) {
        entries.add(element);
      }
    }
    return entries;
  }

  private static String moduleFolder(ModuleReference reference) {
    return ROOT.relativize(Path.of(reference.location().orElseThrow())).getName(0).toString();
  }

  private static Set<String> packages(Path module) throws IOException {
    Path sources = module.resolve("src/main/java");
    try (Stream<Path> files = Files.walk(sources)) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .filter(file -> !file.endsWith("module-info.java"))
          .map(file -> sources.relativize(file.getParent()).toString())
          .map(folder -> folder.replace(File.separatorChar, '.'))
          .collect(toSet());
    }
  }

  private static Element pom(String folder)
      throws IOException, ParserConfigurationException, SAXException {
    Document document =
        DocumentBuilderFactory.newDefaultInstance()
            .newDocumentBuilder()
            .parse(ROOT.resolve(folder).resolve("pom.xml").toFile());
    return document.getDocumentElement();
  }

  private static String text(Element from, String... path) {
    Element element = from;
    for (String name : path) {
      element = child(element, name);
    }
    return element.getTextContent().strip();
  }

  private static Element child(Element parent, String name) {
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element element && element.getTagName().equals(name)) {
        return element;
      }
    }
    throw new AssertionError("no " + name + " in " + parent.getTagName());
  }
}
