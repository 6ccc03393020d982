package io.github.deepxray.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.DatasetAudit.Reason;
import io.github.deepxray.datasets.LabelledImages.Reading;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Labelled images that are read for evaluation, and the hashes of images to train on. */
class LabelledImagesTest {
  private static final ClassNames CLASSES = new ClassNames("NORMAL", "PNEUMONIA");

  @TempDir static Path shared;
  @TempDir Path folder;

  private static Path archive;
  private static PreparedDataset prepared;

  @BeforeAll
  static void prepare() throws IOException {
    archive = shared.resolve("phantoms.zip");
    PhantomArchive.writeZip(
        archive, PhantomOptions.DEFAULT.withTrain(8, 10).withVal(1, 1).withTest(4, 5).withSize(64));
    prepared =
        PreparedDataset.prepare(
            archive,
            shared.resolve("data"),
            DatasetOptions.DEFAULT.withImageSize(32).withValidationFraction(0.2),
            2,
            Progress.NONE);
  }

  private static Reading<String> read(Path place, int threads) throws IOException {
    try (LabelledImages images = LabelledImages.open(place, CLASSES, DatasetOptions.DEFAULT)) {
      return images.read(
          images.images(), threads, Progress.NONE, (image, decoded) -> decoded.toString());
    }
  }

  private static SeenImages seen() throws IOException {
    return SeenImages.read(prepared.folder()).orElseThrow();
  }

  private static long seenIn(Path place) throws IOException {
    SeenImages seen = seen();
    return read(place, 2).images().stream()
        .filter(image -> seen.hashes().contains(image.sha256()))
        .count();
  }

  private static Path write(Path file, byte[] bytes) throws IOException {
    Files.createDirectories(file.getParent());
    return Files.write(file, bytes);
  }

  @Test
  void everyImageIsReadWhateverItsSplit() throws IOException {
    Reading<String> reading = read(archive, 1);
    assertThat(reading.images()).hasSize(29);
    assertThat(reading.quarantined()).isEmpty();
    assertThat(reading.images())
        .extracting(image -> image.image().split().orElseThrow())
        .contains(Split.TRAIN, Split.VALIDATION, Split.TEST);
    assertThat(reading.images()).allMatch(image -> image.value().equals("64 x 64 RGB"));
    assertThat(read(archive, 3)).isEqualTo(reading);
    // The source is described as for a prepared data set.
    assertThat(reading.source()).isEqualTo(prepared.manifest().source());
  }

  @Test
  void imagesOfTheTrainingAreFoundInAnyContainer() throws IOException {
    assertThat(seenIn(archive))
        .isEqualTo(prepared.images(Split.TRAIN) + prepared.images(Split.VALIDATION));
    // The shards hold smaller copies of the images.
    assertThat(seenIn(prepared.folder()))
        .isEqualTo(prepared.images(Split.TRAIN) + prepared.images(Split.VALIDATION));
    try (LabelledImages images = LabelledImages.open(archive, CLASSES, DatasetOptions.DEFAULT)) {
      images.read(
          images.images(),
          1,
          Progress.NONE,
          (image, decoded) ->
              write(
                  folder.resolve(
                      "%s/%s.png"
                          .formatted(
                              CLASSES.of(image.label()), image.path().replaceAll("\\W", "_"))),
                  ImageCodec.encodePng(decoded)));
    }
    assertThat(seenIn(folder)).isEqualTo(seenIn(archive));
  }

  @Test
  void hashesAreSortedAndThoseOfTestImagesAreMissing() throws IOException {
    Path file = prepared.folder().resolve(SeenImages.FILE);
    List<String> lines = Files.readAllLines(file);
    assertThat(lines).isSorted().doesNotHaveDuplicates();
    for (XrayRecord record : prepared.readAll(Split.TEST)) {
      assertThat(seen().contains(record.decode())).isFalse();
    }
    for (XrayRecord record : prepared.readAll(Split.VALIDATION)) {
      assertThat(seen().contains(record.decode())).isTrue();
    }
    assertThat(SeenImages.read(folder)).isEmpty();
    Files.writeString(folder.resolve(SeenImages.FILE), lines.get(0) + "\nnot a hash\n");
    assertThatThrownBy(() -> SeenImages.read(folder))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("line 2");
  }

  @Test
  void theStatisticsAreThoseOfTheImagesOfASplit() throws IOException {
    for (Split split : List.of(Split.VALIDATION, Split.TEST)) {
      Map<String, InputStatistics> inputs = InputStatistics.read(prepared.folder(), split);
      assertThat(inputs).hasSize(prepared.images(split));
      assertThat(inputs.values()).allMatch(i -> i.height() == 64 && i.width() == 64);
    }
    RgbImage halves = RgbImage.of(1, 2, new byte[] {0, 0, 0, (byte) 200, (byte) 200, (byte) 200});
    assertThat(InputStatistics.of(halves, halves)).isEqualTo(new InputStatistics(1, 2, 100, 100));
    assertThat(InputStatistics.of(halves, halves).aspectRatio()).isEqualTo(2);
    assertThat(InputStatistics.read(folder, Split.TEST)).isEmpty();
    Files.writeString(
        folder.resolve(InputStatistics.fileName(Split.TEST)),
        "filename,height,width,brightness,contrast\na,1,1,256,0\n");
    assertThatThrownBy(() -> InputStatistics.read(folder, Split.TEST))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("of a are out of range");
  }

  @Test
  void whatATableSaysAndWhatIsBadIsTold() throws IOException {
    byte[] image = prepared.readAll(Split.TEST).get(0).image();
    write(folder.resolve("a.jpeg"), image);
    write(folder.resolve("b.jpeg"), prepared.readAll(Split.TEST).get(1).image());
    write(folder.resolve("same.jpeg"), image);
    write(folder.resolve("cut.jpeg"), "no".getBytes(StandardCharsets.UTF_8));
    Path csv =
        Files.writeString(
            folder.resolve("table.csv"),
            """
            path,label,patient,sex
            a.jpeg,NORMAL,p1,F
            b.jpeg,PNEUMONIA,p2,M
            same.jpeg,PNEUMONIA,p3,
            cut.jpeg,NORMAL,p4,F
            """);
    Reading<String> reading = read(csv, 2);
    assertThat(reading.images()).hasSize(1);
    LabelledImage b = reading.images().get(0).image();
    assertThat(b.attributes()).containsExactly(Map.entry("sex", "M"));
    assertThat(b.patient()).isEqualTo("p2");
    assertThat(b.split()).isEmpty();
    assertThat(reading.quarantined())
        .extracting(q -> q.file() + " " + q.reason())
        .containsExactly(
            "a.jpeg " + Reason.TWO_LABELS,
            "cut.jpeg " + Reason.UNREADABLE,
            "same.jpeg " + Reason.TWO_LABELS);
  }

  @Test
  void otherClassesAreRefusedWithBothLists() throws IOException {
    byte[] image = prepared.readAll(Split.TEST).get(0).image();
    for (String name : List.of("NORMAL", "PNEUMONIA", "COVID")) {
      write(folder.resolve("three/" + name + "/a.jpeg"), image);
    }
    write(folder.resolve("one/PNEUMONIA/a.jpeg"), image);
    assertThatThrownBy(() -> read(folder.resolve("three"), 1))
        .isInstanceOf(DeepXrayException.class)
        .hasMessage(
            folder.resolve("three")
                + " has the classes COVID, NORMAL, PNEUMONIA, but the model tells NORMAL, PNEUMONIA"
                + " apart; give images of these classes, under the same names.");
    assertThatThrownBy(() -> read(folder.resolve("one"), 1))
        .hasMessageContaining("has the class PNEUMONIA, but the model tells NORMAL, PNEUMONIA");
    ClassNames three = new ClassNames(List.of("A", "B", "C"));
    assertThatThrownBy(() -> LabelledImages.open(archive, three, DatasetOptions.DEFAULT))
        .hasMessageContaining("the classes NORMAL, PNEUMONIA, but the model tells A, B, C apart");
  }

  /** An error of the classifier is no fault of the image. */
  @Test
  void whatTheAnalysisThrowsIsThrown() throws IOException {
    try (LabelledImages images = LabelledImages.open(archive, CLASSES, DatasetOptions.DEFAULT)) {
      assertThatThrownBy(
              () ->
                  images.read(
                      images.images(),
                      2,
                      Progress.NONE,
                      (image, decoded) -> {
                        throw new DeepXrayException("the model is broken.");
                      }))
          .hasMessage("the model is broken.");
      assertThat(images.images().get(0).split()).isEqualTo(Optional.of(Split.TEST));
    }
  }

  private static List<String> unlabelled(Path place) throws IOException {
    try (LabelledImages images =
        LabelledImages.openUnlabelled(place, CLASSES, DatasetOptions.DEFAULT)) {
      assertThat(images.images()).allMatch(image -> image.label().equals(Label.NEGATIVE));
      return images
          .read(images.images(), 2, Progress.NONE, (image, decoded) -> image.patient())
          .images()
          .stream()
          .map(image -> image.image().path() + " " + image.value())
          .toList();
    }
  }

  @Test
  void withoutLabelsAllImagesAreTakenWhateverTheirFolders() throws IOException {
    assertThat(unlabelled(archive)).hasSize(29);
    byte[] image = ImageCodec.encodePng(RgbImage.of(1, 1, new byte[] {1, 2, 3}));
    write(folder.resolve("a.png"), image);
    write(folder.resolve("deep/er/b.png"), image);
    write(folder.resolve("deep/.hidden.png"), image);
    write(folder.resolve("notes.txt"), new byte[] {1});
    assertThat(unlabelled(folder))
        .containsExactly("a.png unknown:a.png", "deep/er/b.png unknown:deep/er/b.png");
    // Labels may be missing, and patients may be known.
    Path csv = folder.resolve("site.csv");
    Files.writeString(csv, "path,patient\na.png,x\ndeep/er/b.png,x\n");
    assertThat(unlabelled(csv)).containsExactly("a.png x", "deep/er/b.png x");
    Files.writeString(csv, "path,label\na.png,\ndeep/er/b.png,PNEUMONIA\n");
    assertThat(unlabelled(csv)).hasSize(2);
    Files.writeString(csv, "image,label\n,\n,x\n");
    assertThatThrownBy(() -> unlabelled(csv))
        .hasMessageContaining("line 3: path or label is empty");
    assertThat(unlabelled(prepared.folder())).hasSize(29);
  }
}
