package io.github.deepxray.datasets;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.io.Csv;
import io.github.deepxray.datasets.source.Limits;
import io.github.deepxray.datasets.source.Names;
import io.github.deepxray.datasets.source.SourceFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A CSV file with the columns {@code path} (from the file's folder on), {@code label} and, if
 * known, {@code patient} and {@code split}; other columns are ignored.
 */
final class CsvSource implements LabelledSource {
  private final Path file;
  private final Path folder;
  private final Limits limits;
  private final List<Entry> entries;

  private CsvSource(Path file, Path folder, Limits limits, List<Entry> entries) {
    this.file = file;
    this.folder = folder;
    this.limits = limits;
    this.entries = entries;
  }

  static CsvSource open(Path file, Limits limits) throws IOException {
    Path folder = file.toRealPath().getParent();
    List<Entry> entries = new ArrayList<>();
    Set<String> paths = new HashSet<>();
    long total = 0;
    int line = 1;
    for (Map<String, String> row : Csv.rows(file, List.of("path", "label"))) {
      line++;
      Entry entry = entry(file, line, row, folder, limits);
      if (!paths.add(entry.file().path())) {
        throw wrong(file, line, entry.file().path() + " is there twice");
      }
      total += entry.file().size();
      if (paths.size() > limits.maxEntries() || total > limits.maxTotalBytes()) {
        throw wrong(
            file,
            line,
            "it brings the images over the "
                + limits.maxEntries()
                + " files or "
                + limits.maxTotalBytes()
                + " bytes allowed");
      }
      entries.add(entry);
    }
    long split = entries.stream().filter(e -> e.split().isPresent()).count();
    if (split > 0 && split < entries.size()) {
      throw new DeepXrayException(
          file + " names a split for some images only; name one for all, or for none.");
    }
    entries.sort(Comparator.comparing(e -> e.file().path()));
    return new CsvSource(file, folder, limits, List.copyOf(entries));
  }

  private static Entry entry(
      Path csv, int line, Map<String, String> row, Path folder, Limits limits) throws IOException {
    String path = row.get("path").replace('\\', '/');
    while (path.startsWith("./")) {
      path = path.substring(2);
    }
    String label = row.get("label").strip();
    if (path.isBlank() || label.isEmpty()) {
      throw wrong(csv, line, "path or label is empty");
    }
    Names.check(path, csv.toString(), limits);
    long size;
    try {
      Path real = folder.resolve(path).toRealPath();
      if (!real.startsWith(folder) || !Files.isRegularFile(real)) {
        throw wrong(csv, line, path + " is no file in the CSV file's folder");
      }
      size = Files.size(real);
    } catch (NoSuchFileException e) {
      throw wrong(csv, line, "there is no file " + path + " in the CSV file's folder");
    }
    String named = row.getOrDefault("split", "").strip();
    Optional<Split> split = Split.ofFolder(named);
    if (!named.isEmpty() && split.isEmpty()) {
      throw wrong(csv, line, "the split " + named + " is none of train, val and test");
    }
    String patient = row.getOrDefault("patient", "").strip();
    return new Entry(
        new SourceFile(path, size),
        label,
        patient.isEmpty() ? Optional.empty() : Optional.of(patient),
        split);
  }

  private static DeepXrayException wrong(Path file, int line, String what) {
    return new DeepXrayException(file + ", line " + line + ": " + what + ".");
  }

  @Override
  public String kind() {
    return "csv";
  }

  @Override
  public String name() {
    return file.toString();
  }

  @Override
  public List<Entry> entries() {
    return entries;
  }

  @Override
  public byte[] read(SourceFile image) throws IOException {
    if (image.size() > limits.maxFileBytes()) {
      throw new DeepXrayException(
          "it has " + image.size() + " bytes, more than the " + limits.maxFileBytes() + " allowed");
    }
    // A link to a file in the folder was followed to find that it is one; here none is.
    Path real = folder.resolve(image.path()).toRealPath();
    if (!real.startsWith(folder)) {
      throw new DeepXrayException("it has become a link to a place outside");
    }
    try (InputStream in = Files.newInputStream(real, LinkOption.NOFOLLOW_LINKS)) {
      byte[] bytes = in.readNBytes((int) image.size());
      if (bytes.length < image.size() || in.read() >= 0) {
        throw new DeepXrayException("it changed while it was read");
      }
      return bytes;
    }
  }

  @Override
  public void close() {
    // Nothing is held open.
  }
}
