package io.github.deepxray.keras.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.core.progress.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;

/**
 * ImageNet weights of {@code keras.applications}, in Keras' own cache or downloaded to it from
 * Keras' public address, so that both share files.
 *
 * <p>An interrupted download is resumed; a file is valid only if its MD5 is the one that Keras
 * publishes.
 */
public final class KerasApplications {
  private static final URI ADDRESS =
      URI.create("https://storage.googleapis.com/keras-applications/");
  private static final int ATTEMPTS = 4;

  /** Longest time without data from a server. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** MD5 of the {@code _notop} files, from {@code keras/src/applications/efficientnet.py}. */
  private static final Map<EfficientNet, String> MD5 =
      Map.of(
          EfficientNet.B0, "50bc09e76180e00e4465e1a485ddc09d",
          EfficientNet.B1, "74c4e6b3e1f6a1eea24c589628592432",
          EfficientNet.B2, "111f8e2ac8aa800a7a99e3239f7bfb39",
          EfficientNet.B3, "af6d107764bb5b1abb91932881670226",
          EfficientNet.B4, "ebc24e6d6c33eaebbd558eafbeedf1ba",
          EfficientNet.B5, "38879255a25d3c92d5e44e04ae6cec6f",
          EfficientNet.B6, "9ecce42647a20130c1f39a5d4cb75743",
          EfficientNet.B7, "cbcfe4450ddf6f3ad90b1b398090fe4a");

  private final Path cache;
  private final URI address;
  private final Map<EfficientNet, String> md5;
  private final Duration patience;

  /** Uses Keras' cache, {@code $KERAS_HOME/models} or {@code ~/.keras/models}, and its address. */
  public KerasApplications() {
    this(
        Path.of(
            System.getenv()
                .getOrDefault(
                    "KERAS_HOME", Path.of(System.getProperty("user.home"), ".keras").toString()),
            "models"),
        ADDRESS,
        MD5);
  }

  /**
   * Uses another cache or a mirror.
   *
   * @param cache the folder of the files
   * @param address the address of the files, ending in a slash
   * @param md5 the MD5 of each file in hexadecimal digits
   */
  public KerasApplications(Path cache, URI address, Map<EfficientNet, String> md5) {
    this(cache, address, md5, PATIENCE);
  }

  KerasApplications(Path cache, URI address, Map<EfficientNet, String> md5, Duration patience) {
    this.cache = cache;
    this.address = address;
    this.md5 = Map.copyOf(md5);
    this.patience = patience;
  }

  /**
   * Returns the weights file of a network without its top; downloads it if it is missing.
   *
   * @throws DeepXrayException if there is none, the server refuses the request, or the file has the
   *     wrong hash
   * @throws IOException if the file cannot be written, or the network fails after several attempts
   * @throws WorkInterruptedException if the thread is interrupted while it waits
   */
  public Path weightsFile(EfficientNet variant, Progress progress) throws IOException {
    String name = variant.name() + "_notop.h5";
    Path file = cache.resolve(name);
    String expected = md5.get(variant);
    if (expected == null) {
      throw new DeepXrayException(
          "Keras publishes no weights of %s; give your own with --weights <file>.h5."
              .formatted(variant.name()));
    }
    // A file of another hash is replaced, as in Keras, but only by a complete download.
    if (Files.exists(file) && Hashes.md5(file).equals(expected)) {
      return file;
    }
    Files.createDirectories(cache);
    Path partial = cache.resolve(name + ".partial");
    download(address.resolve(name), partial, progress);
    String actual = Hashes.md5(partial);
    if (!actual.equals(expected)) {
      Files.delete(partial);
      throw new DeepXrayException(
          "%s has MD5 %s instead of %s; try again, or give the file with --weights <file>.h5."
              .formatted(address.resolve(name), actual, expected));
    }
    Files.move(partial, file, StandardCopyOption.REPLACE_EXISTING);
    return file;
  }

  private void download(URI from, Path to, Progress progress) throws IOException {
    IOException last = null;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 0) {
        sleep((patience.toMillis() / 60) << attempt);
      }
      try {
        if (attempt(from, to, progress)) {
          return;
        }
      } catch (IOException e) {
        last = e;
      }
    }
    throw new IOException(
        ("Downloading %s failed %s times%s; run again to resume, or give the file with"
                + " --weights <file>.h5.")
            .formatted(from, ATTEMPTS, last == null ? "" : " (" + last + ")"),
        last);
  }

  private static void sleep(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      throw new WorkInterruptedException(e);
    }
  }

  /** Returns whether the file is complete. */
  private boolean attempt(URI from, Path to, Progress progress) throws IOException {
    long have = Files.exists(to) ? Files.size(to) : 0;
    // Not java.net.http: it has no timeout for a stalled body.
    HttpURLConnection connection = (HttpURLConnection) from.toURL().openConnection();
    try {
      connection.setConnectTimeout((int) patience.toMillis());
      connection.setReadTimeout((int) patience.toMillis());
      if (have > 0) {
        connection.setRequestProperty("Range", "bytes=" + have + "-");
      }
      int status = connection.getResponseCode();
      if (status == 416) {
        // Nothing is left to send; the hash is checked later.
        return true;
      }
      if (status >= 500 || status == 429) {
        return false;
      }
      if (status != 200 && status != 206) {
        throw new DeepXrayException(
            from + " answers " + status + "; give the file with --weights <file>.h5.");
      }
      return transfer(connection, to, status == 206 ? have : 0, progress);
    } finally {
      connection.disconnect();
    }
  }

  /** Appends the body to the file, or rewrites the file. */
  private static boolean transfer(
      HttpURLConnection connection, Path to, long have, Progress progress) throws IOException {
    long length = connection.getContentLengthLong();
    long total = length < 0 ? -1 : length + have;
    try (InputStream body = connection.getInputStream();
        OutputStream out =
            Files.newOutputStream(
                to,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                have > 0 ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING);
        Progress.Task task = progress.start("download", total)) {
      if (have > 0) {
        task.advance(have);
      }
      byte[] buffer = new byte[1 << 16];
      for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
        WorkInterruptedException.check();
        out.write(buffer, 0, n);
        task.advance(n);
      }
    }
    return total < 0 || Files.size(to) >= total;
  }
}
