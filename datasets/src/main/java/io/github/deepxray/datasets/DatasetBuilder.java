package io.github.deepxray.datasets;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.ImageNote;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.TfRecordWriter;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.DatasetAudit.Quarantined;
import io.github.deepxray.datasets.DatasetAudit.Reason;
import io.github.deepxray.datasets.DatasetManifest.Shard;
import io.github.deepxray.datasets.DatasetManifest.Shortcut;
import io.github.deepxray.datasets.DatasetManifest.SplitSummary;
import io.github.deepxray.datasets.DatasetOptions.OfficialVal;
import io.github.deepxray.datasets.internal.shortcuts.Appearance;
import io.github.deepxray.datasets.internal.shortcuts.ShortcutScores;
import io.github.deepxray.datasets.internal.source.FileSource;
import io.github.deepxray.datasets.internal.source.RefusedException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Builds TFRecord shards from a source of images: audits the source, splits it by patient and
 * resizes the images.
 */
final class DatasetBuilder {
  private static final String SPOOL = "images" + AtomicFiles.SUFFIX;

  /** Fit of images that are not square; which fit square images have does not matter. */
  private static final Fit DEFAULT_FIT = Fit.CROP;

  private final FileSource source;
  private final SourceLayout layout;
  private final DatasetOptions options;
  private final int threads;
  private final Progress progress;

  private DatasetBuilder(
      FileSource source,
      SourceLayout layout,
      DatasetOptions options,
      int threads,
      Progress progress) {
    this.source = source;
    this.layout = layout;
    this.options = options;
    this.threads = threads;
    this.progress = progress;
  }

  /**
   * Image to store.
   *
   * @param header the header of the source file
   * @param pixels the hash of the decoded image's size and pixels
   * @param storedPixels the hash of the stored image's size and pixels
   * @param input the statistics of the image before it is stored
   * @param appearance the properties that do not depend on the patient's chest
   */
  private record StoredImage(
      ImageCodec.Header header,
      ByteBuffer jpeg,
      String pixels,
      String storedPixels,
      InputStatistics input,
      Set<ImageNote> notes,
      Appearance appearance) {}

  static PreparedDataset prepare(
      Path source, Path folder, DatasetOptions options, int threads, Progress progress)
      throws IOException {
    Optional<PreparedDataset> before = existing(folder);
    try (FileSource files = SourceReader.open(source, options.limits())) {
      SourceLayout layout = SourceLayout.of(files, options);
      layout.refuseMissing(files.name());
      layout.refuseUnused(files.name(), options);
      DatasetOptions decided = options.withOfficialVal(layout.officialVal(options.officialVal()));
      layout.table(files.name(), decided.officialVal()).forEach(progress::note);
      files.remarks().forEach(progress::note);
      DatasetBuilder builder = new DatasetBuilder(files, layout, decided, threads, progress);
      if (before.isPresent() && builder.made(before.get())) {
        return before.get();
      }
      AtomicFiles.writeFolder(folder, partial -> builder.build(folder, partial));
    } catch (ClosedByInterruptException e) {
      throw new WorkInterruptedException(e);
    }
    return PreparedDataset.open(folder);
  }

  /** Opens an existing data set; a folder with other content is not overwritten. */
  private static Optional<PreparedDataset> existing(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return Optional.empty();
    }
    if (Files.isDirectory(folder)) {
      try (Stream<Path> inside = Files.list(folder)) {
        if (inside.findAny().isEmpty()) {
          return Optional.empty();
        }
      }
      Path manifest = folder.resolve(PreparedDataset.MANIFEST);
      if (Files.isRegularFile(manifest)
          && Json.read(manifest).path("format").asText().startsWith("deepxray-dataset/")) {
        try {
          PreparedDataset dataset = PreparedDataset.open(folder);
          dataset.verify();
          return Optional.of(dataset);
        } catch (DeepXrayException e) {
          // A data set that is incomplete or of another version is built again.
          return Optional.empty();
        }
      }
    }
    throw new DeepXrayException(
        folder + " exists and is not a prepared data set; choose another folder.");
  }

  /** Whether a data set was built from these images with these options. */
  private boolean made(PreparedDataset dataset) throws IOException {
    // Earlier builds did not write these files.
    if (!dataset.manifest().options().equals(options)
        || !Files.isRegularFile(dataset.folder().resolve(SeenImages.FILE))
        || !Files.isRegularFile(
            dataset.folder().resolve(InputStatistics.fileName(Split.VALIDATION)))) {
      return false;
    }
    Map<String, String> hashes = new TreeMap<>();
    try (Progress.Task task = progress.start("compare", layout.images().size())) {
      OrderedWork.run(
          layout.images(),
          threads,
          sourceImage -> {
            try {
              return Map.entry(sourceImage.path(), Hashes.sha256(source.read(sourceImage.file())));
            } catch (RefusedException e) {
              throw e;
            } catch (DeepXrayException e) {
              return Map.entry(sourceImage.path(), SourceReader.DAMAGED);
            }
          },
          hash -> {
            hashes.put(hash.getKey(), hash.getValue());
            task.advance(1);
          });
    }
    return dataset.manifest().source().equals(layout.source(source.kind(), hashes));
  }

  private void build(Path folder, Path partial) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    List<SpooledImage> images = new ArrayList<>();
    List<Quarantined> quarantined = new ArrayList<>(layout.quarantined());
    Path spool = partial.resolve(SPOOL);
    try (FileChannel channel =
        FileChannel.open(
            spool,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      readImages(channel, hashes, images, quarantined);
      PatientSplit split = split(images);
      quarantined.addAll(split.quarantined());
      noteLeaks(split.quarantined());
      quarantined.sort(Comparator.comparing(Quarantined::file));
      DatasetAudit audit = SpooledImage.audit(images, quarantined, layout);
      refuseTooManyBad(folder, audit);
      refuseNothingLeft(split);
      writeHashes(partial, images, split);
      List<Shard> shards = new ArrayList<>();
      List<SplitSummary> summaries = writeSplits(partial, channel, images, split, shards);
      String hashesOfShards =
          shards.stream()
              .map(s -> s.file() + "\n" + s.sha256() + "\n")
              .collect(Collectors.joining());
      Fit fit = fit(images);
      String hashed = fit == Fit.STRETCH ? hashesOfShards : hashesOfShards + fit.key() + "\n";
      DatasetManifest manifest =
          new DatasetManifest(
              DatasetManifest.FORMAT,
              Hashes.sha256(hashed),
              layout.source(source.kind(), hashes),
              options,
              audit,
              summaries,
              shards,
              layout.profile(),
              shortcuts(images, split, partial),
              fit);
      AtomicFiles.write(partial.resolve("dataset.txt"), DatasetTable.render(manifest));
      manifest.write(partial.resolve(PreparedDataset.MANIFEST));
    }
    Files.delete(spool);
  }

  /** Fit of the option, or the default for these images. */
  private Fit fit(List<SpooledImage> images) {
    boolean square =
        images.stream().allMatch(image -> image.header().height() == image.header().width());
    return options.fit().orElse(square ? Fit.STRETCH : DEFAULT_FIT);
  }

  /** Writes the hashes of the images to train on, and the statistics of the others' inputs. */
  private static void writeHashes(Path partial, List<SpooledImage> images, PatientSplit split)
      throws IOException {
    SeenImages.write(
        partial,
        Stream.of(Split.TRAIN, Split.VALIDATION)
            .flatMap(part -> of(split, part, images).stream())
            .flatMap(image -> Stream.of(image.pixels(), image.storedPixels()))
            .toList());
    for (Split part : List.of(Split.VALIDATION, Split.TEST)) {
      Map<String, InputStatistics> inputs = new LinkedHashMap<>();
      of(split, part, images).forEach(image -> inputs.put(image.path(), image.input()));
      InputStatistics.write(partial, part, inputs);
    }
  }

  /** Measures the shortcuts and writes their scores of the validation images. */
  private List<Shortcut> shortcuts(List<SpooledImage> images, PatientSplit split, Path partial)
      throws IOException {
    List<SpooledImage> training = of(split, Split.TRAIN, images);
    List<SpooledImage> validation = of(split, Split.VALIDATION, images);
    List<ShortcutAudit.Measured> measured =
        new ShortcutAudit(
                Stream.of(training, validation).flatMap(List::stream).toList(),
                training.size(),
                source,
                layout.classes().size())
            .measure(threads);
    Map<String, Map<String, Double>> scores = new LinkedHashMap<>();
    measured.stream()
        .filter(found -> found.shortcut().inPicture())
        .forEach(found -> scores.put(found.shortcut().name(), found.validation()));
    new ShortcutScores(scores).write(partial, validation.stream().map(SpooledImage::path).toList());
    return measured.stream().map(ShortcutAudit.Measured::shortcut).toList();
  }

  private static List<SpooledImage> of(PatientSplit split, Split part, List<SpooledImage> images) {
    Set<String> paths =
        split.images().get(part).stream().map(PatientSplit.Image::path).collect(Collectors.toSet());
    return images.stream().filter(image -> paths.contains(image.path())).toList();
  }

  private PatientSplit split(List<SpooledImage> images) {
    List<PatientSplit.Image> all =
        images.stream()
            .map(
                f ->
                    new PatientSplit.Image(
                        f.path(),
                        f.sourceImage().split(),
                        f.sourceImage().label(),
                        layout.profile().place(f.sourceImage().name(), f.sourceImage().label()),
                        f.patient(),
                        f.pixels()))
            .toList();
    return PatientSplit.of(all, options, layout.drawTest());
  }

  /**
   * Decodes every image once. The split of an image is known only after all are read, so the images
   * to store wait in a file; memory holds a few images at a time.
   */
  private void readImages(
      FileChannel spool,
      Map<String, String> hashes,
      List<SpooledImage> images,
      List<Quarantined> quarantined)
      throws IOException {
    SourceReader reader = new SourceReader(source, options.limits().images());
    try (Progress.Task task = progress.start("images", layout.images().size())) {
      OrderedWork.run(
          layout.images(),
          threads,
          sourceImage -> reader.read(sourceImage, this::store),
          result -> {
            hashes.put(result.sourceImage().path(), result.hash());
            result.fault().ifPresent(quarantined::add);
            if (result.value().isPresent()) {
              StoredImage stored = result.value().get();
              images.add(
                  new SpooledImage(
                      result.sourceImage(),
                      result.bytes(),
                      stored.pixels(),
                      stored.storedPixels(),
                      stored.input(),
                      stored.notes(),
                      stored.header(),
                      stored.appearance(),
                      spool.position(),
                      stored.jpeg().remaining()));
              ByteBuffer buffer = stored.jpeg().duplicate();
              while (buffer.hasRemaining()) {
                spool.write(buffer);
              }
            }
            task.advance(1);
          });
    }
  }

  /** Returns the JPEG to store. */
  private StoredImage store(SourceReader.Opened opened) {
    ImageCodec.Header header = opened.header();
    RgbImage image = opened.decoded().image();
    int size = options.imageSize();
    boolean asItIs =
        header.format().equals("jpeg")
            && header.channels() <= 3
            && header.height() == size
            && header.width() == size
            && header.stored();
    RgbImage resized = asItIs ? image : options.fit().orElse(DEFAULT_FIT).apply(image, size, size);
    byte[] jpeg = asItIs ? opened.file() : ImageCodec.encodeJpeg(resized, options.jpegQuality());
    String pixels = image.sha256();
    return new StoredImage(
        header,
        ByteBuffer.wrap(jpeg),
        pixels,
        asItIs ? pixels : ImageCodec.decode(jpeg, "it").sha256(),
        InputStatistics.of(image, resized),
        opened.decoded().notes(),
        Appearance.of(opened.path(), header, opened.file(), resized));
  }

  /**
   * Images excluded from training because of patients in the test split may be a sign of wrong
   * names.
   */
  private void noteLeaks(List<Quarantined> quarantined) {
    long patients = quarantined.stream().filter(q -> q.reason() == Reason.PATIENT_IN_TEST).count();
    if (patients > 0) {
      progress.note(
          String.format(
              Locale.ROOT,
              "%,d images are not trained on, because their patients are in the test split, too.",
              patients));
    }
  }

  private void refuseTooManyBad(Path folder, DatasetAudit audit) throws IOException {
    Path list = folder.toAbsolutePath().resolveSibling(folder.getFileName() + ".quarantine.txt");
    int bad = audit.badFiles();
    if (bad <= options.maxBad() * audit.files()) {
      Files.deleteIfExists(list);
      return;
    }
    List<Quarantined> files = audit.quarantined().stream().filter(q -> q.reason().bad()).toList();
    AtomicFiles.write(
        list,
        files.stream()
            .map(q -> q.file() + "\t" + q.reason().key() + "\t" + q.detail() + "\n")
            .collect(Collectors.joining()));
    throw new DeepXrayException(
        String.format(
            Locale.ROOT,
            "%s: %d of %d image files (%.2f %%) are bad, more than the %.2f %% allowed, the first"
                + " is %s: %s; all are listed in %s. Repair them or raise --max-bad.",
            source.name(),
            bad,
            audit.files(),
            100.0 * bad / audit.files(),
            100 * options.maxBad(),
            files.get(0).file(),
            files.get(0).detail(),
            list));
  }

  /** Each class was present, but all its images may be quarantined, or too few to split. */
  private void refuseNothingLeft(PatientSplit split) {
    boolean validated =
        options.officialVal() == OfficialVal.VALIDATION || options.validationFraction() > 0;
    for (Split part : Split.values()) {
      for (Label label : layout.classes().labels()) {
        boolean needed = part != Split.VALIDATION || validated;
        if (needed && split.images().get(part).stream().noneMatch(i -> i.label().equals(label))) {
          throw new DeepXrayException(
              ("%s: of the images with label %s none is in the %s split, after bad ones and those"
                      + " of patients of other splits were taken out; give more images or patients of"
                      + " that class, or change the split or the fractions.")
                  .formatted(source.name(), layout.classes().of(label), part.key()));
        }
      }
    }
  }

  private List<SplitSummary> writeSplits(
      Path partial,
      FileChannel spool,
      List<SpooledImage> images,
      PatientSplit split,
      List<Shard> shards)
      throws IOException {
    Map<String, SpooledImage> byPath =
        images.stream().collect(Collectors.toMap(SpooledImage::path, found -> found));
    List<SplitSummary> summaries = new ArrayList<>();
    try (Progress.Task task = progress.start("shards", images.size())) {
      for (Split part : Split.values()) {
        List<SpooledImage> members =
            split.images().get(part).stream().map(i -> byPath.get(i.path())).toList();
        summaries.add(summary(part, members));
        writeShards(partial, part, members, spool, shards, task);
      }
    }
    return summaries;
  }

  private void writeShards(
      Path partial,
      Split split,
      List<SpooledImage> members,
      FileChannel spool,
      List<Shard> shards,
      Progress.Task task)
      throws IOException {
    int size = members.size();
    int count = (size + options.recordsPerShard() - 1) / options.recordsPerShard();
    for (int i = 0; i < count; i++) {
      List<SpooledImage> part =
          members.subList((int) ((long) size * i / count), (int) ((long) size * (i + 1) / count));
      String file = String.format(Locale.ROOT, "%s-%05d-of-%05d.tfrecord", split.key(), i, count);
      MessageDigest digest = Hashes.newSha256();
      try (TfRecordWriter out =
          new TfRecordWriter(
              new BufferedOutputStream(
                  new DigestOutputStream(Files.newOutputStream(partial.resolve(file)), digest),
                  1 << 16))) {
        for (SpooledImage found : part) {
          out.write(
              XrayRecord.of(
                      stored(spool, found),
                      found.sourceImage().label(),
                      found.path(),
                      found.patient())
                  .toExample());
          task.advance(1);
        }
      }
      Path path = partial.resolve(file);
      shards.add(
          new Shard(file, split, part.size(), Files.size(path), Hashes.hex(digest.digest())));
    }
  }

  private static byte[] stored(FileChannel spool, SpooledImage found) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(found.length());
    while (buffer.hasRemaining()) {
      if (spool.read(buffer, found.offset() + buffer.position()) < 0) {
        throw new IOException("the temporary file of images was cut off");
      }
    }
    return buffer.array();
  }

  private SplitSummary summary(Split split, List<SpooledImage> members) {
    return new SplitSummary(
        split,
        members.size(),
        (int) members.stream().map(SpooledImage::patient).distinct().count(),
        SpooledImage.counts(members.stream().map(found -> found.sourceImage().label())),
        SpooledImage.slices(members, layout.profile()),
        (int) members.stream().filter(f -> f.sourceImage().split() == Split.VALIDATION).count());
  }
}
