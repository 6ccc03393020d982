package io.github.deepxray.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The small distribution, as {@code package} leaves it, started as its users do. */
class DistributionIT {
  private static final Path HOME =
      Path.of(System.getProperty("deepxray.root"), "pipeline-server", "target", "deepxray-serve");
  private static final long LIMIT = 60L << 20;

  @TempDir Path folder;

  private static List<Path> jars() throws IOException {
    try (Stream<Path> files = Files.list(HOME.resolve("lib"))) {
      return files.sorted().toList();
    }
  }

  @Test
  void itIsSmallAndWithoutTensorFlow() throws IOException {
    long size = 0;
    for (Path jar : jars()) {
      size += Files.size(jar);
    }
    assertThat(size).isLessThan(LIMIT);
    assertThat(jars())
        .extracting(jar -> jar.getFileName().toString())
        .anyMatch(name -> name.startsWith("tensorflow-lite-2"))
        .noneMatch(name -> name.startsWith("tensorflow-core"))
        .noneMatch(name -> name.startsWith("deepxray-pipeline-tensorflow"))
        .noneMatch(name -> name.contains("junit"));
  }

  private Path bundle() throws IOException {
    Path bundle = folder.resolve("bundle");
    CdsTrainingRun.write(bundle);
    return bundle;
  }

  private Path classes() {
    return folder.resolve("classes.log");
  }

  private Process start(String... arguments) throws IOException {
    List<String> command =
        Stream.concat(
                Stream.of(HOME.resolve("bin/deepxray-serve").toString()), Stream.of(arguments))
            .toList();
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("DEEPXRAY_SERVE_OPTS", "-Xlog:class+load:file=" + classes());
    builder.redirectError(folder.resolve("err").toFile());
    return builder.start();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void itServesUntilItIsToldToEnd() throws Exception {
    Path bundle = bundle();
    Process process = start(bundle.toString(), "--port", "0", "--workers", "1", "--name", "chest");
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String ready = out.readLine();
      assertThat(ready).as(Files.readString(folder.resolve("err"))).startsWith("Ready: ");
      Matcher uri = Pattern.compile("http://\\S+?:\\d+").matcher(ready);
      assertThat(uri.find()).isTrue();
      Client client = new Client(URI.create(uri.group()));
      assertThat(
              client.post("/v1/models/chest:predict", Client.predict(Client.jpeg(50))).statusCode())
          .isEqualTo(200);
      // From the archive that the build has made.
      assertThat(Files.readString(classes()))
          .containsPattern(
              "io\\.github\\.deepxray\\.serve\\.ModelServer source: shared objects file");
      process.destroy();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      // What a shell says of a process that SIGTERM ended.
      assertThat(process.exitValue()).isEqualTo(143);
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void whatItCannotServeItSaysInALine() throws Exception {
    Path bundle = bundle();
    Process process = start(bundle.toString(), "--engine", "saved_model");
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(1);
    assertThat(Files.readAllLines(folder.resolve("err")))
        .hasSize(1)
        .first()
        .asString()
        .startsWith("deepxray-serve: ")
        .contains("no TensorFlow");
  }
}
