package io.github.deepxray.datasets.internal.kaggle;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.internal.kaggle.Http.Answer;
import io.github.deepxray.datasets.internal.kaggle.Retries.TransientException;
import io.github.deepxray.datasets.internal.source.FileSource;
import io.github.deepxray.datasets.internal.source.RefusedException;
import io.github.deepxray.datasets.internal.source.SourceFile;
import io.github.deepxray.datasets.source.KaggleDataset;
import io.github.deepxray.datasets.source.SourceLimits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Client of Kaggle's public API, version 1, with kagglehub's cache: copies downloaded by Python
 * programs are found here and vice versa. Used by one thread.
 */
public final class Kaggle {
  /** Address of the API. */
  public static final URI ENDPOINT = URI.create("https://www.kaggle.com");

  private static final String API = "/api/v1/datasets/";
  private static final int MAX_DESCRIPTION = 16 << 20;
  private static final SourceLimits LIMITS =
      SourceLimits.DEFAULT.withMaxFileBytes(1L << 30).withMaxTotalBytes(256L << 30);

  private final Http http;
  private final Optional<KaggleCredentials> credentials;
  private final KaggleCache cache;
  private final Retries retries;
  private final Progress progress;

  /**
   * Creates a client without sending a request.
   *
   * @param endpoint scheme, host and port of the API; only this server gets the credentials
   * @param credentials the user's credentials; most public data sets need none
   * @param cache the folder of data sets
   * @param retries the handling of network failures
   * @param progress notified of downloaded MiB and unpacked files
   */
  Kaggle(
      URI endpoint,
      Optional<KaggleCredentials> credentials,
      KaggleCache cache,
      Retries retries,
      Progress progress) {
    this.http = new Http(endpoint, credentials, retries.stall());
    this.credentials = credentials;
    this.cache = cache;
    this.retries = retries;
    this.progress = progress;
  }

  /**
   * Creates a client with the credentials and the cache of the user.
   *
   * @throws DeepXrayException if the credentials are malformed
   * @throws IOException if a file cannot be read
   */
  public static Kaggle ofUser(Progress progress) throws IOException {
    return fromEnvironment(System.getenv(), Path.of(System.getProperty("user.home")), progress);
  }

  /**
   * Creates a client with the credentials and the cache of a user.
   *
   * @param environment the variables of the process
   * @param home the user's home folder
   * @throws DeepXrayException if the credentials are malformed
   * @throws IOException if a file cannot be read
   */
  public static Kaggle fromEnvironment(
      Map<String, String> environment, Path home, Progress progress) throws IOException {
    return new Kaggle(
        ENDPOINT,
        KaggleCredentials.find(environment, home),
        KaggleCache.of(environment, home),
        Retries.DEFAULT,
        progress);
  }

  /**
   * Returns the folder of a data set: the local copy, or else a new one.
   *
   * @throws DeepXrayException if Kaggle refuses the request or cannot be reached
   * @throws IOException if something cannot be read or written
   * @throws WorkInterruptedException if the thread is interrupted while it waits
   */
  public Path fetch(KaggleDataset dataset) throws IOException {
    Optional<Path> here = cache.find(dataset);
    return here.isPresent() ? here.get() : download(dataset);
  }

  /**
   * Downloads a version, by default the newest, unless there is a local copy. Interrupted downloads
   * are resumed.
   *
   * @throws DeepXrayException if Kaggle refuses the request or cannot be reached
   * @throws IOException if something cannot be read or written
   * @throws WorkInterruptedException if the thread is interrupted while it waits
   */
  public Path download(KaggleDataset dataset) throws IOException {
    int version =
        dataset.version().isPresent() ? dataset.version().getAsInt() : newestVersion(dataset);
    Optional<Path> here = cache.find(dataset.withVersion(version));
    if (here.isPresent()) {
      return here.get();
    }
    Path archive = cache.archive(dataset, version);
    new Download(
            http,
            API + "download/" + address(dataset) + "?datasetVersionNumber=" + version,
            archive,
            dataset.toString(),
            answer -> refuse(dataset, answer),
            retries,
            progress)
        .run();
    unpack(dataset, archive, cache.files(dataset, version));
    AtomicFiles.write(cache.marker(dataset, version), new byte[0]);
    Files.delete(archive);
    return cache.files(dataset, version);
  }

  private static String address(KaggleDataset dataset) {
    return dataset.owner() + "/" + dataset.name();
  }

  private int newestVersion(KaggleDataset dataset) throws IOException {
    String text =
        retries.run(
            "Asking Kaggle about " + dataset,
            () -> 0,
            () -> {
              Collector body = new Collector();
              Answer answer = http.get(API + "view/" + address(dataset), Map.of(), body);
              if (answer.status() != 200) {
                refuse(dataset, answer);
              }
              return body.bytes.toString(StandardCharsets.UTF_8);
            });
    JsonNode version;
    try {
      version = Json.parse(text, "Kaggle's answer").path("currentVersionNumber");
    } catch (DeepXrayException e) {
      throw notTheApi(dataset);
    }
    if (!version.canConvertToInt() || version.asInt() < 1) {
      throw notTheApi(dataset);
    }
    return version.asInt();
  }

  private static DeepXrayException notTheApi(KaggleDataset dataset) {
    return new DeepXrayException(
        ("Kaggle's answer about %s has no version; a proxy may have answered instead. "
                + "Give one, as in %s, or download the data set from %s in a browser.")
            .formatted(dataset, dataset.withVersion(1), dataset.page()));
  }

  /** Collects a short answer. */
  private static final class Collector implements Http.Receiver {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Override
    public void begin(int status, HttpHeaders headers) {
      bytes.reset();
    }

    @Override
    public void accept(byte[] more) throws IOException {
      if (bytes.size() + more.length > MAX_DESCRIPTION) {
        throw new TransientException("Kaggle's answer is far too long");
      }
      bytes.write(more);
    }
  }

  private void refuse(KaggleDataset dataset, Answer answer) throws TransientException {
    int status = answer.status();
    if (status == 429) {
      throw new TransientException(
          "Kaggle has limited the rate of requests (429)", answer.retryAfter());
    } else if (status == 408 || status >= 500) {
      throw new TransientException("the server has failed (" + status + ")", answer.retryAfter());
    } else if (answer.elsewhere()) {
      // The signed address may have expired; the next attempt gets a new one.
      throw new TransientException("the storage behind Kaggle refuses (" + status + ")");
    }
    throw new DeepXrayException(
        switch (status) {
          case 401 ->
              credentials
                  .map(
                      c ->
                          "Kaggle does not accept the credentials from "
                              + c.source()
                              + " (401); make new ones on https://www.kaggle.com/settings/api.")
                  .orElse("Kaggle requires credentials for " + dataset + " (401); " + HOW_TO);
          case 403 ->
              credentials
                  .map(
                      c ->
                          ("Kaggle refuses %s to the user of %s (403); check on %s whether you"
                                  + " must agree to something or ask for access.")
                              .formatted(dataset, c.source(), dataset.page()))
                  .orElse("Kaggle refuses " + dataset + " without credentials (403); " + HOW_TO);
          case 404 ->
              "Kaggle has no data set %s (404); compare it with the address of its page, %s."
                  .formatted(dataset, dataset.page());
          default ->
              "Kaggle refuses %s (%s); download it from %s in a browser and give its archive."
                  .formatted(dataset, status, dataset.page());
        });
  }

  private static final String HOW_TO =
      "make a token on https://www.kaggle.com/settings/api and set KAGGLE_API_TOKEN, or put it into"
          + " ~/.kaggle/access_token.";

  private void unpack(KaggleDataset dataset, Path archive, Path folder) throws IOException {
    try (FileSource source = FileSource.open(archive, LIMITS)) {
      List<SourceFile> files = source.files();
      AtomicFiles.writeFolder(
          folder,
          partial -> {
            try (Progress.Task task = progress.start("unpack", files.size())) {
              for (SourceFile file : files) {
                Path target = partial.resolve(file.path()).normalize();
                if (!target.startsWith(partial)) {
                  throw new RefusedException(
                      dataset + ": \"" + file.path() + "\" would be written outside its folder.");
                }
                Files.createDirectories(target.getParent());
                Files.write(target, source.read(file));
                task.advance(1);
              }
            }
          });
    } catch (DeepXrayException e) {
      // Another download is the only remedy for any damage.
      Files.delete(archive);
      throw e;
    }
  }
}
