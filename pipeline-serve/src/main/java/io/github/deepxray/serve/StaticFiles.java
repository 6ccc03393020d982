package io.github.deepxray.serve;

import io.github.deepxray.core.internal.io.Hashes;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Files of the page, from the class path. */
final class StaticFiles {
  private static final String FOLDER = "/web";

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "json", "application/json",
          "txt", "text/plain; charset=utf-8",
          "svg", "image/svg+xml",
          "png", "image/png",
          "ico", "image/x-icon",
          "webmanifest", "application/manifest+json");

  /** Content security policy of the page: no external resources, no frames. */
  static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
          + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
          + " require-trusted-types-for 'script'; trusted-types 'none'";

  private final Map<String, StaticFile> files = new ConcurrentHashMap<>();

  /** File in memory. */
  static final class StaticFile {
    /** Content type. */
    final String type;

    /** Content; must not be changed. */
    final byte[] bytes;

    /** HTTP entity tag. */
    final String tag;

    private StaticFile(String type, byte[] bytes) {
      this.type = type;
      this.bytes = bytes;
      this.tag = '"' + Hashes.sha256(bytes).substring(0, 32) + '"';
    }
  }

  /** Returns the file at a path, if there is one. */
  Optional<StaticFile> find(String path) {
    String name = path.equals("/") ? "/index.html" : path;
    // Only one dot, for the extension: no path leaves the folder.
    if (!name.matches("(?:/[A-Za-z0-9_-]+)+(?:\\.[A-Za-z0-9_-]+)?\\.[a-z]+")) {
      return Optional.empty();
    }
    String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
    // Unknown names are not cached: their number is unlimited.
    return type == null
        ? Optional.empty()
        : Optional.ofNullable(files.computeIfAbsent(name, n -> read(n, type)));
  }

  private static StaticFile read(String name, String type) {
    try (InputStream in = StaticFiles.class.getResourceAsStream(FOLDER + name)) {
      return in == null ? null : new StaticFile(type, in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
