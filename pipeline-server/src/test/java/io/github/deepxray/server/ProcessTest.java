package io.github.deepxray.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server in a process of its own. */
class ProcessTest {
  private static final String PREDICT = "/v1/models/deepxray:predict";
  private static final String METRICS = "/monitoring/prometheus/metrics";

  @TempDir Path folder;

  private ProcessBuilder java(Class<?> main, List<String> options, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.add("-cp");
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.add(main.getName());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectError(folder.resolve("err").toFile());
  }

  private int healthCheck(int port) throws Exception {
    ProcessBuilder builder = java(HealthCheck.class, List.of());
    builder.environment().put(HealthCheck.PORT_VARIABLE, Integer.toString(port));
    return builder.start().waitFor();
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(path -> !path.equals(folder)).sorted().toList();
    }
  }

  @Test
  void itWritesNothingAndTellsItsHealth() throws Exception {
    Path bundle = folder.resolve("bundle");
    CdsTrainingRun.write(bundle);
    Path temporary = Files.createDirectories(folder.resolve("tmp"));
    Path home = Files.createDirectories(folder.resolve("home"));
    List<Path> before = files(bundle);
    Process process =
        java(
                Main.class,
                List.of(
                    "-Djava.io.tmpdir=" + temporary,
                    "-Duser.home=" + home,
                    "-Djava.awt.headless=true"),
                bundle.toString(),
                "--port",
                "0",
                "--workers",
                "1")
            .start();
    int port;
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String line = out.readLine();
      assertThat(line).as(Files.readString(folder.resolve("err"))).isNotNull();
      // Nobody from elsewhere gets in unless that is asked for.
      Matcher ready = Pattern.compile("^Ready: (http://127\\.0\\.0\\.1:\\d+)/").matcher(line);
      assertThat(ready.find()).as(line).isTrue();
      URI server = URI.create(ready.group(1));
      port = server.getPort();
      Client client = new Client(server);
      byte[] file = Client.jpeg(300);
      assertThat(client.post(PREDICT, Client.predict(file)).statusCode()).isEqualTo(200);
      assertThat(client.post("/api/classify", file).statusCode()).isEqualTo(200);
      assertThat(client.post("/api/classify", new byte[1000]).statusCode()).isEqualTo(400);
      for (String sample : List.of("bacterial-1", "normal-3", "viral-2")) {
        assertThat(client.get("/api/samples").body()).contains(sample + ".png");
        assertThat(client.get("/api/samples/" + sample + ".png").statusCode()).isEqualTo(200);
      }
      assertThat(files(temporary)).isEmpty();
      // TensorFlow Lite's library alone.
      assertThat(files(home)).allMatch(path -> path.startsWith(home.resolve(".javacpp")));
      assertThat(files(bundle)).isEqualTo(before);
      assertThat(healthCheck(port)).isZero();
    } finally {
      process.destroy();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(files(temporary)).isEmpty();
    assertThat(healthCheck(port)).isEqualTo(1);
  }

  @Test
  void itEndsWhenToldToThoughAWorkerIsBusy() throws Exception {
    Path bundle = folder.resolve("bundle");
    CdsTrainingRun.write(bundle);
    Process process =
        java(
                Main.class,
                List.of("-Djava.awt.headless=true"),
                bundle.toString(),
                "--port=0",
                "--workers=1",
                "--deadline=600",
                "--drain-timeout=1")
            .start();
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String line = out.readLine();
      assertThat(line).as(Files.readString(folder.resolve("err"))).isNotNull();
      Matcher ready = Pattern.compile("^Ready: (http://[^/]+)/").matcher(line);
      assertThat(ready.find()).as(line).isTrue();
      CompletableFuture<HttpResponse<String>> answer = minutesOfWork(URI.create(ready.group(1)));
      process.destroy();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(
              answer.handle((response, failure) -> failure != null || response.statusCode() == 503))
          .succeedsWithin(Duration.ofMinutes(1))
          .isEqualTo(true);
    } finally {
      process.destroyForcibly();
    }
    assertThat(Files.readString(folder.resolve("err"))).contains("not answered yet");
  }

  /** Sends a request of many small files of 16 million pixels each, and waits until it is begun. */
  private static CompletableFuture<HttpResponse<String>> minutesOfWork(URI server)
      throws IOException, InterruptedException {
    byte[] png = ImageCodec.encodePng(RgbImage.of(4000, 4000, new byte[4000 * 4000 * 3]));
    byte[][] files = new byte[250][];
    Arrays.fill(files, png);
    Client client = new Client(server);
    CompletableFuture<HttpResponse<String>> answer =
        client.postLater(PREDICT, Client.predict(files));
    // The only worker is busy when another request waits for it.
    String waits = "(?s).*deepxray_queue_length [1-9].*";
    for (int i = 0; i < 300 && !client.get(METRICS).body().matches(waits); i++) {
      CompletableFuture<HttpResponse<String>> other =
          client.postLater(PREDICT, Client.predict(Client.jpeg(50)));
      assertThat(other).isNotNull();
      Thread.sleep(200);
    }
    assertThat(client.get(METRICS).body()).matches(waits);
    assertThat(answer).isNotDone();
    return answer;
  }
}
