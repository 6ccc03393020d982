package io.github.deepxray.datasets.internal.kaggle;

import static io.github.deepxray.datasets.internal.kaggle.StubServer.body;
import static io.github.deepxray.datasets.internal.kaggle.StubServer.part;
import static io.github.deepxray.datasets.internal.kaggle.StubServer.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.internal.kaggle.StubServer.Asked;
import io.github.deepxray.datasets.internal.kaggle.StubServer.Script;
import io.github.deepxray.datasets.source.KaggleDataset;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KaggleTest {
  private static final KaggleDataset DATASET = KaggleDataset.parse("ann/x-rays");
  private static final String TOKEN = "KGAT_s3cret";
  private static final String SIGNATURE = "signature-of-the-storage";
  private static final byte[] CONTENT = random(300_000, 1);
  private static final byte[] ZIP =
      zip("chest_xray/train/a.jpeg", CONTENT, "README.txt", new byte[] {'h', 'i'});
  private static final Retries QUICK =
      new Retries(
          3,
          Duration.ofMillis(5),
          Duration.ofMillis(10),
          Duration.ofSeconds(5),
          Duration.ofSeconds(20));

  @TempDir Path folder;

  private final List<StubServer> servers = new ArrayList<>();

  @AfterEach
  void stop() {
    servers.forEach(StubServer::close);
  }

  private static byte[] random(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static byte[] zip(Object... namesAndContents) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream out = new ZipOutputStream(bytes)) {
      for (int i = 0; i < namesAndContents.length; i += 2) {
        out.putNextEntry(new ZipEntry((String) namesAndContents[i]));
        out.write((byte[]) namesAndContents[i + 1]);
        out.closeEntry();
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return bytes.toByteArray();
  }

  private static byte[] md5(byte[] bytes) {
    try {
      return MessageDigest.getInstance("MD5").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static String googleHash(byte[] bytes) {
    return "crc32c=" + crc32c(bytes) + ",md5=" + Base64.getEncoder().encodeToString(md5(bytes));
  }

  private static String crc32c(byte[] bytes) {
    java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
    crc.update(bytes);
    return Base64.getEncoder()
        .encodeToString(java.nio.ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
  }

  private StubServer server(Script script) throws IOException {
    StubServer server = new StubServer(script);
    servers.add(server);
    return server;
  }

  /** Kaggle, whose downloads a script answers; the version is 2. */
  private StubServer kaggle(Script download) throws IOException {
    int[] downloads = new int[1];
    return server(
        (exchange, number) -> {
          if (exchange.getRequestURI().getPath().equals("/api/v1/datasets/view/ann/x-rays")) {
            body(exchange, 200, utf8("{\"title\": \"X\", \"currentVersionNumber\": 2}"));
          } else {
            assertThat(exchange.getRequestURI())
                .hasToString("/api/v1/datasets/download/ann/x-rays?datasetVersionNumber=2");
            download.answer(exchange, ++downloads[0]);
          }
        });
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Kaggle client(URI endpoint, Retries retries) {
    return new Kaggle(
        endpoint,
        Optional.of(KaggleCredentials.token(TOKEN, "KAGGLE_API_TOKEN")),
        new KaggleCache(folder),
        retries,
        Progress.NONE);
  }

  private Kaggle client(StubServer server) {
    return client(server.uri(), QUICK);
  }

  private static List<Asked> downloads(StubServer server) {
    return server.asked().stream().filter(a -> a.path().contains("/download/")).toList();
  }

  private void assertDownloaded(Path files) throws IOException {
    assertThat(files).isEqualTo(folder.resolve("datasets/ann/x-rays/versions/2"));
    assertThat(files.resolve("chest_xray/train/a.jpeg")).hasBinaryContent(CONTENT);
    assertThat(files.resolve("README.txt")).hasContent("hi");
    assertThat(names(folder.resolve("datasets/ann/x-rays")))
        .containsExactly("2.complete", "versions");
    assertThat(names(files.getParent())).containsExactly("2");
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }

  /** The failure, in one line and, however deep one looks, without a secret. */
  private static DeepXrayException failure(Kaggle kaggle) {
    DeepXrayException failure =
        catchThrowableOfType(DeepXrayException.class, () -> kaggle.download(DATASET));
    assertThat(failure).isNotNull();
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace));
    assertThat(trace.toString()).doesNotContain(TOKEN).doesNotContain(SIGNATURE);
    assertThat(failure.getMessage()).doesNotContain("\n").endsWith(".");
    return failure;
  }

  /** Misbehaves at the first request only. */
  private static Script onceThenHonest(HttpHandler first) {
    return (exchange, number) -> {
      if (number == 1) {
        first.handle(exchange);
      } else {
        honest(exchange, ZIP);
      }
    };
  }

  /** Sends the archive as a well-behaved storage does, with what is asked for by Range. */
  private static void honest(HttpExchange exchange, byte[] file) throws IOException {
    String tag = "\"" + HexFormat.of().formatHex(md5(file)) + "\"";
    String range = exchange.getRequestHeaders().getFirst("Range");
    if (range != null && tag.equals(exchange.getRequestHeaders().getFirst("If-Range"))) {
      int from = Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
      body(
          exchange,
          206,
          Arrays.copyOfRange(file, from, file.length),
          "ETag",
          tag,
          "Content-Range",
          "bytes " + from + "-" + (file.length - 1) + "/" + file.length);
    } else {
      body(exchange, 200, file, "ETag", tag, "x-goog-hash", googleHash(file));
    }
  }

  /** Sends the first bytes and cuts the connection. */
  private static void cut(HttpExchange exchange, int bytes) throws IOException {
    part(
        exchange,
        200,
        ZIP,
        bytes,
        ZIP.length,
        "ETag",
        "\"" + HexFormat.of().formatHex(md5(ZIP)) + "\"",
        "x-goog-hash",
        googleHash(ZIP));
  }

  @Test
  void followsToAnotherHostWithoutTheCredentials() throws Exception {
    StubServer storage = server((exchange, number) -> honest(exchange, ZIP));
    StubServer kaggle =
        kaggle(
            (exchange, number) ->
                status(exchange, 302, "Location", storage.uri() + "/bucket/2?X-Sig=" + SIGNATURE));
    assertDownloaded(client(kaggle).fetch(DATASET));
    assertThat(kaggle.asked())
        .hasSize(2)
        .allMatch(a -> a.header("Authorization").equals(Optional.of("Bearer " + TOKEN)));
    assertThat(storage.asked()).hasSize(1);
    assertThat(storage.asked().get(0).header("Authorization")).isEmpty();
    // The copy is found from now on.
    assertDownloaded(client(kaggle).fetch(DATASET));
    assertThat(downloads(kaggle)).hasSize(1);
  }

  @Test
  void keepsTheCredentialsOnTheSameHost() throws Exception {
    StubServer kaggle =
        kaggle(
            onceThenHonest(
                exchange -> {
                  status(
                      exchange,
                      307,
                      "Location",
                      "/api/v1/datasets/download/ann/x-rays?datasetVersionNumber=2");
                }));
    assertDownloaded(client(kaggle).download(DATASET));
    assertThat(downloads(kaggle).get(1).header("Authorization")).hasValue("Bearer " + TOKEN);
  }

  @Test
  void findsTheNewestCompleteCopyOfKagglehubWithoutTheNetwork() throws Exception {
    Path home = folder.resolve("datasets/ann/x-rays");
    for (int version : new int[] {3, 9, 10, 11}) {
      Files.createDirectories(home.resolve("versions/" + version));
      if (version != 11) {
        Files.createFile(home.resolve(version + ".complete"));
      }
    }
    Files.createFile(home.resolve("12.complete"));
    Kaggle kaggle = client(URI.create("http://127.0.0.1:1"), QUICK);
    assertThat(kaggle.fetch(DATASET)).isEqualTo(home.resolve("versions/10"));
    assertThat(kaggle.fetch(DATASET.withVersion(3))).isEqualTo(home.resolve("versions/3"));
  }

  @Test
  void goesOnWhereTheConnectionWasCut() throws Exception {
    StubServer kaggle = kaggle(onceThenHonest(exchange -> cut(exchange, 100_000)));
    assertDownloaded(client(kaggle).download(DATASET));
    assertThat(downloads(kaggle)).hasSize(2);
    Asked second = downloads(kaggle).get(1);
    assertThat(second.header("Range")).hasValueSatisfying(r -> assertThat(r).matches("bytes=.+-"));
    assertThat(second.header("If-range"))
        .hasValue("\"" + HexFormat.of().formatHex(md5(ZIP)) + "\"");
  }

  @Test
  void anotherRunGoesOnWhereTheLastOneEnded() throws Exception {
    StubServer bad = kaggle((exchange, number) -> cut(exchange, 100_000));
    Retries once = new Retries(1, QUICK.first(), QUICK.longest(), QUICK.patience(), QUICK.stall());
    assertThat(failure(client(bad.uri(), once))).hasMessageContaining("continues where it stopped");
    StubServer good = kaggle((exchange, number) -> honest(exchange, ZIP));
    assertDownloaded(client(good).download(DATASET));
    assertThat(downloads(good)).hasSize(1);
    assertThat(downloads(good).get(0).header("Range")).isPresent();
  }

  @Test
  void startsOverWhereRangesAreIgnored() throws Exception {
    StubServer kaggle =
        kaggle(
            (exchange, number) -> {
              if (number == 1) {
                cut(exchange, 100_000);
              } else {
                body(exchange, 200, ZIP, "ETag", "\"x\"");
              }
            });
    assertDownloaded(client(kaggle).download(DATASET));
  }

  @ParameterizedTest
  @ValueSource(strings = {"If-Range heeded", "If-Range ignored", "other start", "no Content-Range"})
  void neverMixesTwoFiles(String behaviour) throws Exception {
    byte[] old = zip("chest_xray/train/a.jpeg", random(400_000, 2));
    StubServer kaggle =
        kaggle(
            (exchange, number) -> {
              if (number == 1) {
                part(exchange, 200, old, 100_000, old.length, "ETag", "\"old\"");
              } else if (number > 2 || behaviour.equals("If-Range heeded")) {
                honest(exchange, ZIP);
              } else {
                int start = behaviour.equals("other start") ? 5 : 100_000;
                List<String> headers = new ArrayList<>(List.of("ETag", "\"new\""));
                if (!behaviour.equals("no Content-Range")) {
                  String range = "bytes " + start + "-" + (ZIP.length - 1) + "/" + ZIP.length;
                  headers.addAll(List.of("Content-Range", range));
                }
                byte[] rest = Arrays.copyOfRange(ZIP, start, ZIP.length);
                body(exchange, 206, rest, headers.toArray(new String[0]));
              }
            });
    assertDownloaded(client(kaggle).download(DATASET));
  }

  @Test
  void startsOverWhereTheRangeIsBeyondTheFile() throws Exception {
    StubServer kaggle =
        kaggle(
            (exchange, number) -> {
              if (number == 1) {
                cut(exchange, 100_000);
              } else if (number == 2) {
                status(exchange, 416, "Content-Range", "bytes */5");
              } else {
                honest(exchange, ZIP);
              }
            });
    assertDownloaded(client(kaggle).download(DATASET));
  }

  @Test
  void aDamagedFileIsAskedForAgain() throws Exception {
    byte[] damaged = ZIP.clone();
    damaged[1000]++;
    StubServer kaggle =
        kaggle(
            (exchange, number) ->
                body(
                    exchange,
                    200,
                    number == 1 ? damaged : ZIP,
                    "ETag",
                    "\"x\"",
                    "x-goog-hash",
                    googleHash(ZIP)));
    assertDownloaded(client(kaggle).download(DATASET));
  }

  @ParameterizedTest
  @ValueSource(strings = {"md5", "crc32c", "ETag"})
  void aFileThatStaysDamagedIsRefusedAndNotKept(String checksum) throws Exception {
    byte[] other = random(1000, 3);
    String hex = HexFormat.of().formatHex(md5(other));
    StubServer kaggle =
        kaggle(
            (exchange, number) -> {
              switch (checksum) {
                case "md5" ->
                    body(
                        exchange,
                        200,
                        ZIP,
                        "x-goog-hash",
                        "crc32c=" + crc32c(ZIP),
                        "x-goog-hash",
                        "md5=" + Base64.getEncoder().encodeToString(md5(other)));
                case "crc32c" -> body(exchange, 200, ZIP, "x-goog-hash", "crc32c=" + crc32c(other));
                default -> body(exchange, 200, ZIP, "ETag", "\"" + hex + "\"");
              }
            });
    assertThat(failure(client(kaggle)))
        .hasMessageContaining("ann/x-rays arrived damaged twice")
        .hasMessageContaining(checksum.equals("crc32c") ? "CRC-32C" : "MD5");
    assertThat(downloads(kaggle)).hasSize(2);
    Path partial = folder.resolve("datasets/ann/x-rays/2.deepxray.zip.partial");
    assertThat(partial).isEmptyFile();
    assertThat(new KaggleCache(folder).find(DATASET)).isEmpty();
  }

  @Test
  void aFileThatIsNeverSentWholeIsGivenUp() throws Exception {
    StubServer kaggle =
        kaggle((exchange, number) -> part(exchange, 200, ZIP, 10, ZIP.length, "ETag", "W/\"x\""));
    assertThat(failure(client(kaggle)))
        .hasMessageContaining("Downloading ann/x-rays failed 3 times")
        .hasMessageContaining("127.0.0.1");
    // A weak tag allows no resuming.
    assertThat(downloads(kaggle)).hasSize(3).allMatch(a -> a.header("Range").isEmpty());
  }

  @Test
  void waitsAsLongAsItIsTold() throws Exception {
    StubServer kaggle =
        kaggle(onceThenHonest(exchange -> status(exchange, 429, "Retry-After", "1")));
    long start = System.nanoTime();
    assertDownloaded(client(kaggle).download(DATASET));
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofSeconds(1));
  }

  @Test
  void doesNotWaitForTooLong() throws Exception {
    String tomorrow =
        ZonedDateTime.now(ZoneOffset.UTC).plusDays(1).format(DateTimeFormatter.RFC_1123_DATE_TIME);
    for (String wait : List.of("3600", tomorrow)) {
      StubServer kaggle = server((exchange, number) -> status(exchange, 429, "Retry-After", wait));
      assertThat(failure(client(kaggle)))
          .hasMessageContaining("has limited the rate of requests (429)")
          .hasMessageContaining("try again in");
      assertThat(kaggle.asked()).hasSize(1);
    }
  }

  @Test
  void triesAgainWhenTheServerHasTrouble() throws Exception {
    StubServer kaggle =
        kaggle(
            (exchange, number) -> {
              if (number < 3) {
                status(exchange, number == 1 ? 500 : 503);
              } else {
                honest(exchange, ZIP);
              }
            });
    assertDownloaded(client(kaggle).download(DATASET));
    StubServer down = server((exchange, number) -> status(exchange, 502));
    Kaggle other =
        new Kaggle(
            down.uri(),
            Optional.empty(),
            new KaggleCache(folder.resolve("other")),
            QUICK,
            Progress.NONE);
    assertThat(failure(other)).hasMessageContaining("(502)").hasMessageContaining("3 times");
    assertThat(down.asked()).hasSize(3);
  }

  @ParameterizedTest
  @CsvSource({
    "401, true, does not accept the credentials from KAGGLE_API_TOKEN (401)",
    "401, false, KAGGLE_API_TOKEN",
    "403, true, https://www.kaggle.com/datasets/ann/x-rays",
    "403, false, ~/.kaggle/access_token",
    "404, true, has no data set ann/x-rays (404)",
    "418, true, in a browser",
  })
  void saysWhatARefusalMeans(int status, boolean known, String words) throws Exception {
    StubServer kaggle = server((exchange, number) -> status(exchange, status));
    Kaggle client =
        new Kaggle(
            kaggle.uri(),
            known
                ? Optional.of(KaggleCredentials.token(TOKEN, "KAGGLE_API_TOKEN"))
                : Optional.empty(),
            new KaggleCache(folder),
            QUICK,
            Progress.NONE);
    assertThat(failure(client)).hasMessageContaining(words);
    assertThat(kaggle.asked()).hasSize(1);
  }

  @Test
  void anAddressOfTheStorageThatHasRunOutIsAskedForAnew() throws Exception {
    StubServer storage = server(onceThenHonest(exchange -> status(exchange, 403)));
    StubServer kaggle =
        kaggle(
            (exchange, number) ->
                status(exchange, 302, "Location", storage.uri() + "/?X-Sig=" + SIGNATURE));
    assertDownloaded(client(kaggle).download(DATASET));
    assertThat(downloads(kaggle)).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"403", "cut", "loop", "malformed", "ftp://host/", "none"})
  void neverShowsWhereItWasSent(String behaviour) throws Exception {
    StubServer storage =
        server(
            (exchange, number) -> {
              if (behaviour.equals("loop")) {
                status(exchange, 302, "Location", "/?X-Sig=" + SIGNATURE);
              } else if (behaviour.equals("403")) {
                status(exchange, 403);
              } else {
                part(exchange, 200, ZIP, 5, ZIP.length);
              }
            });
    String location =
        switch (behaviour) {
          case "malformed" -> "http://h ost/?" + SIGNATURE;
          case "ftp://host/" -> "ftp://host/?" + SIGNATURE;
          case "none" -> "";
          default -> storage.uri() + "/?X-Sig=" + SIGNATURE;
        };
    StubServer kaggle = kaggle((exchange, number) -> status(exchange, 302, "Location", location));
    assertThat(failure(client(kaggle))).hasMessageNotContaining("?");
  }

  @Test
  void aSilentServerIsLeft() throws Exception {
    StubServer kaggle =
        kaggle(
            onceThenHonest(
                exchange -> {
                  cut(exchange, 1000);
                  untilTheTestEnds();
                }));
    Retries hasty =
        new Retries(3, QUICK.first(), QUICK.longest(), QUICK.patience(), Duration.ofMillis(700));
    assertDownloaded(client(kaggle.uri(), hasty).download(DATASET));
    assertThat(downloads(kaggle).get(1).header("Range")).hasValue("bytes=1000-");
  }

  private static void untilTheTestEnds() {
    try {
      // Closing the server interrupts its threads.
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aHostThatIsNotThereIsNamed() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    assertThat(failure(client(URI.create("http://127.0.0.1:" + port), QUICK)))
        .hasMessageContaining("Asking Kaggle about ann/x-rays failed 3 times")
        .hasMessageContaining("127.0.0.1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"<html>Sign in</html>", "{}", "{\"currentVersionNumber\": \"two\"}"})
  void aPageInTheAnswersPlaceIsTold(String page) throws Exception {
    StubServer kaggle = server((exchange, number) -> body(exchange, 200, utf8(page)));
    assertThat(failure(client(kaggle))).hasMessageContaining("has no version");
  }

  @Test
  void whatIsNoArchiveIsNotKept() throws Exception {
    StubServer kaggle =
        kaggle((exchange, number) -> body(exchange, 200, utf8("<html>Sign in</html>")));
    assertThat(failure(client(kaggle))).hasMessageContaining("not a complete zip archive");
    assertThat(names(folder.resolve("datasets/ann/x-rays"))).isEmpty();
  }

  @Test
  void anArchiveThatClimbsOutIsRefused() throws Exception {
    byte[] evil = zip("../../evil.txt", new byte[] {1});
    StubServer kaggle = kaggle((exchange, number) -> honest(exchange, evil));
    assertThat(failure(client(kaggle))).hasMessageContaining("leads outside");
    try (Stream<Path> all = Files.walk(folder)) {
      assertThat(all.filter(f -> f.toString().contains("evil"))).isEmpty();
    }
  }

  @Test
  void countsTheMebibytesOnce() throws Exception {
    byte[] large = zip("a.bin", random(3_500_000, 4));
    AtomicLong steps = new AtomicLong();
    List<String> tasks = new ArrayList<>();
    Progress progress =
        (name, total) -> {
          tasks.add(name + " " + total);
          return name.startsWith("download") ? steps::addAndGet : Progress.Task.NONE;
        };
    StubServer kaggle =
        kaggle(
            (exchange, number) -> {
              if (number == 1) {
                part(
                    exchange,
                    200,
                    large,
                    2_000_000,
                    large.length,
                    "ETag",
                    "\"" + HexFormat.of().formatHex(md5(large)) + "\"");
              } else {
                honest(exchange, large);
              }
            });
    new Kaggle(kaggle.uri(), Optional.empty(), new KaggleCache(folder), QUICK, progress)
        .download(DATASET);
    assertThat(tasks).containsExactly("download (MiB) 4", "unpack 1");
    assertThat(steps).hasValue(4);
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "a/b/c", "a/..", "../b", "a/b/versions/0", "a b/c", ""})
  void refusesWhatNamesNoDataset(String handle) {
    DeepXrayException failure =
        catchThrowableOfType(DeepXrayException.class, () -> KaggleDataset.parse(handle));
    assertThat(failure).hasMessageContaining("is not a Kaggle data set");
  }

  @Test
  void readsAHandleWithAVersion() {
    assertThat(KaggleDataset.parse("ann/x-rays/versions/12")).isEqualTo(DATASET.withVersion(12));
    assertThat(DATASET.withVersion(12)).hasToString("ann/x-rays/versions/12");
  }
}
