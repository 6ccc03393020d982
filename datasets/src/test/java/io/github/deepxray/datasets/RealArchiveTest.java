package io.github.deepxray.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.DatasetAudit.Folder;
import io.github.deepxray.datasets.DatasetManifest.Shortcut;
import io.github.deepxray.datasets.DatasetManifest.SplitSummary;
import io.github.deepxray.datasets.source.Junk;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.testkit.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole way on the real X-rays, whose counts are known. */
@InCi
class RealArchiveTest {
  @Test
  void preparesTheKaggleArchive(@TempDir Path folder) throws IOException {
    Path archive = SharedData.archive();
    long start = System.nanoTime();
    PreparedDataset dataset =
        PreparedDataset.prepare(
            archive, folder.resolve("out"), DatasetOptions.DEFAULT, Progress.NONE);
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.printf(
        Locale.ROOT, "5,856 X-rays prepared in %.1f s, %.0f images/s%n", seconds, 5856 / seconds);
    System.out.print(dataset.table());

    DatasetAudit audit = dataset.manifest().audit();
    assertThat(audit.folders())
        .extracting(Folder::split, Folder::label, Folder::images)
        .containsExactly(
            tuple(Split.TRAIN, Label.NEGATIVE, 1341),
            tuple(Split.TRAIN, Label.POSITIVE, 3875),
            tuple(Split.VALIDATION, Label.NEGATIVE, 8),
            tuple(Split.VALIDATION, Label.POSITIVE, 8),
            tuple(Split.TEST, Label.NEGATIVE, 234),
            tuple(Split.TEST, Label.POSITIVE, 390));
    assertThat(audit.folders().get(0).patients() + audit.folders().get(1).patients())
        .isEqualTo(3654);
    assertThat(audit.folders().get(2).unknownPatients()).isEqualTo(8);
    assertThat(audit.identical()).hasSize(30).noneMatch(g -> g.acrossSplits());
    assertThat(audit.patientsAcrossSplits()).isEmpty();
    assertThat(audit.quarantined()).isEmpty();
    assertThat(audit.skipped())
        .isEqualTo(
            new DatasetAudit.Skipped(16, 16, Map.of(Junk.MACOSX, 2, Junk.DS_STORE, 3), Map.of()));

    assertShortcuts(dataset.manifest());
    SplitSummary train = dataset.manifest().splits().get(0);
    SplitSummary validation = dataset.manifest().splits().get(1);
    assertThat(train.images() + validation.images()).isEqualTo(5216 + 16);
    assertThat(train.fromOfficialVal()).isEqualTo(16);
    assertThat((double) validation.labels().get(Label.NEGATIVE)).isCloseTo(134.1, within(2.0));
    assertThat((double) validation.slices().get("bacterial")).isCloseTo(253, within(2.0));
    assertThat((double) validation.slices().get("viral")).isCloseTo(134.5, within(2.0));
    checkRecords(archive, dataset);
  }

  /** The classes of the archive are framed differently; its images are all of one size. */
  private static void assertShortcuts(DatasetManifest manifest) {
    Map<String, Double> auc =
        manifest.shortcuts().stream()
            .collect(Collectors.toMap(Shortcut::name, shortcut -> shortcut.auc().value()));
    assertThat(auc.get("frame of the picture")).isGreaterThan(0.92);
    assertThat(auc.get("aspect ratio, estimated from the picture")).isBetween(0.85, 0.93);
    assertThat(manifest.shortcuts().subList(0, 2))
        .extracting(Shortcut::name)
        .containsExactlyInAnyOrder(
            "frame of the picture", "aspect ratio, estimated from the picture");
  }

  private static void checkRecords(Path archive, PreparedDataset dataset) throws IOException {
    Map<String, Split> sides = new HashMap<>();
    Set<String> names = new HashSet<>();
    try (ZipFile zip = new ZipFile(archive.toFile())) {
      for (Split split : Split.values()) {
        try (XrayReader reader = dataset.read(split)) {
          for (Optional<XrayRecord> r = reader.next(); r.isPresent(); r = reader.next()) {
            XrayRecord record = r.get();
            assertThat(names.add(record.filename())).isTrue();
            assertThat(record.height()).isEqualTo(224);
            assertThat(record.width()).isEqualTo(224);
            for (String key : new String[] {record.patient(), record.sha256()}) {
              Split other = sides.putIfAbsent(key, split);
              assertThat(other == null || other == split).as(key).isTrue();
            }
            byte[] original =
                zip.getInputStream(zip.getEntry("chest_xray/" + record.filename())).readAllBytes();
            if (record.filename().startsWith("val/")) {
              // These are 512 x 512.
              assertThat(record.decode())
                  .isEqualTo(
                      ImageCodec.decode(
                          ImageCodec.encodeJpeg(
                              Resizer.resize(ImageCodec.decode(original, "x"), 224, 224), 95),
                          "x"));
            } else {
              assertThat(record.image()).isEqualTo(original);
            }
          }
        }
      }
    }
    assertThat(names).hasSize(5856);
  }

  /** Surefire gives 3 GiB of heap. */
  @Test
  void decodesFullResolutionImages(@TempDir Path folder) throws IOException {
    Path images = SharedData.fullResolution();
    int files = 0;
    try (var listed = Files.list(images)) {
      for (Path file : listed.sorted().toList()) {
        byte[] bytes = Files.readAllBytes(file);
        long start = System.nanoTime();
        ImageCodec.Header header = ImageCodec.header(bytes, file.toString());
        var small = Resizer.resize(ImageCodec.decode(bytes, file.toString()), 224, 224);
        System.out.printf(
            Locale.ROOT,
            "%s %d x %d, %d channels: %.0f ms%n",
            file.getFileName(),
            header.width(),
            header.height(),
            header.channels(),
            (System.nanoTime() - start) / 1e6);
        assertThat(small.height()).isEqualTo(224);
        files++;
      }
    }
    assertThat(files).isEqualTo(6);
    // The same files as a data set, several decoded at once.
    Path in = folder.resolve("in");
    copy(images, in, "train/NORMAL", "IM-0101-0001.jpeg");
    copy(images, in, "train/PNEUMONIA", "person109_bacteria_519.jpeg");
    copy(images, in, "train/PNEUMONIA", "person1_bacteria_1.jpeg");
    copy(images, in, "train/PNEUMONIA", "person1_virus_6.jpeg");
    copy(images, in, "test/NORMAL", "NORMAL2-IM-0092-0001.jpeg");
    copy(images, in, "test/PNEUMONIA", "person3_bacteria_12.jpeg");
    PreparedDataset dataset =
        PreparedDataset.prepare(
            in,
            folder.resolve("out"),
            DatasetOptions.DEFAULT.withValidationFraction(0),
            4,
            Progress.NONE);
    assertThat(dataset.images(Split.TRAIN)).isEqualTo(4);
    assertThat(dataset.images(Split.TEST)).isEqualTo(2);
    assertThat(dataset.manifest().audit().quarantined()).isEmpty();
  }

  private static void copy(Path from, Path to, String label, String name) throws IOException {
    Path target = Files.createDirectories(to.resolve(label)).resolve(name);
    Files.copy(from.resolve(name), target);
  }
}
