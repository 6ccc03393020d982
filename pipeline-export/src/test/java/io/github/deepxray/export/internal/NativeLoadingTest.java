package io.github.deepxray.export.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.classify.Classifier;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.tensorflow.internal.SavedModelWriter;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.testkit.InCi;
import io.github.deepxray.tflite.internal.TfLiteWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said where native libraries cannot be loaded, or not get the memory they need. */
@Timeout(300)
@InCi
class NativeLoadingTest {
  private static final Model MODEL =
      Passes.forInference().apply(Fixtures.withRandomWeights(Fixtures.smallNetwork(32), 1));

  @TempDir Path folder;

  /** Uses a model twice, in a process of its own, and prints what happens. */
  static final class Loading {
    private Loading() {}

    public static void main(String[] arguments) throws IOException {
      for (int i = 0; i < 2; i++) {
        try (Classifier classifier = Classifier.open(Path.of(arguments[0]))) {
          System.out.println(classifier.classify(RgbImage.of(1, 1, new byte[3])));
        } catch (DeepXrayException e) {
          System.out.println(e.getMessage());
        }
      }
    }
  }

  private Path write(String artifact) throws IOException {
    Path model = folder.resolve("model");
    if (artifact.equals("saved_model")) {
      SavedModelWriter.write(model, MODEL, Fit.STRETCH);
    } else {
      TfLiteWriter.write(MODEL, model);
    }
    return model;
  }

  private static List<String> load(Path model, String... properties)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(properties));
    command.add("-cp");
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.add(Loading.class.getName());
    command.add(model.toString());
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(200, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(text).isZero();
    return text.lines().toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"float32", "saved_model"})
  void saysThatNoFolderCanBeWritten(String artifact) throws Exception {
    // A file: not even root can make a folder in it.
    Path file = Files.createFile(folder.resolve("file"));
    List<String> lines =
        load(
            write(artifact),
            "-Dorg.bytedeco.javacpp.cachedir=" + file.resolve("cache"),
            "-Duser.home=" + file.resolve("home"),
            "-Djava.io.tmpdir=" + file.resolve("temporary"));
    assertThat(lines)
        .hasSize(2)
        .allSatisfy(
            line ->
                assertThat(line)
                    .contains(file.resolve("cache").toString(), "can be written")
                    .contains("-Dorg.bytedeco.javacpp.cachedir=<folder>"));
  }

  /** As on a file system that holds no programs, or is full. */
  @ParameterizedTest
  @ValueSource(strings = {"float32", "saved_model"})
  void saysThatWhatWasUnpackedCannotBeLoaded(String artifact) throws Exception {
    Path cache = Files.createDirectory(folder.resolve("cache"));
    // Where jars are unpacked to.
    for (String jar :
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
            .split(System.getProperty("path.separator"), -1)) {
      String name = String.valueOf(Path.of(jar).getFileName());
      if (name.matches("tensorflow-(lite|core-native)-.*\\.jar")) {
        Files.createFile(cache.resolve(name));
      }
    }
    assertThat(load(write(artifact), "-Dorg.bytedeco.javacpp.cachedir=" + cache))
        .hasSize(2)
        .allSatisfy(
            line ->
                assertThat(line)
                    .contains("native library cannot be loaded from " + cache, " MB free")
                    .contains("-Dorg.bytedeco.javacpp.cachedir=<folder>"));
  }

  @Test
  void saysThatTheSavedModelNeedsMoreMemoryThanAllowed() throws Exception {
    assertThat(load(write("saved_model"), "-Dorg.bytedeco.javacpp.maxPhysicalBytes=50m"))
        .hasSize(2)
        .allSatisfy(
            line ->
                assertThat(line)
                    .contains(folder.toString(), "needs more memory than allowed")
                    .contains("-Dorg.bytedeco.javacpp.maxPhysicalBytes"));
  }
}
