package io.github.deepxray.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.datasets.DatasetOptions.FolderLayout;
import io.github.deepxray.datasets.source.Junk;
import io.github.deepxray.testkit.ProgressNotes;
import io.github.deepxray.testkit.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How folders of images are understood, and that it is said. */
class SourceLayoutTest {
  private static final DatasetOptions OPTIONS = DatasetOptions.DEFAULT.withImageSize(32);

  @TempDir Path folder;
  private final ProgressNotes notes = new ProgressNotes();
  private int drawn;

  private Path source() {
    return folder.resolve("source");
  }

  private PreparedDataset prepare(Path source, DatasetOptions options) throws IOException {
    return PreparedDataset.prepare(source, folder.resolve("out"), options, 2, notes);
  }

  /** The images of a data set by class, each a path and its patient. */
  private static Map<String, Map<String, String>> images(PreparedDataset dataset)
      throws IOException {
    ClassNames names = dataset.manifest().classNames();
    Map<String, Map<String, String>> images = new TreeMap<>();
    for (Split split : Split.values()) {
      for (XrayRecord record : dataset.readAll(split)) {
        images
            .computeIfAbsent(names.of(record.label()), k -> new TreeMap<>())
            .put(record.filename(), record.patient());
      }
    }
    return images;
  }

  /** Images of noise, no two the same. */
  private void draw(String place, int count) throws IOException {
    Path in = Files.createDirectories(source().resolve(place));
    for (int i = 0; i < count; i++) {
      byte[] pixels = new byte[32 * 32 * 3];
      drawn++;
      new java.util.Random(drawn).nextBytes(pixels);
      Files.write(in.resolve(i + ".png"), ImageCodec.encodePng(RgbImage.of(32, 32, pixels)));
    }
  }

  private String line(String name) {
    return notes.lines().stream()
        .filter(line -> line.strip().startsWith(name))
        .collect(Collectors.joining("\n"))
        .strip()
        .substring(name.length())
        .strip();
  }

  @Test
  void hiddenFoldersAreNeverData() throws IOException {
    PreparedDataset dataset = prepare(SharedData.cases("layouts/dot_ipynb_edited"), OPTIONS);
    assertThat(dataset.manifest().classNames())
        .isEqualTo(DatasetProfile.CHEST_XRAY_PNEUMONIA.classes());
    assertThat(dataset.manifest().audit().skipped().junk()).isEqualTo(Map.of(Junk.HIDDEN, 5));
    assertThat(line("excluded")).isEqualTo("5 hidden");
  }

  @Test
  void foldersOfPatientsKeepThemTogether() throws IOException {
    Path source = SharedData.cases("layouts/class_patient");
    PreparedDataset dataset = prepare(source, OPTIONS);
    assertThat(dataset.manifest().classNames())
        .isEqualTo(DatasetProfile.CHEST_XRAY_PNEUMONIA.classes());
    Map<String, Map<String, String>> images = images(dataset);
    images.forEach(
        (name, members) ->
            members.forEach(
                (path, patient) ->
                    assertThat(path)
                        .isEqualTo(name + "/" + patient + "/" + Path.of(path).getFileName())));
    assertThat(images.get("NORMAL")).hasSize(40);
    assertThat(images.get("PNEUMONIA")).hasSize(60);
    assertThat(notes.lines().get(0))
        .isEqualTo(source + ": 100 images, folder of class/patient/<image>");
    assertThat(line("patients")).isEqualTo("20 by folders");
  }

  @ParameterizedTest
  @ValueSource(strings = {"train", "Train", "TRAINING"})
  void foldersOfPatientsBelowSplitsAreFound(String train) throws IOException {
    for (String patient : List.of("a", "b", "c", "d", "e")) {
      draw("set/" + train + "/NORMAL/n" + patient, 2);
      draw("set/" + train + "/PNEUMONIA/p" + patient, 2);
    }
    draw("set/test/NORMAL/nz", 2);
    draw("set/test/PNEUMONIA/pz", 2);
    PreparedDataset dataset = prepare(source(), OPTIONS);
    assertThat(dataset.images(Split.TEST)).isEqualTo(4);
    assertThat(images(dataset).get("NORMAL")).containsValue("nz").hasSize(12);
    assertThat(line("splits"))
        .isEqualTo(
            "train 20, validation 0, test 4 by folders; validation is drawn by patient from"
                + " train");
  }

  /** As the COVID-19 Radiography Database: each picture has a mask of the same name. */
  @ParameterizedTest
  @CsvSource({"COVID, Normal", "NORMAL, PNEUMONIA"})
  void twoReadingsOfATreeAreRefusedWithTheChoices(String first, String second) throws IOException {
    for (String name : List.of(first, second)) {
      draw(name + "/images", 8);
      draw(name + "/masks", 8);
    }
    assertThatThrownBy(() -> prepare(source(), OPTIONS))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("such as " + first + "/images")
        .hasMessageContaining("--layout class/patient or patient/class or */class or")
        .hasMessageContaining("class/images or class/masks")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    PreparedDataset dataset =
        prepare(source(), OPTIONS.withLayout(FolderLayout.parse("class/images")));
    assertThat(dataset.manifest().classNames().list()).containsExactlyInAnyOrder(first, second);
    assertThat(images(dataset).get(second).keySet())
        .hasSize(8)
        .allMatch(path -> path.startsWith(second + "/images/"));
    assertThat(line("excluded")).isEqualTo("16 .png");
    assertThat(line("patients")).startsWith("none given");
  }

  @Test
  void aLayoutThatIsToldIsUsed() throws IOException {
    for (int site = 0; site < 3; site++) {
      for (int patient = 0; patient < 4; patient++) {
        draw("site" + site + "/p" + site + patient + "/ill", 1);
        draw("site" + site + "/p" + site + patient + "/well", 1);
      }
    }
    assertThatThrownBy(() -> prepare(source(), OPTIONS))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("3 folders deep")
        .hasMessageContaining("--layout");
    PreparedDataset dataset =
        prepare(source(), OPTIONS.withLayout(FolderLayout.parse("*/patient/class")));
    Map<String, Map<String, String>> images = images(dataset);
    assertThat(images.keySet()).containsExactly("ill", "well");
    assertThat(new TreeSet<>(images.get("ill").values())).hasSize(12).contains("p00", "p23");
    for (Split split : Split.values()) {
      Set<String> patients =
          dataset.readAll(split).stream().map(XrayRecord::patient).collect(Collectors.toSet());
      assertThat(dataset.images(split)).isEqualTo(2 * patients.size());
    }
  }

  private void drawPatients(String split, String... patients) throws IOException {
    for (String patient : patients) {
      draw(split + "/NORMAL/n" + patient, 2);
      draw(split + "/PNEUMONIA/p" + patient, 2);
    }
  }

  @Test
  void aStrayFileDoesNotChangeTheLayout() throws IOException {
    drawPatients("train", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m");
    drawPatients("test", "x", "y", "z", "u", "v", "w", "q", "r", "s", "t", "o", "k2");
    draw("train/NORMAL", 1);
    Files.writeString(source().resolve("train/NORMAL/labels.csv"), "a,b");
    PreparedDataset dataset = prepare(source(), OPTIONS);
    assertThat(notes.lines().get(0)).endsWith("folder of split/class/patient/<image>");
    assertThat(dataset.images(Split.TEST)).isEqualTo(48);
    assertThat(line("excluded")).isEqualTo("1 .csv, 1 misplaced");
  }

  @ParameterizedTest
  @CsvSource({"train/x, test/x", "train/PA, test/PA"})
  void aFolderBetweenSplitAndClassSaysNothing(String train, String test) throws IOException {
    for (String name : List.of("cat", "dog")) {
      draw(train + "/" + name, 12);
      draw(test + "/" + name, 4);
    }
    PreparedDataset dataset = prepare(source(), OPTIONS);
    assertThat(notes.lines().get(0)).endsWith("folder of split/*/class/<image>");
    assertThat(dataset.images(Split.TEST)).isEqualTo(8);
  }

  @Test
  void splitsBelowClassesAreSplits() throws IOException {
    for (String name : List.of("NORMAL", "PNEUMONIA")) {
      draw(name + "/train", 12);
      draw(name + "/Test", 4);
    }
    PreparedDataset dataset = prepare(source(), OPTIONS);
    assertThat(notes.lines().get(0)).endsWith("folder of class/split/<image>");
    assertThat(dataset.images(Split.TEST)).isEqualTo(8);
    assertThat(dataset.readAll(Split.TEST)).allMatch(r -> r.filename().contains("/Test/"));
  }

  @Test
  void kindsAboveClassesAreAmongTheChoices() throws IOException {
    for (String kind : List.of("images", "masks")) {
      draw(kind + "/a", 8);
      draw(kind + "/b", 8);
    }
    assertThatThrownBy(() -> prepare(source(), OPTIONS))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("or images/class or masks/class");
    PreparedDataset dataset =
        prepare(source(), OPTIONS.withLayout(FolderLayout.parse("images/class")));
    assertThat(images(dataset).get("a").keySet()).hasSize(8).allMatch(f -> f.startsWith("images/"));
  }

  @Test
  void patientsOfBothSidesAreSaid() throws IOException {
    for (String split : List.of("train", "test")) {
      drawPatients(split, "1", "2");
    }
    drawPatients("train", "3", "4", "5");
    prepare(source(), OPTIONS);
    assertThat(notes.lines())
        .contains(
            "8 images are not trained on, because their patients are in the test split, too.");
  }

  @Test
  void foldersOfProgramsBesideTheDataMayHoldAnything() throws IOException {
    draw("ill", 10);
    draw("well", 10);
    Path venv = Files.createDirectories(source().resolve(".venv/bin"));
    Files.createSymbolicLink(venv.resolve("python"), Path.of("/usr/bin/nothing"));
    for (int i = 0; i < 30; i++) {
      Files.writeString(source().resolve("1.2.840.113619." + i), "dicom");
    }
    prepare(source(), OPTIONS);
    assertThat(line("excluded")).isEqualTo("1 hidden, 30 without extension");
  }

  @Test
  void rareKindsArePutTogether() throws IOException {
    draw("ill", 10);
    draw("well", 10);
    for (int i = 0; i < 14; i++) {
      Files.writeString(source().resolve("x.kind" + (char) ('a' + i)), "x");
    }
    prepare(source(), OPTIONS);
    assertThat(line("excluded")).startsWith("1 .kinda, 1 .kindb").endsWith("4 of other kinds");
  }

  @Test
  void aZipThatNamesFilesInAnExtraFieldIsReadByThem() throws IOException {
    Path zip = folder.resolve("names.zip");
    try (ZipArchiveOutputStream out = new ZipArchiveOutputStream(zip)) {
      out.setEncoding("IBM437");
      out.setUseLanguageEncodingFlag(false);
      out.setCreateUnicodeExtraFields(ZipArchiveOutputStream.UnicodeExtraFieldPolicy.ALWAYS);
      for (int i = 0; i < 40; i++) {
        byte[] pixels = new byte[32 * 32 * 3];
        new java.util.Random(i).nextBytes(pixels);
        String name = i % 2 == 0 ? "krank\u00e9" : "gesund\u00e9";
        out.putArchiveEntry(new ZipArchiveEntry(name + "/" + i + ".png"));
        out.write(ImageCodec.encodePng(RgbImage.of(32, 32, pixels)));
        out.closeArchiveEntry();
      }
    }
    assertThat(prepare(zip, OPTIONS).manifest().classNames())
        .isEqualTo(new ClassNames("gesund\u00e9", "krank\u00e9"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "split", "class/class", "split/split/class", "class//patient", "/class"})
  void aLayoutHasOneClass(String text) {
    assertThatThrownBy(() -> FolderLayout.parse(text))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("one of them class");
  }

  /** In other data sets than Kaggle's the alphabet would make the healthy the positive class. */
  @ParameterizedTest
  @CsvSource({
    "COVID, NORMAL, NORMAL",
    "Abnormal, Normal, Normal",
    "effusion, No Finding, No Finding",
    "TB, healthy, healthy",
    "covid, non-covid, non-covid",
    "cat, dog, cat",
    "negative, normal, negative"
  })
  void whatIsFoundIsThePositiveClass(String one, String two, String negative) throws IOException {
    draw(one, 10);
    draw(two, 10);
    PreparedDataset dataset = prepare(source(), OPTIONS);
    assertThat(dataset.manifest().classNames().list().get(0)).isEqualTo(negative);
    String positive = negative.equals(one) ? two : one;
    assertThat(line("classes"))
        .isEqualTo("0 = " + negative + " (10), 1 = " + positive + " (10, positive)");
    assertThat(images(dataset).get(positive).keySet()).allMatch(f -> f.startsWith(positive + "/"));
    assertThat(notes.lines().stream().anyMatch(l -> l.contains("although its name means")))
        .isEqualTo(positive.equals("normal"));
  }

  @Test
  void theUserMaySayOtherwiseAndIsTold() throws IOException {
    draw("COVID", 10);
    draw("NORMAL", 10);
    prepare(source(), OPTIONS.withClasses(new ClassNames("COVID", "NORMAL")));
    assertThat(notes.lines())
        .anyMatch(l -> l.contains("NORMAL is the positive class, although its name means"));
  }

  /** Viewers of DICOM name what they export so, whatever it shows. */
  @Test
  void namesOfOtherProgramsSayNothing() throws IOException {
    for (String name : List.of("NORMAL", "PNEUMONIA")) {
      draw(name, 12);
      try (Stream<Path> files = Files.list(source().resolve(name))) {
        int i = 0;
        for (Path file : files.sorted().toList()) {
          i++;
          Files.move(file, file.resolveSibling(String.format("IM-0001-%04d.png", i)));
        }
      }
    }
    PreparedDataset dataset = prepare(source(), OPTIONS);
    assertThat(dataset.manifest().audit().quarantined()).isEmpty();
    assertThat(images(dataset).get("PNEUMONIA")).hasSize(12);
    assertThat(line("patients")).startsWith("none given");
    assertThat(line("classes")).isEqualTo("0 = NORMAL (12), 1 = PNEUMONIA (12, positive)");
  }

  @Test
  void filesOfSystemsAndOtherKindsAreCountedAndNoFault() throws IOException {
    draw("ill", 10);
    draw("well", 10);
    for (String junk :
        List.of(
            "Thumbs.db",
            "ill/Thumbs.db",
            "well/desktop.ini",
            "ill/.DS_Store",
            "ill/._0.png",
            "well/.thumbnails/0.png",
            "well/@eaDir/0.png/SYNO_THUMB_XL.jpg",
            "lost+found/1.png",
            "notes.dcm",
            "list.webp",
            "README")) {
      Path file = source().resolve(junk);
      Files.createDirectories(file.getParent());
      Files.write(file, new byte[] {1});
    }
    PreparedDataset dataset = prepare(source(), OPTIONS);
    assertThat(dataset.manifest().audit().quarantined()).isEmpty();
    assertThat(line("excluded"))
        .isEqualTo(
            "1 apple-double, 1 ds-store, 1 hidden, 5 system, 1 without extension, 1 .dcm, 1"
                + " .webp");
    assertThat(dataset.table()).contains("Skipped: 1 apple-double,");
  }

  @Test
  void jfifFilesAreImages() throws IOException {
    draw("ill", 10);
    draw("well", 10);
    Path image = source().resolve("ill/0.png");
    Files.write(
        image.resolveSibling("photo.jfif"),
        ImageCodec.encodeJpeg(ImageCodec.decode(Files.readAllBytes(image), "it"), 90));
    assertThat(images(prepare(source(), OPTIONS)).get("ill")).containsKey("ill/photo.jfif");
  }

  @ParameterizedTest
  @ValueSource(strings = {"backslash_unix", "macos", "names_cp437", "names_gbk"})
  void archivesOfOtherMachinesAreRead(String name) throws IOException {
    PreparedDataset dataset = prepare(SharedData.cases("zip/" + name + ".zip"), OPTIONS);
    assertThat(dataset.manifest().classNames())
        .isEqualTo(DatasetProfile.CHEST_XRAY_PNEUMONIA.classes());
    assertThat(dataset.images(Split.TEST)).isPositive();
    assertThat(dataset.manifest().audit().quarantined()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "zipcrypto.zip | has encrypted files; unpack it and give the folder",
        "deflate64.zip | has files with a compression method other than Deflate",
        "split.zip     | is part of a split zip archive; join its parts",
        "split.z01     | is part of a split zip archive; join its parts",
        "plain.tar.gz  | is a gzip file, such as .tar.gz, not a zip archive; unpack it",
        "nested.zip    | but the archive plain.zip; unpack that one and give the folder",
      })
  void theTrueReasonIsSaidOfArchivesThatCannotBeRead(String name, String words) {
    Path zip = SharedData.cases("zip/" + name);
    assertThatThrownBy(() -> prepare(zip, OPTIONS))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageStartingWith(zip.toString())
        .hasMessageContaining(words)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("download it again"));
  }
}
