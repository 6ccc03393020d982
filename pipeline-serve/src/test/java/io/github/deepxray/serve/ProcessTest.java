package io.github.deepxray.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.serve.command.HealthCheck;
import io.github.deepxray.serve.command.Main;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server in a process of its own. */
class ProcessTest {
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
    Path bundle = TinyBundle.writeExplaining(folder.resolve("bundle"), 1);
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
      Http http = new Http(server);
      byte[] file = TinyBundle.jpeg(1, 300);
      assertThat(http.post("/v1/models/deepxray:predict", Http.files(file, file)).status())
          .isEqualTo(200);
      assertThat(http.post("/api/classify", file).status()).isEqualTo(200);
      assertThat(http.post("/api/classify", new byte[1000]).status()).isEqualTo(400);
      String sample = http.get("/api/samples").json().get(0).asText();
      assertThat(http.get("/api/samples/" + sample).status()).isEqualTo(200);
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
}
