package io.github.deepxray.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.TfRecordWriter;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.DatasetOptions.OfficialVal;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import io.github.deepxray.testkit.ProgressNotes;
import io.github.deepxray.testkit.SharedData;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The splits, patients and classes that a data set writes down are those that are used. */
class WrittenSplitsTest {
  private static final DatasetOptions OPTIONS = DatasetOptions.DEFAULT.withImageSize(32);

  @TempDir Path folder;
  private final ProgressNotes notes = new ProgressNotes();

  private PreparedDataset prepare(Path source, DatasetOptions options) throws IOException {
    return PreparedDataset.prepare(source, folder.resolve("out"), options, 2, notes);
  }

  private static Map<String, Split> splits(PreparedDataset dataset) throws IOException {
    Map<String, Split> splits = new HashMap<>();
    for (Split split : Split.values()) {
      dataset.readAll(split).forEach(record -> splits.put(record.filename(), split));
    }
    return splits;
  }

  /** Path, and the column of that number. */
  private static Map<String, String> column(Path csv, int column) throws IOException {
    Map<String, String> values = new HashMap<>();
    for (String line : Files.readAllLines(csv).stream().skip(1).toList()) {
      String[] cells = line.split(",", -1);
      values.put(cells[0], cells[column]);
    }
    return values;
  }

  @Test
  void theImagesMarkedValValidateAndNoneOfThemTrains() throws IOException {
    Path csv = SharedData.cases("csv/splits_ok.csv");
    PreparedDataset dataset = prepare(csv, OPTIONS);
    Map<String, Split> splits = splits(dataset);
    assertThat(splits).isNotEmpty();
    column(csv, 2)
        .forEach(
            (path, split) -> {
              if (splits.containsKey(path)) {
                assertThat(splits.get(path)).as(path).isEqualTo(Split.named(split).orElseThrow());
              }
            });
    assertThat(splits.values().stream().filter(s -> s == Split.VALIDATION)).hasSize(25);
  }

  /** All of its normal patients are on both sides, which a column in another case says. */
  @Test
  void columnsAreFoundInAnyCase() {
    Path csv = SharedData.cases("csv/Patient_cap.csv");
    assertThatThrownBy(() -> prepare(csv, OPTIONS))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageStartingWith(
            csv + ": of the images with label NORMAL none is in the train split");
  }

  @Test
  void thePatientsOfAColumnOfAnotherNameStayTogether() throws IOException {
    Path csv = SharedData.cases("csv/patient_id_col.csv");
    PreparedDataset dataset = prepare(csv, OPTIONS);
    Map<String, String> patients = column(csv, 2);
    Map<String, Split> seen = new HashMap<>();
    for (Split split : Split.values()) {
      for (XrayRecord record : dataset.readAll(split)) {
        assertThat(record.patient()).isEqualTo(patients.get(record.filename()));
        assertThat(seen.getOrDefault(record.patient(), split)).isEqualTo(split);
        seen.put(record.patient(), split);
      }
    }
    assertThat(seen).hasSizeGreaterThan(10);
  }

  @ParameterizedTest
  @ValueSource(strings = {"blank_end", "commas_end", "semicolon", "header_case"})
  void whatSpreadsheetsExportIsRead(String name) throws IOException {
    PreparedDataset dataset = prepare(SharedData.cases("csv/" + name + ".csv"), OPTIONS);
    assertThat(Stream.of(Split.values()).mapToInt(dataset::images).sum()).isGreaterThan(90);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "absolute   | line 2: /data/xrays/images/IM-0545-0001-0002.jpeg lies outside",
        "empty      | is empty; begin it with a header line of column names",
        "label_case | look alike (NORMAL and normal",
        "label_float | look alike (0 and 0.0)",
      })
  void whatCannotBeReadIsSaidInALine(String name, String words) {
    Path csv = SharedData.cases("csv/" + name + ".csv");
    assertThatThrownBy(() -> prepare(csv, OPTIONS))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageStartingWith(csv.toString())
        .hasMessageContaining(words)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }

  @Test
  void columnsThatAreNotUsedAreNamedOnce() throws IOException {
    Path csv = csv("Image Index,Finding,Age,sex,Subject-ID");
    prepare(csv, OPTIONS);
    assertThat(notes.lines())
        .containsOnlyOnce(csv + ": columns that are only looked at for shortcuts: Age, sex");
  }

  /** Twelve phantoms of two classes. */
  private Path csv(String header) throws IOException {
    Path phantoms = folder.resolve("phantoms");
    PhantomArchive.writeFolder(
        phantoms, PhantomOptions.DEFAULT.withTrain(6, 6).withVal(1, 1).withTest(1, 1).withSize(32));
    StringBuilder text = new StringBuilder(header).append('\n');
    try (Stream<Path> files = Files.walk(phantoms)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".jpeg")).sorted().toList()) {
        text.append(phantoms.relativize(file)).append(',');
        text.append(file.getParent().getFileName()).append(",40,f,\n");
      }
    }
    return Files.writeString(phantoms.resolve("list.csv"), text.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"tfds", "capital"})
  void recordFilesKeepTheirSplits(String name) throws IOException {
    Path records = SharedData.cases("tfrecord/" + name);
    Map<String, Split> written = new HashMap<>();
    try (Stream<Path> files = Files.list(records)) {
      for (Path file : files.filter(f -> f.toString().contains(".tfrec")).toList()) {
        String words = file.getFileName().toString().toLowerCase(Locale.ROOT);
        Split split =
            words.contains("train")
                ? Split.TRAIN
                : words.contains("test") ? Split.TEST : Split.VALIDATION;
        try (XrayReader reader = XrayReader.open(List.of(file))) {
          for (var r = reader.next(); r.isPresent(); r = reader.next()) {
            written.put(r.get().filename(), split);
          }
        }
      }
    }
    Map<String, Split> splits = splits(prepare(records, OPTIONS));
    assertThat(splits).isNotEmpty();
    splits.forEach(
        (file, split) -> {
          boolean test = written.get(file) == Split.TEST;
          assertThat(split == Split.TEST).as(file).isEqualTo(test);
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"x-train.tfrec", "Training_01.TFRECORD", "train.tfrecord-0-of-1.zlib"})
  void recordFilesOfOtherNamesAndZlibAreRead(String name) throws IOException {
    Path phantoms = folder.resolve("phantoms");
    PhantomArchive.writeFolder(
        phantoms, PhantomOptions.DEFAULT.withTrain(6, 6).withVal(1, 1).withTest(2, 2).withSize(32));
    PreparedDataset first =
        PreparedDataset.prepare(phantoms, folder.resolve("first"), OPTIONS, 2, Progress.NONE);
    Path records = Files.createDirectories(folder.resolve("records"));
    write(records.resolve(name), first, List.of(Split.TRAIN, Split.VALIDATION));
    write(records.resolve("x.test.tfrecords"), first, List.of(Split.TEST));
    Map<String, Split> splits = splits(prepare(records, OPTIONS));
    splits(first)
        .forEach(
            (file, split) ->
                assertThat(splits.get(file) == Split.TEST).isEqualTo(split == Split.TEST));
  }

  private static void write(Path file, PreparedDataset dataset, List<Split> splits)
      throws IOException {
    OutputStream plain = Files.newOutputStream(file);
    OutputStream out = file.toString().endsWith("zlib") ? new DeflaterOutputStream(plain) : plain;
    try (TfRecordWriter writer = new TfRecordWriter(out)) {
      for (Split split : splits) {
        for (XrayRecord record : dataset.readAll(split)) {
          writer.write(record.toExample());
        }
      }
    }
  }

  @Test
  void aNameOfTwoSplitsIsRefused() throws IOException {
    Path records = Files.createDirectories(folder.resolve("records"));
    Files.write(records.resolve("train-test.tfrecord"), new byte[0]);
    assertThatThrownBy(() -> prepare(records, OPTIONS))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("several splits");
  }

  /** The archive's 16 are too few to choose anything on; more, or others, are somebody's choice. */
  @ParameterizedTest
  @CsvSource({"8, val, 0", "9, val, 18", "8, Val, 16", "8, validation, 16"})
  void onlyTheFewImagesOfTheKaggleArchiveAreTrainedOn(int each, String name, int validate)
      throws IOException {
    Path phantoms = folder.resolve("phantoms");
    PhantomArchive.writeFolder(
        phantoms,
        PhantomOptions.DEFAULT.withTrain(20, 20).withVal(each, each).withTest(4, 4).withSize(32));
    try (Stream<Path> top = Files.walk(phantoms)) {
      Path val = top.filter(f -> f.endsWith("val")).findFirst().orElseThrow();
      Files.move(val, val.resolveSibling(name));
    }
    PreparedDataset dataset = prepare(phantoms, OPTIONS);
    int own =
        dataset.manifest().splits().stream()
            .filter(split -> split.split() == Split.VALIDATION)
            .mapToInt(split -> split.fromOfficialVal())
            .sum();
    assertThat(own).isEqualTo(validate);
    assertThat(dataset.images(Split.VALIDATION)).isPositive();
  }

  @Test
  void optionsWithoutEffectAreRefused() throws IOException {
    Path csv = csv("path,label,age,sex,patient");
    assertThatThrownBy(() -> prepare(csv, OPTIONS.withOfficialVal(OfficialVal.VALIDATION)))
        .isInstanceOf(DeepXrayException.class)
        .hasMessage(csv + " has no validation split; omit --official-val validation.");
    Path phantoms = csv.getParent();
    assertThatThrownBy(() -> prepare(phantoms, OPTIONS.withTestFraction(0.3)))
        .isInstanceOf(DeepXrayException.class)
        .hasMessage(phantoms + " has its own test split, so none is drawn; omit --test-fraction.");
  }

  @Test
  void foldersOfSplitsAreFoundInAnyCase() throws IOException {
    Path place = SharedData.cases("layouts/upper_split");
    Map<String, Split> splits = splits(prepare(place, OPTIONS));
    assertThat(splits).isNotEmpty();
    splits.forEach(
        (file, split) ->
            assertThat(split == Split.TEST).as(file).isEqualTo(file.startsWith("Test/")));
  }
}
