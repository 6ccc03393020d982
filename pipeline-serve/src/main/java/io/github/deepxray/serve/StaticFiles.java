package io.github.deepxray.serve;

import io.github.deepxray.core.internal.io.Hashes;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The page's files, from the class path. */
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

  /** What a browser may do with the page: load nothing from elsewhere, be in no frame. */
  static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
          + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
          + " require-trusted-types-for 'script'; trusted-types 'none'";

  private final Map<String, StaticFile> files = new ConcurrentHashMap<>();

  /** A file in memory. */
  static final class StaticFile {
    /** The content type. */
    final String type;

    /** The content; not to be changed. */
    final byte[] bytes;

    /** The entity tag of HTTP. */
    final String tag;

    private StaticFile(String type, byte[] bytes) {
      this.type = type;
      this.bytes = bytes;
      this.tag = '"' + Hashes.sha256(bytes).substring(0, 32) + '"';
    }
  }

  /** The file at a path, if there is one. */
  Optional<StaticFile> find(String path) {
    String name = path.equals("/") ? "/index.html" : path;
    // No dots but that of the ending: nothing climbs out of the folder.
    if (!name.matches("(?:/[A-Za-z0-9_-]+)+(?:\\.[A-Za-z0-9_-]+)?\\.[a-z]+")) {
      return Optional.empty();
    }
    String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
    // Names that do not exist are not kept: there is no end of them.
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
