package io.github.deepxray.datasets.internal.kaggle;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.source.KaggleDataset;
import io.github.deepxray.testkit.ParserContract;
import io.github.deepxray.testkit.SharedData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Answers that no server of Kaggle gives, but something between it and here may. Inputs are two
 * answers, to the question for the newest version and to the download; the length of the first, in
 * two bytes, comes before them.
 */
class KaggleAnswersTest {
  private static final KaggleDataset DATASET = KaggleDataset.parse("ann/x-rays");
  private static final String DESCRIPTION = "{\"title\": \"X\", \"currentVersionNumber\": 2}";
  private static final Retries ONCE =
      new Retries(
          1, Duration.ofMillis(1), Duration.ofMillis(1), Duration.ZERO, Duration.ofSeconds(2));

  @TempDir Path folder;

  private ServerSocket server;
  private Thread thread;
  private Kaggle kaggle;
  private volatile List<byte[]> answers = List.of();

  @BeforeEach
  void start() throws IOException {
    server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    thread = new Thread(this::serve, "answers");
    thread.start();
    kaggle =
        new Kaggle(
            URI.create("http://127.0.0.1:" + server.getLocalPort()),
            Optional.empty(),
            new KaggleCache(folder.resolve("cache")),
            ONCE,
            Progress.NONE);
  }

  @AfterEach
  void stop() throws IOException, InterruptedException {
    server.close();
    thread.join();
  }

  private void serve() {
    while (true) {
      try (Socket socket = server.accept()) {
        socket.setSoTimeout(2000);
        String asked = head(socket.getInputStream());
        socket.getOutputStream().write(answers.get(asked.contains("/download/") ? 1 : 0));
      } catch (IOException e) {
        if (server.isClosed()) {
          return;
        }
      }
    }
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("the question ends");
      }
      head.append((char) next);
    }
    return head.toString();
  }

  @Test
  void damagedAnswersAreReadOrRefused() throws IOException {
    byte[] zip = zip();
    ParserContract.survivesDamage(
        this::download,
        200,
        List.of(
            input(ok(DESCRIPTION), answer("200 OK", zip, "ETag: \"1\"")),
            input(
                ok(DESCRIPTION), answer("206 Partial Content", zip, "Content-Range: bytes 0-9/*")),
            input(ok(DESCRIPTION), answer("429 Too Many Requests", zip, "Retry-After: 1")),
            input(answer("503 Busy", zip, "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT"), zip)));
  }

  @Test
  void wholeAnswersAreUnpacked() throws Exception {
    download(input(ok(DESCRIPTION), answer("200 OK", zip(), "ETag: \"1\"")));
    assertThat(folder.resolve("cache/datasets/ann/x-rays/versions/2/train/a.jpeg")).exists();
  }

  @Test
  void theHostileAnswerIsRefused() throws IOException {
    byte[] input = Files.readAllBytes(SharedData.hostile("kaggle-content-length.bin"));
    assertThat(ParserContract.refuses(this::download, input, "the answer")).contains("ann/x-rays");
  }

  @ParameterizedTest
  @ValueSource(strings = {"10\u00ff", "ten", "-1", "+5", "99999999999999999999", "1, 1"})
  void aLengthThatIsNoNumberIsRefused(String length) throws IOException {
    byte[] input =
        input(ok(DESCRIPTION), ascii("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n0"));
    assertThat(ParserContract.refuses(this::download, input, length)).contains("ann/x-rays");
  }

  @Test
  void aRangeOfTooManyDigitsIsRefused() throws IOException {
    byte[] input =
        input(
            ok(DESCRIPTION),
            answer("206 Partial", zip(), "Content-Range: bytes 0-9/99999999999999999999"));
    assertThat(ParserContract.refuses(this::download, input, "range")).contains("changed");
  }

  private void download(byte[] input) throws IOException, InterruptedException {
    ByteBuffer bytes = ByteBuffer.wrap(input);
    int first = bytes.remaining() < 2 ? 0 : Math.min(bytes.getShort() & 0xffff, bytes.remaining());
    int start = bytes.position();
    answers =
        List.of(
            Arrays.copyOfRange(input, start, start + first),
            Arrays.copyOfRange(input, start + first, input.length));
    delete(folder.resolve("cache").toFile());
    kaggle.download(DATASET);
  }

  private static void delete(java.io.File file) {
    java.io.File[] inside = file.listFiles();
    if (inside != null) {
      Arrays.stream(inside).forEach(KaggleAnswersTest::delete);
    }
    if (file.exists() && !file.delete()) {
      throw new UncheckedIOException(new IOException(file + " stays"));
    }
  }

  private static byte[] input(byte[] first, byte[] second) {
    return ByteBuffer.allocate(2 + first.length + second.length)
        .putShort((short) first.length)
        .put(first)
        .put(second)
        .array();
  }

  private static byte[] ok(String text) {
    return answer("200 OK", ascii(text), "Content-Type: application/json");
  }

  private static byte[] answer(String status, byte[] body, String header) {
    byte[] head =
        ascii(
            "HTTP/1.1 "
                + status
                + "\r\n"
                + header
                + "\r\nContent-Length: "
                + body.length
                + "\r\n\r\n");
    return ByteBuffer.allocate(head.length + body.length).put(head).put(body).array();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] zip() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream out = new ZipOutputStream(bytes)) {
      for (String name : List.of("train/a.jpeg", "train/b.jpeg", "README.txt")) {
        out.putNextEntry(new ZipEntry(name));
        out.write(ascii(name.repeat(9)));
        out.closeEntry();
      }
    }
    return bytes.toByteArray();
  }
}
