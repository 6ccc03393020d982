package io.github.deepxray.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.DatasetOptions.OfficialVal;
import io.github.deepxray.datasets.internal.source.RefusedException;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Data sets that are not the Kaggle archive. */
class OtherDatasetsTest {
  private static final DatasetOptions OPTIONS =
      DatasetOptions.DEFAULT.withImageSize(16).withRecordsPerShard(50);

  @TempDir Path temporary;

  private Path file(String name, byte[] bytes) throws IOException {
    Path file = temporary.resolve("source").resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, bytes);
  }

  private Path source() {
    return temporary.resolve("source");
  }

  private static byte[] png(long seed) {
    byte[] pixels = new byte[20 * 24 * 3];
    new Random(seed).nextBytes(pixels);
    return ImageCodec.encodePng(RgbImage.of(20, 24, pixels));
  }

  private void images(String folder, int count, long seed) throws IOException {
    for (int i = 0; i < count; i++) {
      file(folder + "/" + i + ".png", png(seed * 1000 + i));
    }
  }

  private PreparedDataset prepare(Path source, DatasetOptions options) throws IOException {
    return PreparedDataset.prepare(source, temporary.resolve("out"), options, 2, Progress.NONE);
  }

  private static Map<Split, List<XrayRecord>> records(PreparedDataset dataset) throws IOException {
    Map<Split, List<XrayRecord>> records = new HashMap<>();
    for (Split split : Split.values()) {
      records.put(split, dataset.readAll(split));
    }
    return records;
  }

  private static long count(List<XrayRecord> records, Label label) {
    return records.stream().filter(r -> r.label().equals(label)).count();
  }

  @Test
  void readsFoldersOfSplitsAndClasses() throws IOException {
    images("set/train/cat", 10, 1);
    images("set/train/dog", 20, 2);
    images("set/test/cat", 3, 3);
    images("set/test/dog", 4, 4);
    PreparedDataset dataset = prepare(source(), OPTIONS);
    assertThat(dataset.manifest().classNames()).isEqualTo(new ClassNames("cat", "dog"));
    Map<Split, List<XrayRecord>> records = records(dataset);
    assertThat(records.get(Split.TEST)).hasSize(7);
    assertThat(count(records.get(Split.TEST), Label.POSITIVE)).isEqualTo(4);
    assertThat(records.values().stream().flatMap(List::stream))
        .hasSize(37)
        .allMatch(r -> r.label().equals(Label.POSITIVE) == r.filename().contains("/dog/"));
    assertThat(dataset.table()).contains(" cat ").contains(" dog").doesNotContain("pneumonia");
    var profile = Json.read(dataset.folder().resolve("dataset.json")).get("profile");
    assertThat(profile.get("classes")).isEqualTo(Json.tree(List.of("cat", "dog")));
    assertThat(profile.get("positive").asText()).isEqualTo("dog");
    assertThat(PreparedDataset.open(dataset.folder()).manifest()).isEqualTo(dataset.manifest());
  }

  @Test
  void drawsATestSplitWhereThereAreOnlyClasses() throws IOException {
    images("set/abnormal", 40, 1);
    images("set/normal", 60, 2);
    file("set/README.txt", new byte[0]);
    PreparedDataset dataset = prepare(source(), OPTIONS);
    Map<Split, List<XrayRecord>> records = records(dataset);
    assertThat(count(records.get(Split.TEST), Label.NEGATIVE)).isEqualTo(12);
    assertThat(count(records.get(Split.TEST), Label.POSITIVE)).isEqualTo(8);
    assertThat(count(records.get(Split.VALIDATION), Label.NEGATIVE)).isEqualTo(5);
    assertThat(count(records.get(Split.VALIDATION), Label.POSITIVE)).isEqualTo(3);
    assertThat(records.values().stream().mapToInt(List::size).sum()).isEqualTo(100);
    String fingerprint = dataset.fingerprint();
    assertThat(prepare(source(), OPTIONS).fingerprint()).isEqualTo(fingerprint);
    PreparedDataset half = prepare(source(), OPTIONS.withTestFraction(0.5));
    assertThat(half.images(Split.TEST)).isEqualTo(50);
    assertThat(half.manifest().options())
        .isEqualTo(OPTIONS.withTestFraction(0.5).withOfficialVal(OfficialVal.TRAIN));
  }

  @Test
  void theUserSaysWhichClassIsPositive() throws IOException {
    images("abnormal", 10, 1);
    images("normal", 10, 2);
    DatasetOptions options = OPTIONS.withClasses(ClassNames.parse("normal, abnormal"));
    PreparedDataset dataset = prepare(source(), options);
    assertThat(dataset.manifest().classNames().positive()).isEqualTo("abnormal");
    assertThat(records(dataset).get(Split.TRAIN))
        .allMatch(r -> r.label().equals(Label.POSITIVE) == r.filename().contains("abnormal"));
    assertThatThrownBy(() -> prepare(source(), OPTIONS.withClasses(ClassNames.parse("a,normal"))))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("abnormal and normal, not a and normal");
  }

  @Test
  void identicalImagesStayTogetherWhenTheTestSplitIsDrawn() throws IOException {
    for (int i = 0; i < 30; i++) {
      file("a/" + i + ".png", png(i / 3));
      file("b/" + i + ".png", png(100 + i));
    }
    // The same image as both classes goes nowhere.
    file("b/twice.png", png(0));
    PreparedDataset dataset = prepare(source(), OPTIONS.withMaxBad(0.1));
    Map<String, Split> seen = new HashMap<>();
    records(dataset)
        .forEach(
            (split, records) ->
                records.forEach(
                    r -> {
                      String key = r.filename().replaceAll("\\d+", "") + r.sha256();
                      assertThat(seen.getOrDefault(key, split)).isEqualTo(split);
                      seen.put(key, split);
                    }));
    assertThat(dataset.manifest().audit().quarantined())
        .hasSize(4)
        .allMatch(q -> q.reason() == DatasetAudit.Reason.TWO_LABELS);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1001})
  void tooFewOrTooManyClassesAreRefusedInOneLine(int classes) throws IOException {
    Files.createDirectories(source());
    for (int i = 0; i < classes; i++) {
      images("class" + i, classes > 9 ? 1 : 2, i);
    }
    assertThatThrownBy(() -> prepare(source(), OPTIONS))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(
            switch (classes) {
              case 0 -> "no images in folders of classes";
              case 1 -> "has 1 class (class0)";
              default ->
                  "class1, class10, class100, class1000, ...); a classifier supports at most";
            })
        .message()
        .doesNotContain("\n");
    assertThat(temporary.resolve("out")).doesNotExist();
  }

  @Test
  void aSplitNeedsBothClasses() throws IOException {
    images("train/a", 3, 1);
    images("train/b", 3, 2);
    images("test/a", 3, 3);
    assertThatThrownBy(() -> prepare(source(), OPTIONS))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("no images in test/b");
  }

  @Test
  void tellsMoreThanTwoClassesApart() throws IOException {
    images("set/fox", 40, 1);
    images("set/cat", 30, 2);
    images("set/dog", 20, 3);
    PreparedDataset dataset = prepare(source(), OPTIONS);
    assertThat(dataset.manifest().classNames().list()).containsExactly("cat", "dog", "fox");
    Map<Split, List<XrayRecord>> records = records(dataset);
    assertThat(records.values().stream().flatMap(List::stream))
        .hasSize(90)
        .allMatch(
            r -> r.filename().startsWith(dataset.manifest().classNames().of(r.label()) + "/"));
    // A fifth of each class is drawn for the test, a tenth of the rest for validation.
    for (int label = 0; label < 3; label++) {
      int images = List.of(30, 20, 40).get(label);
      assertThat(count(records.get(Split.TEST), new Label(label))).isEqualTo(images / 5);
      assertThat(count(records.get(Split.VALIDATION), new Label(label)))
          .isEqualTo(Math.round(images * 0.8 * 0.1));
    }
    assertThat(dataset.table()).contains(" cat ").contains(" dog ").contains(" fox ");
    var json = Json.read(dataset.folder().resolve("dataset.json"));
    assertThat(json.at("/profile/classes")).isEqualTo(Json.tree(List.of("cat", "dog", "fox")));
    assertThat(json.at("/splits/2/labels")).isEqualTo(Json.tree(Map.of("0", 6, "1", 4, "2", 8)));
    assertThat(json.at("/audit/folders/1/label")).isEqualTo(Json.tree(1));
    assertThat(json.at("/splits/2/slices")).isEqualTo(Json.object());
    assertThat(PreparedDataset.open(dataset.folder()).manifest()).isEqualTo(dataset.manifest());
  }

  @Test
  void theUserSaysTheOrderOfMoreClasses() throws IOException {
    for (String name : List.of("a", "b", "c")) {
      images("train/" + name, 8, name.charAt(0));
      images("test/" + name, 2, name.charAt(0) + 9);
    }
    DatasetOptions options = OPTIONS.withClasses(ClassNames.parse("c,a,b"));
    PreparedDataset dataset = prepare(source(), options);
    assertThat(records(dataset).get(Split.TEST))
        .allMatch(r -> r.filename().contains(List.of("/c/", "/a/", "/b/").get(r.label().index())));
    assertThatThrownBy(() -> prepare(source(), OPTIONS.withClasses(ClassNames.parse("a,b"))))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("a and b and c, not a and b");
  }

  @Test
  void recordsMayHaveMoreLabels() throws IOException {
    StringBuilder text = new StringBuilder("path,label\n");
    for (int i = 0; i < 60; i++) {
      file(i + ".png", png(i));
      text.append(i + ".png,kind" + i % 3 + "\n");
    }
    PreparedDataset first =
        PreparedDataset.prepare(
            csv(text.toString()), temporary.resolve("records"), OPTIONS, 2, Progress.NONE);
    PreparedDataset second = prepare(first.folder(), OPTIONS);
    assertThat(second.manifest().classNames().list()).containsExactly("0", "1", "2");
    assertThat(second.readAll(Split.TEST))
        .allMatch(r -> r.label().index() == Integer.parseInt(r.filename().replace(".png", "")) % 3);
    assertThatThrownBy(() -> prepare(first.folder(), OPTIONS.withClasses(ClassNames.parse("a,b"))))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("labels up to 2, but --classes names 2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "", "a,a", "a,b,a", "a,,b"})
  void namesOfClassesDiffer(String names) {
    assertThatThrownBy(() -> ClassNames.parse(names)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void onlyTwoClassesHaveAPositiveOne() {
    assertThatThrownBy(() -> ClassNames.parse("a,b,c").positive())
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void readsBitmapsAndTiff() throws IOException {
    for (String format : List.of("bmp", "tif")) {
      for (int i = 0; i < 6; i++) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_GRAY);
        image.getRaster().setSample(i, i, 0, format.equals("bmp") ? 200 : 100);
        assertThat(ImageIO.write(image, format, out)).isTrue();
        file(format + "/" + i + "." + format, out.toByteArray());
      }
    }
    PreparedDataset dataset = prepare(source(), OPTIONS.withMaxBad(1));
    assertThat(dataset.manifest().audit().folders().get(0).formats()).isEqualTo(Map.of("bmp", 6));
    assertThat(dataset.manifest().audit().folders().get(1).formats()).isEqualTo(Map.of("tiff", 6));
  }

  private Path csv(String text) throws IOException {
    Files.createDirectories(source());
    return Files.writeString(source().resolve("labels.csv"), text);
  }

  @Test
  void readsACsvFileAndKeepsItsPatientsTogether() throws IOException {
    StringBuilder text = new StringBuilder("\uFEFFpath,patient,label,age\n");
    for (int i = 0; i < 60; i++) {
      file("images/" + i + ".png", png(i));
      text.append("images/" + i + ".png,p" + i / 4 + "," + (i % 8 < 4 ? "ill" : "well"))
          .append(",7\n");
    }
    PreparedDataset dataset = prepare(csv(text.toString()), OPTIONS);
    assertThat(dataset.manifest().source().kind()).isEqualTo("csv");
    assertThat(dataset.manifest().classNames()).isEqualTo(new ClassNames("ill", "well"));
    Map<String, Split> patients = new HashMap<>();
    Set<String> names = new HashSet<>();
    records(dataset)
        .forEach(
            (split, records) ->
                records.forEach(
                    r -> {
                      assertThat(patients.getOrDefault(r.patient(), split)).isEqualTo(split);
                      patients.put(r.patient(), split);
                      names.add(r.filename());
                    }));
    assertThat(names).hasSize(60);
    assertThat(patients).hasSize(15).containsKey("p14");
    assertThat(new HashSet<>(patients.values())).hasSize(3);
  }

  @Test
  void keepsTheSplitsOfACsvFile() throws IOException {
    List<String> splits = List.of("train", "train", "val", "test");
    StringBuilder text = new StringBuilder("split,label,path\r\n");
    for (int i = 0; i < 40; i++) {
      file(i + ".png", png(i));
      text.append(splits.get(i % 4) + "," + (i / 4 % 2) + ",./" + i + ".png\r\n");
    }
    PreparedDataset dataset =
        prepare(csv(text.toString()), OPTIONS.withOfficialVal(OfficialVal.VALIDATION));
    assertThat(dataset.images(Split.TRAIN)).isEqualTo(20);
    assertThat(dataset.images(Split.VALIDATION)).isEqualTo(10);
    assertThat(records(dataset).get(Split.TEST))
        .hasSize(10)
        .allMatch(
            r ->
                r.label().index()
                    == Integer.parseInt(r.filename().substring(0, r.filename().indexOf('.')))
                        / 4
                        % 2);
    assertThat(dataset.manifest().classNames()).isEqualTo(new ClassNames("0", "1"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'where,label\na.png,x\n'                    | 'no column path, but where, label'",
        "'path,label\na.png,x\nnothere.png,y\n'      | 'line 3: there is no file nothere.png'",
        "'path,label\na.png,\n'                      | 'line 2: path or label is empty'",
        "'path,label\na.png,x\na.png,y\n'            | 'line 3: a.png is repeated'",
        "'path,label,split\na.png,x,dev\n'           | 'line 2: the split dev'",
        "'path,label,split\na.png,x,train\nb.png,y,' | 'for some images only'",
        "'path,label\na.png,x\nb.png,x\n'            | 'has 1 class (x)'",
        "'path,label\n'                              | 'lists no images'",
        "'path,label\na.png,x\nb.png,X\n'            | 'look alike (X and x)'",
        "'path,label\na.png,0\nb.png,0.0\n'          | 'look alike (0 and 0.0)'",
        "'file,image,label\na.png,b.png,x\n'        | 'several columns for the path (file, image)'",
        "'path,label\n/etc/passwd,x\n'              | 'line 2: /etc/passwd lies outside'",
        "'path,label\na.png,x,too,many\n'            | 'line 2'",
      })
  void saysWhatIsWrongWithACsvFile(String text, String words) throws IOException {
    file("a.png", png(1));
    file("b.png", png(2));
    Path csv = csv(text);
    assertThatThrownBy(() -> prepare(csv, OPTIONS))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(csv.toString())
        .hasMessageContaining(words);
  }

  @ParameterizedTest
  @ValueSource(strings = {"../a.png", "/etc/passwd", "C:\\a.png", "x/../../a.png"})
  void aCsvFileDoesNotReachOutsideItsFolder(String path) throws IOException {
    Path csv = csv("path,label\n" + path + ",x\n");
    assertThatThrownBy(() -> prepare(csv, OPTIONS)).isInstanceOf(RefusedException.class);
  }

  @Test
  void readsTheRecordsOfOthers() throws IOException {
    PhantomOptions phantoms =
        PhantomOptions.DEFAULT.withTrain(12, 12).withVal(2, 2).withTest(4, 4).withSize(32);
    PhantomArchive.writeFolder(source(), phantoms);
    PreparedDataset first =
        PreparedDataset.prepare(
            source(), temporary.resolve("records"), OPTIONS.withImageSize(32), 2, Progress.NONE);
    DatasetOptions again =
        OPTIONS
            .withImageSize(32)
            .withClasses(DatasetProfile.CHEST_XRAY_PNEUMONIA.classes())
            .withOfficialVal(OfficialVal.VALIDATION);
    PreparedDataset second = prepare(first.folder(), again);
    assertThat(second.manifest().source().kind()).isEqualTo("tfrecord");
    for (Split split : Split.values()) {
      assertThat(new HashSet<>(second.readAll(split)))
          .isEqualTo(new HashSet<>(first.readAll(split)));
    }
    Path single = Files.createDirectories(temporary.resolve("single")).resolve("all.tfrecord");
    List<byte[]> all = new ArrayList<>();
    try (var out =
        new io.github.deepxray.core.internal.io.TfRecordWriter(Files.newOutputStream(single))) {
      for (Split split : Split.values()) {
        for (XrayRecord record : first.readAll(split)) {
          all.add(record.toExample());
          out.write(record.toExample());
        }
      }
    }
    PreparedDataset drawn = prepare(single, OPTIONS);
    assertThat(drawn.manifest().classNames()).isEqualTo(new ClassNames("0", "1"));
    assertThat(records(drawn).values().stream().mapToInt(List::size).sum()).isEqualTo(all.size());
    assertThat(drawn.images(Split.TEST)).isGreaterThan(2);
  }

  @Test
  void theManifestOfTheKaggleArchiveSaysWhatItIsAbout() throws IOException {
    PhantomArchive.writeFolder(
        source(), PhantomOptions.DEFAULT.withTrain(6, 6).withVal(1, 1).withTest(2, 2).withSize(32));
    PreparedDataset dataset = prepare(source(), OPTIONS.withImageSize(32));
    var json = Json.read(dataset.folder().resolve("dataset.json"));
    assertThat(json.get("options").has("classes")).isFalse();
    assertThat(json.get("options").has("testFraction")).isFalse();
    assertThat(json.at("/profile/name").asText()).isEqualTo("chest-xray-pneumonia");
    assertThat(json.at("/profile/positive").asText()).isEqualTo("PNEUMONIA");
    assertThat(dataset.manifest().profile()).isEqualTo(DatasetProfile.CHEST_XRAY_PNEUMONIA);
  }
}
