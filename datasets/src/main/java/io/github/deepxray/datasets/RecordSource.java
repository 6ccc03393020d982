package io.github.deepxray.datasets;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.datasets.internal.source.NameChecker;
import io.github.deepxray.datasets.internal.source.RefusedException;
import io.github.deepxray.datasets.internal.source.SourceFile;
import io.github.deepxray.datasets.source.SourceLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Source of TFRecord files of {@code tf.train.Example} with {@code image} and {@code label} (0, 1,
 * ...), and optionally {@code filename} and {@code patient}. The prefix {@code train}, {@code val}
 * or {@code test} of a file's name is its split.
 *
 * <p>The images are copied to a temporary file, because gzipped files can be read only
 * sequentially.
 */
record RecordSource(
    Path place,
    SourceLimits limits,
    FileChannel spool,
    Map<String, Long> offsets,
    List<Entry> entries)
    implements LabelledSource {
  private static final Pattern NAME =
      Pattern.compile(
          "(.*)\\.tfrec(?:ords?)?(?:-\\d+-of-\\d+)?(?:\\.(?:gz|gzip|zlib|zz))?",
          Pattern.CASE_INSENSITIVE);

  /** Whether a path is a TFRecord file, or a folder of such files. */
  static boolean isOne(Path place) throws IOException {
    if (!Files.isDirectory(place)) {
      return isRecordFile(place);
    }
    try (Stream<Path> inside = Files.list(place)) {
      return inside.anyMatch(RecordSource::isRecordFile);
    }
  }

  private static boolean isRecordFile(Path file) {
    return Files.isRegularFile(file) && NAME.matcher(file.getFileName().toString()).matches();
  }

  static RecordSource open(Path place, SourceLimits limits) throws IOException {
    List<Path> files;
    if (Files.isDirectory(place)) {
      try (Stream<Path> inside = Files.list(place)) {
        files = inside.filter(RecordSource::isRecordFile).sorted().toList();
      }
    } else {
      files = List.of(place);
    }
    Path temporary = Files.createTempFile("deepxray-records", ".bin");
    FileChannel spool =
        FileChannel.open(
            temporary,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE);
    try {
      Map<String, Long> offsets = new HashMap<>();
      List<Entry> entries = new ArrayList<>();
      for (Path file : files) {
        read(place, file, limits, spool, offsets, entries);
      }
      refuseSomeSplits(place, entries);
      entries.sort(Comparator.comparing(e -> e.file().path()));
      return new RecordSource(place, limits, spool, offsets, List.copyOf(entries));
    } catch (IOException | RuntimeException e) {
      spool.close();
      throw e;
    }
  }

  private static void read(
      Path place,
      Path file,
      SourceLimits limits,
      FileChannel spool,
      Map<String, Long> offsets,
      List<Entry> entries)
      throws IOException {
    Optional<Split> split = split(file);
    try (XrayReader reader = XrayReader.open(List.of(file))) {
      for (Optional<XrayRecord> r = reader.next(); r.isPresent(); r = reader.next()) {
        XrayRecord xray = r.get();
        byte[] image = xray.image();
        long at = spool.size();
        new NameChecker(
                file.toString(), limits, "give the examples file names without folders above")
            .check(xray.filename());
        if (offsets.put(xray.filename(), at) != null) {
          throw new DeepXrayException(
              file + ": the image " + xray.filename() + " is repeated; rename one.");
        } else if (offsets.size() > limits.maxEntries()
            || at + image.length > limits.maxTotalBytes()) {
          throw new RefusedException(
              "%s holds more than the %s images or %s bytes allowed; split it."
                  .formatted(place, limits.maxEntries(), limits.maxTotalBytes()));
        }
        ByteBuffer bytes = ByteBuffer.wrap(image);
        while (bytes.hasRemaining()) {
          spool.write(bytes, at + bytes.position());
        }
        entries.add(
            new Entry(
                new SourceFile(xray.filename(), image.length),
                String.valueOf(xray.label().index()),
                Optional.of(xray.patient()).filter(p -> !p.startsWith("unknown:")),
                split));
      }
    }
  }

  /** Split in a file name, as a word or prefix. */
  private static Optional<Split> split(Path file) {
    Matcher name = NAME.matcher(file.getFileName().toString());
    String stem = name.matches() ? name.group(1).toLowerCase(Locale.ROOT) : "";
    Set<Split> said = EnumSet.noneOf(Split.class);
    for (String word : stem.split("[^a-z]+", -1)) {
      Split.named(word).ifPresent(said::add);
    }
    if (said.size() > 1) {
      throw new DeepXrayException(file + ": its name has several splits; rename it.");
    }
    return said.stream()
        .findFirst()
        .or(
            () ->
                Stream.of("train", "val", "test")
                    .filter(stem::startsWith)
                    .findFirst()
                    .flatMap(Split::named));
  }

  private static void refuseSomeSplits(Path place, List<Entry> entries) {
    long split = entries.stream().filter(e -> e.split().isPresent()).count();
    if (split > 0 && split < entries.size()) {
      throw new DeepXrayException(
          place
              + " has files with train, val or test in their names and others; rename them so"
              + " that all do, or none.");
    }
  }

  /** Labels are numbers here: the files do not contain names. */
  @Override
  public ClassNames classes(Optional<ClassNames> wanted) {
    int classes = 1 + entries.stream().mapToInt(e -> Integer.parseInt(e.label())).max().orElse(-1);
    List<String> numbers = IntStream.range(0, classes).mapToObj(String::valueOf).toList();
    if (wanted.isPresent() && classes > wanted.get().size()) {
      throw new OtherClassesException(
          ("%s has labels up to %s, but --classes names %s; name one for each label, label 0 "
                  + "first.")
              .formatted(place, classes - 1, wanted.get().size()),
          numbers);
    }
    if (wanted.isPresent()) {
      return wanted.get();
    }
    if (classes < 2) {
      return ClassNames.found(numbers, Optional.empty(), name());
    }
    return new ClassNames(numbers);
  }

  @Override
  public String splitOrigin() {
    return "names of TFRecord files";
  }

  @Override
  public String patientOrigin() {
    return "the feature patient";
  }

  @Override
  public Label label(Entry entry, ClassNames classes) {
    return new Label(Integer.parseInt(entry.label()));
  }

  @Override
  public String kind() {
    return "tfrecord";
  }

  @Override
  public String name() {
    return place.toString();
  }

  @Override
  public byte[] read(SourceFile file) throws IOException {
    file.requireAtMost(limits.maxFileBytes());
    long at = offsets.get(file.path());
    ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
    while (bytes.hasRemaining()) {
      if (spool.read(bytes, at + bytes.position()) < 0) {
        throw new IOException("the temporary file of images was cut off");
      }
    }
    return bytes.array();
  }

  @Override
  public void close() throws IOException {
    spool.close();
  }
}
