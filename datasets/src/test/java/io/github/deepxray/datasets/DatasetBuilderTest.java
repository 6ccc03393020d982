package io.github.deepxray.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.DatasetAudit.Folder;
import io.github.deepxray.datasets.DatasetAudit.Quarantined;
import io.github.deepxray.datasets.DatasetAudit.Reason;
import io.github.deepxray.datasets.DatasetManifest.SplitSummary;
import io.github.deepxray.datasets.internal.source.RefusedException;
import io.github.deepxray.datasets.phantom.Phantom;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import io.github.deepxray.datasets.source.Junk;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetBuilderTest {
  private static final PhantomOptions PHANTOMS =
      PhantomOptions.DEFAULT
          .withTrain(30, 50)
          .withVal(3, 3)
          .withTest(8, 12)
          .withSize(40)
          .withJunk(true);
  private static final DatasetOptions OPTIONS =
      DatasetOptions.DEFAULT.withImageSize(40).withRecordsPerShard(25);

  @TempDir static Path phantoms;

  /** A fresh copy of the folder of phantoms for each test. */
  @TempDir Path temporary;

  private Path source;
  private Path out;

  @BeforeAll
  static void draw() throws IOException {
    PhantomArchive.writeFolder(phantoms.resolve("folder"), PHANTOMS);
    PhantomArchive.writeZip(phantoms.resolve("phantoms.zip"), PHANTOMS);
  }

  @BeforeEach
  void copy() throws IOException {
    source = temporary.resolve("source");
    out = temporary.resolve("deep/out");
    Path from = phantoms.resolve("folder");
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = source.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
  }

  private Path train(String name) {
    return source.resolve("chest_xray/train").resolve(name);
  }

  private PreparedDataset prepare(DatasetOptions options) throws IOException {
    return PreparedDataset.prepare(source, out, options, 2, Progress.NONE);
  }

  private static Map<String, String> hashes(Path folder) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        hashes.put(file.getFileName().toString(), Hashes.sha256(file));
      }
    }
    return hashes;
  }

  @Test
  void auditsWhatIsThere() throws IOException {
    DatasetAudit audit = prepare(OPTIONS).manifest().audit();
    assertThat(audit.files()).isEqualTo(106);
    assertThat(audit.folders())
        .extracting(Folder::split, Folder::label, Folder::images, Folder::unknownPatients)
        .containsExactly(
            tuple(Split.TRAIN, Label.NEGATIVE, 30, 0),
            tuple(Split.TRAIN, Label.POSITIVE, 50, 0),
            tuple(Split.VALIDATION, Label.NEGATIVE, 3, 0),
            tuple(Split.VALIDATION, Label.POSITIVE, 3, 0),
            tuple(Split.TEST, Label.NEGATIVE, 8, 0),
            tuple(Split.TEST, Label.POSITIVE, 12, 0));
    Folder folder = audit.folders().get(1);
    assertThat(folder.patients()).isBetween(20, 49);
    assertThat(folder.channels()).isEqualTo(Map.of(1, 50));
    assertThat(folder.formats()).isEqualTo(Map.of("jpeg", 50));
    assertThat(folder.sizes().height()).isEqualTo(new DatasetAudit.SizeRange(40, 40, 40));
    assertThat(folder.sizes().common()).containsExactly(new DatasetAudit.SizeCount(40, 40, 50));
    assertThat(folder.slices().get("bacterial") + folder.slices().get("viral")).isEqualTo(50);
    assertThat(audit.skipped())
        .isEqualTo(
            new DatasetAudit.Skipped(
                6,
                6,
                Map.of(Junk.MACOSX, 1, Junk.APPLE_DOUBLE, 1, Junk.DS_STORE, 1),
                Map.of("txt", 1)));
    assertThat(audit.quarantined()).isEmpty();
    assertThat(audit.identical()).isEmpty();
    assertThat(audit.patientsAcrossSplits()).isEmpty();
  }

  @Test
  void storesEveryImageOnceAndNoPatientTwice() throws IOException {
    PreparedDataset dataset = prepare(OPTIONS);
    Map<String, Split> patients = new HashMap<>();
    Set<String> names = new HashSet<>();
    for (Split split : Split.values()) {
      List<XrayRecord> records = dataset.readAll(split);
      assertThat(records).hasSize(dataset.images(split));
      for (XrayRecord record : records) {
        assertThat(names.add(record.filename())).isTrue();
        Split other = patients.putIfAbsent(record.patient(), split);
        assertThat(other == null || other == split).isTrue();
        // Drawn at the target size, so stored untouched.
        byte[] original = Files.readAllBytes(source.resolve("chest_xray/" + record.filename()));
        assertThat(record.image()).isEqualTo(original);
        assertThat(record.sha256()).isEqualTo(Hashes.sha256(original));
        assertThat(record.height()).isEqualTo(40);
        assertThat(record.label())
            .isEqualTo(record.filename().contains("/NORMAL/") ? Label.NEGATIVE : Label.POSITIVE);
        assertThat(record.filename().startsWith("test/")).isEqualTo(split == Split.TEST);
      }
    }
    assertThat(names).hasSize(106);
    assertThat(dataset.manifest().splits())
        .extracting(SplitSummary::split, SplitSummary::images, SplitSummary::fromOfficialVal)
        .containsExactly(
            tuple(Split.TRAIN, dataset.images(Split.TRAIN), 6),
            tuple(Split.VALIDATION, dataset.images(Split.VALIDATION), 0),
            tuple(Split.TEST, 20, 0));
    assertThat(dataset.images(Split.VALIDATION)).isBetween(6, 10);
    assertThat(hashes(out).keySet())
        .containsExactlyInAnyOrder(
            "dataset.json",
            "dataset.txt",
            "inputs-test.csv",
            "inputs-validation.csv",
            "shortcuts.csv",
            "training-images.txt",
            "train-00000-of-00004.tfrecord",
            "train-00001-of-00004.tfrecord",
            "train-00002-of-00004.tfrecord",
            "train-00003-of-00004.tfrecord",
            "validation-00000-of-00001.tfrecord",
            "test-00000-of-00001.tfrecord");
    assertThat(out.getParent().toFile().list()).containsExactly("out");
  }

  @Test
  void givesTheSameBytesWhateverTheThreadsAndTheSourceKind() throws IOException {
    prepare(OPTIONS);
    Map<String, String> two = hashes(out);
    for (int threads : new int[] {1, 5}) {
      Path other = temporary.resolve("other" + threads);
      PreparedDataset.prepare(source, other, OPTIONS, threads, Progress.NONE);
      assertThat(hashes(other)).isEqualTo(two);
    }
    Path zipped = temporary.resolve("zipped");
    PreparedDataset dataset =
        PreparedDataset.prepare(phantoms.resolve("phantoms.zip"), zipped, OPTIONS, Progress.NONE);
    Map<String, String> fromZip = hashes(zipped);
    assertThat(dataset.manifest().source().kind()).isEqualTo("zip");
    fromZip.keySet().removeIf(f -> f.startsWith("dataset"));
    two.keySet().removeIf(f -> f.startsWith("dataset"));
    assertThat(fromZip).isEqualTo(two);
    assertThat(dataset.fingerprint()).isEqualTo(PreparedDataset.open(out).fingerprint());
    assertThat(dataset.manifest().source().fingerprint())
        .isEqualTo(PreparedDataset.open(out).manifest().source().fingerprint());
    String json = Files.readString(out.resolve("dataset.json"));
    assertThat(json).doesNotContain(temporary.toString());
  }

  @Test
  void takesTheTopFolderOrTheInnerOne() throws IOException {
    PreparedDataset outer = prepare(OPTIONS);
    PreparedDataset inner =
        PreparedDataset.prepare(
            source.resolve("chest_xray"), temporary.resolve("inner"), OPTIONS, Progress.NONE);
    assertThat(inner.fingerprint()).isEqualTo(outer.fingerprint());
    assertThat(inner.manifest().audit()).isEqualTo(outer.manifest().audit());
  }

  @Test
  void keepsAFinishedFolderAndRemakesAnOutdatedOne() throws IOException {
    prepare(OPTIONS);
    Path shard = out.resolve("test-00000-of-00001.tfrecord");
    Object key = fileKey(shard);
    prepare(OPTIONS);
    assertThat(fileKey(shard)).isEqualTo(key);
    // Other options.
    assertThat(prepare(OPTIONS.withSeed(9)).manifest().options().seed()).isEqualTo(9);
    assertThat(fileKey(shard)).isNotEqualTo(key);
    // Another source.
    PreparedDataset before = prepare(OPTIONS);
    Files.write(train("NORMAL/IM-9999-0001.jpeg"), jpeg(77));
    PreparedDataset after = prepare(OPTIONS);
    assertThat(after.manifest().audit().files()).isEqualTo(107);
    assertThat(after.fingerprint()).isNotEqualTo(before.fingerprint());
    // A shard that was tampered with.
    byte[] bytes = Files.readAllBytes(shard);
    bytes[100] ^= 1;
    Files.write(shard, bytes);
    assertThatThrownBy(() -> PreparedDataset.open(out).verify())
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(shard.toString());
    assertThat(prepare(OPTIONS).fingerprint()).isEqualTo(after.fingerprint());
    PreparedDataset.open(out).verify();
    Files.delete(shard);
    assertThatThrownBy(() -> PreparedDataset.open(out)).isInstanceOf(DeepXrayException.class);
    prepare(OPTIONS);
    assertThat(shard).exists();
  }

  private static Object fileKey(Path file) throws IOException {
    return List.of(
        Files.getLastModifiedTime(file),
        String.valueOf(Files.readAttributes(file, BasicFileAttributes.class).fileKey()));
  }

  @Test
  void doesNotWriteOverSomethingElse() throws IOException {
    Files.createDirectories(out);
    Files.writeString(out.resolve("thesis.txt"), "years of work");
    assertThatThrownBy(() -> prepare(OPTIONS))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(out.toString())
        .hasMessageContaining("choose another");
    Files.writeString(out.resolve("dataset.json"), "{\"name\": \"another tool's\"}");
    assertThatThrownBy(() -> prepare(OPTIONS)).isInstanceOf(DeepXrayException.class);
    assertThat(out.resolve("thesis.txt")).hasContent("years of work");
    assertThatThrownBy(() -> PreparedDataset.open(out)).isInstanceOf(DeepXrayException.class);
  }

  @Test
  void startsAnewAfterAKill() throws IOException {
    Path partial = temporary.resolve("deep/out.partial");
    Files.createDirectories(partial);
    Files.writeString(partial.resolve("images.partial"), "half");
    Files.writeString(partial.resolve("train-00000-of-00009.tfrecord"), "half");
    PreparedDataset dataset = prepare(OPTIONS);
    dataset.verify();
    assertThat(partial).doesNotExist();
    assertThat(out.resolve("train-00000-of-00009.tfrecord")).doesNotExist();
  }

  @Test
  void setsBadFilesAsideWithTheirReason() throws IOException {
    byte[] good = jpeg(1);
    Files.write(train("NORMAL/cut.jpeg"), Arrays.copyOf(good, good.length / 2));
    Files.write(train("NORMAL/empty.jpeg"), new byte[0]);
    Files.writeString(train("NORMAL/notes.txt"), "not an image");
    Files.writeString(train("PNEUMONIA/text.jpeg"), "no image either");
    Files.write(train("NORMAL/person5_virus_1.jpeg"), jpeg(2));
    Files.write(train("PNEUMONIA/IM-0777-0001.jpeg"), jpeg(3));
    Files.write(train("PNEUMONIA/bomb.png"), pngBomb());
    Files.createDirectories(train("NORMAL/more"));
    Files.write(train("NORMAL/more/x.jpeg"), jpeg(4));
    Files.write(source.resolve("stray.JPG"), jpeg(5));
    // Readable, though odd: no patient in the name, PNG under a JPEG's name.
    Files.write(train("NORMAL/somebody.jpeg"), png(40));

    PreparedDataset dataset = prepare(OPTIONS.withMaxBad(0.1));
    DatasetAudit audit = dataset.manifest().audit();
    assertThat(audit.quarantined())
        .extracting(Quarantined::file, Quarantined::reason)
        .containsExactly(
            tuple("chest_xray/train/NORMAL/more/x.jpeg", Reason.MISPLACED),
            tuple("stray.JPG", Reason.MISPLACED),
            tuple("train/NORMAL/cut.jpeg", Reason.UNREADABLE),
            tuple("train/NORMAL/empty.jpeg", Reason.UNREADABLE),
            tuple("train/NORMAL/notes.txt", Reason.NO_IMAGE),
            tuple("train/NORMAL/person5_virus_1.jpeg", Reason.MISNAMED),
            tuple("train/PNEUMONIA/IM-0777-0001.jpeg", Reason.MISNAMED),
            tuple("train/PNEUMONIA/bomb.png", Reason.TOO_LARGE),
            tuple("train/PNEUMONIA/text.jpeg", Reason.UNREADABLE));
    assertThat(audit.badFiles()).isEqualTo(9);
    assertThat(audit.files()).isEqualTo(106 + 10);
    assertThat(audit.folders().get(0).unknownPatients()).isEqualTo(1);
    assertThat(audit.unknownPatients()).isEqualTo(1);
    assertThat(audit.folders().get(0).formats()).isEqualTo(Map.of("jpeg", 30, "png", 1));
    assertThat(dataset.table()).contains("bomb.png", "Quarantined: 9", "misnamed 2");
    XrayRecord odd =
        Stream.concat(
                dataset.readAll(Split.TRAIN).stream(), dataset.readAll(Split.VALIDATION).stream())
            .filter(r -> r.filename().endsWith("somebody.jpeg"))
            .findFirst()
            .orElseThrow();
    assertThat(odd.patient()).isEqualTo("unknown:train/NORMAL/somebody.jpeg");
    assertThat(ImageCodec.header(odd.image(), "x").format()).isEqualTo("jpeg");
  }

  @Test
  void failsBeyondTheToleranceAndListsTheFiles() throws IOException {
    prepare(OPTIONS);
    Map<String, String> before = hashes(out);
    Files.writeString(train("NORMAL/a.jpeg"), "bad");
    Files.writeString(train("NORMAL/b.jpeg"), "bad");
    Path list = temporary.resolve("deep/out.quarantine.txt");
    assertThatThrownBy(() -> prepare(OPTIONS))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("2 of 108")
        .hasMessageContaining("train/NORMAL/a.jpeg")
        .hasMessageContaining("--max-bad")
        .hasMessageContaining(list.toString());
    assertThat(Files.readString(list)).contains("a.jpeg\tunreadable", "b.jpeg\tunreadable");
    assertThat(hashes(out)).isEqualTo(before);
    // One of 107 is 0.93 %.
    Files.delete(train("NORMAL/a.jpeg"));
    assertThat(prepare(OPTIONS).manifest().audit().badFiles()).isEqualTo(1);
    assertThat(list).doesNotExist();
    assertThatThrownBy(() -> prepare(OPTIONS.withMaxBad(0))).isInstanceOf(DeepXrayException.class);
  }

  @Test
  void keepsTestImagesOutOfTraining() throws IOException {
    Path test = source.resolve("chest_xray/test/NORMAL");
    try (Stream<Path> files = Files.list(test)) {
      Files.copy(files.sorted().findFirst().orElseThrow(), train("NORMAL/IM-8888-0001.jpeg"));
    }
    Files.write(test.resolve("IM-7777-0001.jpeg"), jpeg(1));
    Files.write(train("NORMAL/IM-7777-0002.jpeg"), jpeg(2));
    Files.write(train("NORMAL/IM-6666-0001.jpeg"), jpeg(3));
    Files.write(train("NORMAL/IM-6667-0001.jpeg"), jpeg(3));
    PreparedDataset dataset = prepare(OPTIONS);
    DatasetAudit audit = dataset.manifest().audit();
    assertThat(audit.quarantined())
        .extracting(Quarantined::file, Quarantined::reason)
        .containsExactly(
            tuple("train/NORMAL/IM-7777-0002.jpeg", Reason.PATIENT_IN_TEST),
            tuple("train/NORMAL/IM-8888-0001.jpeg", Reason.IMAGE_IN_TEST));
    assertThat(audit.badFiles()).isZero();
    assertThat(audit.identical())
        .extracting(DatasetAudit.IdenticalGroup::acrossSplits)
        .containsExactlyInAnyOrder(true, false);
    assertThat(audit.patientsAcrossSplits())
        .containsExactly(
            new DatasetAudit.PatientOverlap("IM-7777", Map.of(Split.TRAIN, 1, Split.TEST, 1)));
  }

  @Test
  void resizesWithTheCodecAndResizerOfPrediction() throws IOException {
    byte[] large = ImageCodec.encodeJpeg(Phantom.draw(Slice.VIRAL, 1, 1, 1, 101), 80);
    Files.write(train("PNEUMONIA/person900_virus_1.jpeg"), large);
    PreparedDataset dataset = prepare(OPTIONS.withValidationFraction(0).withJpegQuality(95));
    XrayRecord record =
        dataset.readAll(Split.TRAIN).stream()
            .filter(r -> r.filename().endsWith("person900_virus_1.jpeg"))
            .findFirst()
            .orElseThrow();
    RgbImage expected = Resizer.resize(ImageCodec.decode(large, "x"), 40, 40);
    assertThat(record.image()).isEqualTo(ImageCodec.encodeJpeg(expected, 95));
    assertThat(record.height()).isEqualTo(40);
    assertThat(record.sha256()).isEqualTo(Hashes.sha256(record.image()));
    DatasetAudit.Sizes sizes = dataset.manifest().audit().folders().get(1).sizes();
    assertThat(sizes.height()).isEqualTo(new DatasetAudit.SizeRange(40, 40, 101));
    assertThat(sizes.distinct()).isEqualTo(2);
    assertThat(dataset.shards(Split.VALIDATION)).isEmpty();
  }

  private static RgbImage stored(PreparedDataset dataset, String name) throws IOException {
    return dataset.readAll(Split.TRAIN).stream()
        .filter(record -> record.filename().endsWith(name))
        .findFirst()
        .orElseThrow()
        .decode();
  }

  @Test
  void squareImagesAreTheSameWithEveryFit() throws IOException {
    DatasetManifest manifest = prepare(OPTIONS).manifest();
    assertThat(manifest.fit()).isEqualTo(Fit.STRETCH);
    assertThat(manifest.options().fit()).isEmpty();
    for (Fit fit : Fit.values()) {
      DatasetManifest other =
          PreparedDataset.prepare(
                  source, temporary.resolve(fit.key()), OPTIONS.withFit(fit), 2, Progress.NONE)
              .manifest();
      assertThat(other.fit()).isEqualTo(fit);
      assertThat(other.shards()).isEqualTo(manifest.shards());
      // A model of this data set fits other images otherwise.
      assertThat(other.fingerprint().equals(manifest.fingerprint())).isEqualTo(fit == Fit.STRETCH);
    }
  }

  @Test
  void imagesThatAreNotSquareAreCroppedUnlessAskedOtherwise() throws IOException {
    String name = "PNEUMONIA/person900_virus_1.png";
    RgbImage square = Phantom.draw(Slice.VIRAL, 1, 1, 1, 100);
    RgbImage wide = Resizer.resize(square, 100, 131);
    Files.write(train(name), ImageCodec.encodePng(wide));
    DatasetOptions options = OPTIONS.withValidationFraction(0);
    PreparedDataset dataset = prepare(options);
    assertThat(dataset.manifest().fit()).isEqualTo(Fit.CROP);
    assertThat(dataset.table()).contains("Stored at 40 x 40 (crop)");
    for (Fit fit : Fit.values()) {
      PreparedDataset asked =
          PreparedDataset.prepare(
              source, temporary.resolve(fit.key()), options.withFit(fit), 1, Progress.NONE);
      assertThat(asked.manifest().fit()).isEqualTo(fit);
      RgbImage expected = fit.apply(wide, 40, 40);
      assertThat(stored(asked, name))
          .isEqualTo(ImageCodec.decode(ImageCodec.encodeJpeg(expected, 95), "x"));
      assertThat(asked.manifest().shards().equals(dataset.manifest().shards()))
          .isEqualTo(fit == Fit.CROP);
    }
  }

  @Test
  void badImagesDoNotDecideTheFit() throws IOException {
    byte[] wide =
        ImageCodec.encodePng(Resizer.resize(Phantom.draw(Slice.VIRAL, 1, 1, 1, 50), 50, 70));
    Files.write(train("PNEUMONIA/person900_virus_1.png"), Arrays.copyOf(wide, wide.length - 100));
    DatasetManifest manifest = prepare(OPTIONS.withMaxBad(0.5)).manifest();
    assertThat(manifest.audit().badFiles()).isPositive();
    assertThat(manifest.fit()).isEqualTo(Fit.STRETCH);
  }

  @Test
  void refusesAnArchiveThatReachesOutAndWritesNothing() throws IOException {
    Path zip = temporary.resolve("evil.zip");
    try (ZipArchiveOutputStream archive = new ZipArchiveOutputStream(zip)) {
      archive.putArchiveEntry(new ZipArchiveEntry("chest_xray/train/NORMAL/../../../x.jpeg"));
      archive.write(jpeg(1));
      archive.closeArchiveEntry();
    }
    assertThatThrownBy(() -> PreparedDataset.prepare(zip, out, OPTIONS, Progress.NONE))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("chest_xray/train/NORMAL/../../../x.jpeg");
    assertThat(out.getParent()).doesNotExist();
  }

  @Test
  void saysWhichClassIsMissing() throws IOException {
    try (Stream<Path> files = Files.list(source.resolve("chest_xray/test/PNEUMONIA"))) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    assertThatThrownBy(() -> prepare(OPTIONS))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(source.toString())
        .hasMessageContaining("test/PNEUMONIA");
  }

  @Test
  void refusesToLeaveNothingToTrainOn() throws IOException {
    try (Stream<Path> files = Files.list(source.resolve("chest_xray/train/NORMAL"))) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    try (Stream<Path> files = Files.list(source.resolve("chest_xray/val/NORMAL"))) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    try (Stream<Path> files = Files.list(source.resolve("chest_xray/test/NORMAL"))) {
      Files.copy(files.sorted().findFirst().orElseThrow(), train("NORMAL/IM-8888-0001.jpeg"));
    }
    assertThatThrownBy(() -> prepare(OPTIONS))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("train")
        .hasMessageContaining("NORMAL");
    assertThat(out).doesNotExist();
  }

  @Test
  void reportsProgress() throws IOException {
    Map<String, AtomicLong> done = new TreeMap<>();
    Map<String, Long> totals = new TreeMap<>();
    Progress progress =
        (name, total) -> {
          totals.put(name, total);
          AtomicLong steps = new AtomicLong();
          done.put(name, steps);
          return steps::addAndGet;
        };
    PreparedDataset.prepare(source, out, OPTIONS, progress);
    assertThat(totals).isEqualTo(Map.of("images", 106L, "shards", 106L));
    done.forEach((name, steps) -> assertThat(steps.get()).isEqualTo(106));
  }

  @Test
  void tableTellsTheWholeStory() throws IOException {
    PreparedDataset dataset = prepare(OPTIONS);
    assertThat(dataset.table())
        .contains("106 image files", "6 in a nested copy (6 repeat the first)", "Quarantined: 0")
        .contains("train", "validation", "test", "bacterial", "viral")
        .doesNotContain("\r");
    assertThat(out.resolve("dataset.txt")).hasContent(dataset.table());
  }

  private static byte[] jpeg(long patient) {
    return ImageCodec.encodeJpeg(Phantom.draw(Slice.NORMAL, 99, patient, 1, 40), 90);
  }

  private static byte[] png(int size) throws IOException {
    BufferedImage buffered = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(buffered, "png", bytes);
    return bytes.toByteArray();
  }

  /** A PNG whose header announces 3.6 gigapixels. */
  private static byte[] pngBomb() throws IOException {
    byte[] bytes = png(2);
    ByteBuffer.wrap(bytes).putInt(16, 60_000).putInt(20, 60_000);
    CRC32 crc = new CRC32();
    crc.update(bytes, 12, 17);
    ByteBuffer.wrap(bytes).putInt(29, (int) crc.getValue());
    return bytes;
  }
}
