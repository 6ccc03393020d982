package io.github.deepxray.datasets;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.Keyed;
import io.github.deepxray.datasets.internal.source.NameChecker;
import io.github.deepxray.datasets.internal.source.RefusedException;
import io.github.deepxray.datasets.internal.source.SourceFile;
import io.github.deepxray.datasets.source.SourceLimits;
import io.github.deepxray.text.internal.Csv;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Source of a CSV file with the columns {@code path} (relative to the file's folder), {@code label}
 * and, if known, {@code patient} and {@code split}, under these or common other names, see {@link
 * Column}; unused columns are listed in a remark.
 */
record CsvSource(
    Path file,
    Path folder,
    SourceLimits limits,
    List<Entry> entries,
    Columns columns,
    Map<String, Map<String, String>> attributes)
    implements LabelledSource {
  /** Column with its accepted names; case, blanks and hyphens are ignored. */
  private enum Column implements Keyed {
    PATH("path|file|file_?name|file_?path|image|image_(path|index|name|file)"),
    LABEL("label|class|class_name|diagnosis|target|finding"),
    PATIENT("patient|patient_?id|subject|subject_?id"),
    SPLIT("split|subset|set|partition|dataset_type");

    private final String names;

    Column(String names) {
      this.names = names;
    }

    private static String plain(String name) {
      return name.strip().toLowerCase(Locale.ROOT).replaceAll("[ -]+", "_");
    }

    /** Finds the column in a file; the first accepted name wins. */
    Optional<String> in(Path file, Set<String> columns) {
      List<String> found =
          columns.stream()
              .filter(column -> plain(column).matches(names))
              .sorted(Comparator.comparing(column -> !plain(column).equals(key())))
              .toList();
      if (found.size() > 1 && !plain(found.get(0)).equals(key())) {
        throw new DeepXrayException(
            "%s has several columns for the %s (%s); rename one of them to %s."
                .formatted(file, key(), String.join(", ", found), key()));
      }
      return found.stream().findFirst();
    }
  }

  /** Columns of a file by their meaning. */
  private record Columns(Map<Column, String> names, Set<Column> required, List<String> unused) {
    static Columns of(Path file, Set<String> columns, Set<Column> required) {
      Map<Column, String> names = new EnumMap<>(Column.class);
      for (Column column : Column.values()) {
        column.in(file, columns).ifPresent(name -> names.put(column, name));
      }
      for (Column needed : required) {
        if (!names.containsKey(needed)) {
          throw new DeepXrayException(
              "%s: its header has no column %s, but %s; name the columns there."
                  .formatted(file, needed.key(), String.join(", ", columns)));
        }
      }
      List<String> unused =
          columns.stream()
              .filter(column -> !column.isBlank() && !names.containsValue(column))
              .toList();
      return new Columns(names, required, unused);
    }

    /** What a row says in the columns that nothing else uses. */
    Map<String, String> others(Map<String, String> row) {
      Map<String, String> others = new HashMap<>();
      unused.forEach(
          column -> others.put(column, Objects.requireNonNullElse(row.get(column), "").strip()));
      return others;
    }

    String value(Map<String, String> row, Column column) {
      return names.containsKey(column)
          ? Objects.requireNonNullElse(row.get(names.get(column)), "").strip()
          : "";
    }
  }

  /** Opens a table of images with their classes. */
  static CsvSource open(Path file, SourceLimits limits) throws IOException {
    return open(file, limits, EnumSet.of(Column.PATH, Column.LABEL));
  }

  /** Opens a table of images whose classes need not be known. */
  static CsvSource openUnlabelled(Path file, SourceLimits limits) throws IOException {
    return open(file, limits, EnumSet.of(Column.PATH));
  }

  private static CsvSource open(Path file, SourceLimits limits, Set<Column> required)
      throws IOException {
    Path folder = file.toRealPath().getParent();
    List<Entry> entries = new ArrayList<>();
    Map<String, Map<String, String>> attributes = new HashMap<>();
    Set<String> paths = new HashSet<>();
    long total = 0;
    int line = 1;
    List<Map<String, String>> rows = Csv.rows(file, List.of());
    if (rows.isEmpty()) {
      throw new DeepXrayException(
          file + " lists no images; give a line for each, below the header.");
    }
    Columns columns = Columns.of(file, rows.get(0).keySet(), required);
    for (Map<String, String> row : rows) {
      line++;
      if (row.values().stream().allMatch(value -> value == null || value.isBlank())) {
        continue;
      }
      Entry entry = entry(file, line, columns, row, folder, limits);
      if (!paths.add(entry.file().path())) {
        throw wrong(file, line, entry.file().path() + " is repeated");
      }
      attributes.put(entry.file().path(), columns.others(row));
      total += entry.file().size();
      if (paths.size() > limits.maxEntries() || total > limits.maxTotalBytes()) {
        throw wrong(
            file,
            line,
            "the images exceed the limit of %s files or %s bytes"
                .formatted(limits.maxEntries(), limits.maxTotalBytes()));
      }
      entries.add(entry);
    }
    long split = entries.stream().filter(e -> e.split().isPresent()).count();
    if (split > 0 && split < entries.size()) {
      throw new DeepXrayException(
          file + " has a split for some images only; give one for all, or for none.");
    }
    entries.sort(Comparator.comparing(e -> e.file().path()));
    return new CsvSource(file, folder, limits, List.copyOf(entries), columns, attributes);
  }

  /** Path relative to the folder, with slashes. */
  private static String relative(String path, Path folder) {
    String slashes = path.replace('\\', '/');
    if (slashes.startsWith(folder.toString().replace('\\', '/') + "/")) {
      slashes = slashes.substring(folder.toString().length() + 1);
    }
    while (slashes.startsWith("./")) {
      slashes = slashes.substring(2);
    }
    return slashes;
  }

  private static Entry entry(
      Path csv,
      int line,
      Columns columns,
      Map<String, String> row,
      Path folder,
      SourceLimits limits)
      throws IOException {
    String path = relative(columns.value(row, Column.PATH), folder);
    String label = columns.value(row, Column.LABEL);
    if (path.isBlank() || (label.isEmpty() && columns.required().contains(Column.LABEL))) {
      throw wrong(csv, line, "path or label is empty");
    }
    if (path.startsWith("/") || path.matches("[A-Za-z]:.*")) {
      throw new RefusedException(
          "%s, line %s: %s lies outside the CSV file's folder; move the file beside the images."
              .formatted(csv, line, path));
    }
    new NameChecker(csv.toString(), limits, "give paths relative to its folder").check(path);
    long size;
    try {
      Path real = folder.resolve(path).toRealPath();
      if (!real.startsWith(folder) || !Files.isRegularFile(real)) {
        throw wrong(csv, line, path + " is not a file in the CSV file's folder");
      }
      size = Files.size(real);
    } catch (NoSuchFileException e) {
      throw wrong(csv, line, "there is no file " + path + " in the CSV file's folder");
    } catch (InvalidPathException e) {
      throw wrong(csv, line, path + " is not a file name in the encoding of this machine");
    }
    String named = columns.value(row, Column.SPLIT);
    Optional<Split> split = Split.named(named);
    if (!named.isEmpty() && split.isEmpty()) {
      throw wrong(csv, line, "the split " + named + " is not train, val or test");
    }
    String patient = columns.value(row, Column.PATIENT);
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
  public List<String> remarks() {
    return columns.unused().isEmpty()
        ? List.of()
        : List.of(
            file
                + ": columns that are only looked at for shortcuts: "
                + String.join(", ", columns.unused()));
  }

  @Override
  public Map<String, String> attributes(SourceFile image) {
    return attributes.getOrDefault(image.path(), Map.of());
  }

  @Override
  public String splitOrigin() {
    return "the column " + columns.names().get(Column.SPLIT);
  }

  @Override
  public String patientOrigin() {
    return "the column " + columns.names().get(Column.PATIENT);
  }

  @Override
  public byte[] read(SourceFile image) throws IOException {
    image.requireAtMost(limits.maxFileBytes());
    // A link to a file in the folder was resolved when the file was listed; it must not be a link
    // now.
    Path real = folder.resolve(image.path()).toRealPath();
    if (!real.startsWith(folder)) {
      throw new DeepXrayException("it has become a link to a place outside");
    }
    return image.read(real);
  }

  @Override
  public void close() {
    // Nothing is open.
  }
}
