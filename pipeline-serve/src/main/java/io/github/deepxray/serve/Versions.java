package io.github.deepxray.serve;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Hashes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Versions of the model: one bundle, or the numbered subfolders of a folder, each with a bundle. A
 * new version is served after it is loaded and has passed a probe; the previous one is closed after
 * its requests are answered. A broken version is reported in the status, and earlier ones are still
 * served.
 */
final class Versions {
  /** States of TensorFlow Serving's {@code GetModelStatus}. */
  enum State {
    START,
    LOADING,
    AVAILABLE,
    UNLOADING,
    END
  }

  /**
   * Status of a version.
   *
   * @param number number of the version
   * @param state state of the version
   * @param error reason why the version is not served, if it is broken
   */
  record Status(long number, State state, Optional<String> error) {}

  /**
   * Version that could not be loaded, with the fingerprint of its files: after a change it is
   * loaded again.
   */
  private record Broken(String fingerprint, String error) {}

  /** Version of a single bundle, as in a bundle's {@code saved_model/1}. */
  private static final long ONLY = 1;

  private final Path models;
  private final ServerOptions options;
  private final Consumer<String> log;

  // Replaced by refresh(), which only one thread runs at a time.
  private volatile NavigableMap<Long, ModelVersion> loaded = Collections.emptyNavigableMap();
  private volatile NavigableMap<Long, Status> statuses = Collections.emptyNavigableMap();
  private final Map<Long, Broken> broken = new TreeMap<>();

  /** Numbered folders that are not complete bundles, with the reasons. */
  private Map<Long, String> incomplete = Map.of();

  private final Map<Long, ModelVersion> draining = new TreeMap<>();
  private boolean closed;

  /**
   * Creates the versions; they are loaded by {@link #refresh}.
   *
   * @param models a bundle, or a folder of version numbers
   * @param log receives a line for each loaded or removed version
   */
  Versions(Path models, ServerOptions options, Consumer<String> log) {
    this.models = models;
    this.options = options;
    this.log = log;
  }

  /** Whether new versions can appear. */
  boolean watched() {
    return !Bundle.isBundle(models);
  }

  /**
   * Loads new versions and releases old ones.
   *
   * @throws IOException if the folder cannot be read
   */
  synchronized void refresh() throws IOException {
    if (closed) {
      return;
    }
    NavigableMap<Long, Path> present = present();
    broken.keySet().retainAll(present.keySet());
    NavigableMap<Long, ModelVersion> wanted = new TreeMap<>();
    for (Map.Entry<Long, Path> version : present.descendingMap().entrySet()) {
      boolean labelled = options.versionLabels().containsValue(version.getKey());
      if (labelled || unlabelled(wanted) < options.keepVersions()) {
        loadedOrNew(version.getKey(), version.getValue(), present)
            .ifPresent(v -> wanted.put(v.number(), v));
      }
    }
    if (wanted.isEmpty()) {
      // Keep the last good version.
      wanted.putAll(loaded);
    }
    NavigableMap<Long, ModelVersion> before = loaded;
    loaded = Collections.unmodifiableNavigableMap(wanted);
    before.forEach(
        (number, version) -> {
          if (wanted.get(number) != version) {
            draining.put(number, version);
            version.release();
          }
        });
    draining.values().removeIf(ModelVersion::closed);
    publish(present, OptionalLong.empty());
  }

  private long unlabelled(Map<Long, ModelVersion> wanted) {
    return wanted.keySet().stream()
        .filter(number -> !options.versionLabels().containsValue(number))
        .count();
  }

  private Optional<ModelVersion> loadedOrNew(
      long number, Path folder, NavigableMap<Long, Path> present) {
    ModelVersion already = loaded.get(number);
    if (already != null) {
      return Optional.of(already);
    }
    String fingerprint;
    try {
      fingerprint = fingerprint(folder);
    } catch (IOException | UncheckedIOException e) {
      // The folder is being changed: try again at the next poll.
      return Optional.empty();
    }
    if (broken.containsKey(number) && broken.get(number).fingerprint.equals(fingerprint)) {
      return Optional.empty();
    }
    publish(present, OptionalLong.of(number));
    long start = System.nanoTime();
    try {
      ModelVersion version = ModelVersion.load(number, folder, options);
      broken.remove(number);
      version
          .objection()
          .ifPresent(objection -> log.accept("warning: version " + number + ": " + objection));
      log.accept(
          String.format(
              Locale.ROOT,
              "version %d is ready: %s of %s, loaded in %.2f s",
              number,
              version.artifact().key(),
              folder,
              (System.nanoTime() - start) / 1e9));
      return Optional.of(version);
    } catch (IOException | RuntimeException | LinkageError | OutOfMemoryError e) {
      String error = line(e);
      broken.put(number, new Broken(fingerprint, error));
      log.accept("version " + number + " is refused: " + error);
      return Optional.empty();
    }
  }

  private static String line(Throwable e) {
    String message = e.getMessage();
    return message != null && (e instanceof DeepXrayException)
        ? message.lines().findFirst().orElse("")
        : e.getClass().getSimpleName() + (message == null ? "" : ": " + message);
  }

  /** Returns names, sizes and times of the files of a folder, to detect copying and replacement. */
  private static String fingerprint(Path folder) throws IOException {
    StringBuilder text = new StringBuilder();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted().toList()) {
        long changed = Files.getLastModifiedTime(file).toMillis();
        text.append("%s|%s|%s\n".formatted(file, Files.size(file), changed));
      }
    }
    return Hashes.sha256(text.toString());
  }

  private NavigableMap<Long, Path> present() throws IOException {
    NavigableMap<Long, Path> found = new TreeMap<>();
    Map<Long, String> others = new TreeMap<>();
    if (!watched()) {
      found.put(ONLY, models);
      return found;
    }
    try (Stream<Path> folders = Files.list(models)) {
      for (Path folder : folders.sorted().toList()) {
        String name = folder.getFileName().toString();
        if (!isVersion(folder) || !Files.isDirectory(folder)) {
          continue;
        }
        long number = Long.parseLong(name);
        if (Bundle.isBundle(folder)) {
          found.putIfAbsent(number, folder);
        } else {
          others.put(
              number, folder + " has no " + Bundle.CHECKSUMS + "; copy the bundle as a whole.");
        }
      }
    }
    others.keySet().removeAll(found.keySet());
    others.forEach(
        (number, why) -> {
          if (!incomplete.containsKey(number)) {
            log.accept("version " + number + " is not complete: " + why);
          }
        });
    incomplete = others;
    return found;
  }

  private void publish(NavigableMap<Long, Path> present, OptionalLong loading) {
    NavigableMap<Long, Status> all = new TreeMap<>();
    for (long number : present.keySet()) {
      all.put(number, new Status(number, State.END, Optional.empty()));
    }
    incomplete.forEach((n, why) -> all.put(n, new Status(n, State.END, Optional.of(why))));
    draining.keySet().forEach(n -> all.put(n, new Status(n, State.UNLOADING, Optional.empty())));
    broken.forEach((n, b) -> all.put(n, new Status(n, State.END, Optional.of(b.error))));
    loading.ifPresent(n -> all.put(n, new Status(n, State.LOADING, Optional.empty())));
    loaded.keySet().forEach(n -> all.put(n, new Status(n, State.AVAILABLE, Optional.empty())));
    statuses = Collections.unmodifiableNavigableMap(all);
  }

  /** Whether a version is served. */
  boolean ready() {
    return !loaded.isEmpty();
  }

  /** Returns the number of the newest served version. */
  OptionalLong newest() {
    NavigableMap<Long, ModelVersion> now = loaded;
    return now.isEmpty() ? OptionalLong.empty() : OptionalLong.of(now.lastKey());
  }

  /** Returns the served versions. */
  Collection<ModelVersion> served() {
    return loaded.values();
  }

  /** Returns the status of all versions, the newest first. */
  List<Status> statuses() {
    return List.copyOf(statuses.descendingMap().values());
  }

  /**
   * Returns the version of a label.
   *
   * @throws ApiException if the label does not exist
   */
  long labelled(String label) {
    Long number = options.versionLabels().get(label);
    if (number == null) {
      throw ApiException.badRequest("Unrecognized servable version label: " + label);
    }
    return number;
  }

  /**
   * Retains a version for a request, which must release it.
   *
   * @param number number of the version; empty for the newest
   * @return the version, empty if it is not served
   */
  Optional<ModelVersion> acquire(OptionalLong number) {
    while (true) {
      NavigableMap<Long, ModelVersion> now = loaded;
      if (now.isEmpty()) {
        return Optional.empty();
      }
      ModelVersion version =
          number.isPresent() ? now.get(number.getAsLong()) : now.lastEntry().getValue();
      if (version == null) {
        return Optional.empty();
      }
      if (version.retain()) {
        return Optional.of(version);
      }
      // Replaced concurrently: try again.
    }
  }

  /** Releases all versions. */
  synchronized void close() {
    closed = true;
    NavigableMap<Long, ModelVersion> before = loaded;
    loaded = Collections.emptyNavigableMap();
    statuses = Collections.emptyNavigableMap();
    before.values().forEach(ModelVersion::release);
  }

  /** Whether a folder's name is a number of at most 18 digits. */
  static boolean isVersion(Path folder) {
    return folder.getFileName().toString().matches("\\d{1,18}");
  }
}
