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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
  private static final Pattern PROPERTY = Pattern.compile("\\$\\{([^}]+)}");
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
  void theBomHasAllModulesInThisVersionAndOtherLibrariesInTheirs() throws Exception {
    Element bom = pom(BOM);
    assertThat(text(bom, "version")).isEqualTo(text(pom("."), "version"));
    List<String> managed = new ArrayList<>();
    NodeList dependencies =
        child(child(bom, "dependencyManagement"), "dependencies")
            .getElementsByTagName("dependency");
    for (int i = 0; i < dependencies.getLength(); i++) {
      Element dependency = (Element) dependencies.item(i);
      String artifact = text(dependency, "artifactId");
      boolean own = text(dependency, "groupId").equals("io.github.deepxray");
      assertThat(text(dependency, "version"))
          .as(artifact)
          .isEqualTo(own ? "${project.version}" : managedVersion(artifact));
      if (own) {
        managed.add(artifact);
      }
    }
    List<String> artifacts = new ArrayList<>();
    for (String module : modules()) {
      artifacts.add(text(pom(module), "artifactId"));
    }
    assertThat(managed).containsExactlyInAnyOrderElementsOf(artifacts);
  }

  /** The version of a library in which this project is built. */
  private static String managedVersion(String artifact) throws Exception {
    Element pom = pom(".");
    NodeList dependencies =
        child(child(pom, "dependencyManagement"), "dependencies")
            .getElementsByTagName("dependency");
    for (int i = 0; i < dependencies.getLength(); i++) {
      Element dependency = (Element) dependencies.item(i);
      if (text(dependency, "artifactId").equals(artifact)) {
        String version = text(dependency, "version");
        Matcher name = PROPERTY.matcher(version);
        while (name.find()) {
          version = version.replace(name.group(), text(pom, "properties", name.group(1)));
          name = PROPERTY.matcher(version);
        }
        return version;
      }
    }
    throw new AssertionError("no " + artifact + " is managed");
  }

  @Test
  void theBomBuildsWithTheSamePlugins() throws Exception {
    assertThat(plugins(pom("."))).containsAllEntriesOf(plugins(pom(BOM)));
  }

  @Test
  void everyPomSaysWhatMavenCentralAsksFor() throws Exception {
    for (String module : modules()) {
      for (String field : List.of("artifactId", "name", "description")) {
        assertThat(text(pom(module), field)).as(module + " " + field).isNotBlank();
      }
    }
    // The modules inherit these; the BOM has no parent.
    for (String module : List.of(".", BOM)) {
      Element pom = pom(module);
      for (String field : List.of("groupId", "version", "name", "description", "url")) {
        assertThat(text(pom, field)).as(module + " " + field).isNotBlank();
      }
      assertThat(text(pom, "licenses", "license", "name")).isEqualTo("Apache-2.0");
      assertThat(text(pom, "developers", "developer", "name")).isNotBlank();
      assertThat(text(pom, "scm", "connection")).startsWith("scm:git:");
      assertThat(text(pom, "scm", "url")).isEqualTo(text(pom, "url"));
    }
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

  private static Map<String, String> plugins(Element pom) {
    NodeList plugins =
        child(child(child(pom, "build"), "pluginManagement"), "plugins")
            .getElementsByTagName("plugin");
    Map<String, String> versions = new TreeMap<>();
    for (int i = 0; i < plugins.getLength(); i++) {
      Element plugin = (Element) plugins.item(i);
      versions.put(text(plugin, "artifactId"), text(plugin, "version"));
    }
    return versions;
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
