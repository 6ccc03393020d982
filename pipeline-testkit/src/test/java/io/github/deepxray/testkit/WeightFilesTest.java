package io.github.deepxray.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.core.network.Layer.BatchNormalization;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.Safetensors;
import io.github.deepxray.keras.internal.EfficientNet;
import io.github.deepxray.keras.internal.KerasHdf5;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Damaged and hostile weight files; what the files of the seeds hold is tested in pipeline-core and
 * pipeline-keras.
 */
class WeightFilesTest {
  private static final Path ROOT = Path.of(System.getProperty("deepxray.root", ".."));
  private static final String KERAS =
      "pipeline-keras/src/test/resources/io/github/deepxray/keras/internal/";
  private static final String SAFETENSORS =
      "pipeline-core/src/test/resources/io/github/deepxray/core/weights/";

  /** The network of those files. */
  private static final Network NETWORK =
      new Network(
          "small",
          "images",
          List.of(8, 8, 3),
          List.of(
              new Conv2D("stem_conv", "images", 4, 3, 1, Padding.VALID, false),
              new BatchNormalization("stem_bn", "stem_conv", 1e-3),
              new DepthwiseConv2D("dwconv", "stem_bn", 3, 1, Padding.VALID, true),
              new GlobalAveragePooling2D("avg_pool", "dwconv", false),
              new Dense("predictions", "avg_pool", 2, true)),
          List.of("predictions"));

  @TempDir Path folder;

  @Test
  void damagedHdf5IsReadOrRefused() throws IOException {
    ParserContract.survivesDamage(
        bytes -> KerasHdf5.read(write("weights.h5", bytes), NETWORK),
        300,
        seeds(
            KERAS,
            "small-keras.h5",
            "small-keras3.weights.h5",
            "nested-keras3.h5",
            "packed-keras.h5",
            "dense-keras.h5"));
  }

  @Test
  void damagedArchivesAreReadOrRefused() throws IOException {
    ParserContract.survivesDamage(
        bytes -> KerasHdf5.read(write("weights.keras", bytes), NETWORK),
        300,
        seeds(KERAS, "small-keras3.keras", "nested-keras3.keras"));
  }

  @Test
  void damagedSafetensorsAreReadOrRefused() throws IOException {
    ParserContract.survivesDamage(
        bytes -> Safetensors.read(write("weights.safetensors", bytes)),
        300,
        seeds(SAFETENSORS, "small.safetensors"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"lz4-oob-crash.h5", "lz4-oob-read.h5"})
  void aFilterThatKerasDoesNotUseIsNamed(String name) throws IOException {
    Network convolution =
        new Network(
            "part",
            "images",
            List.of(8, 8, 3),
            List.of(new Conv2D("c1", "images", 4, 3, 1, Padding.VALID, false)),
            List.of("c1"));
    assertThat(refusal(name, convolution)).contains("c1/kernel", "lz4");
  }

  @ParameterizedTest
  @ValueSource(strings = {"bomb-config-90MiB.keras", "bomb-weights-90MiB.keras"})
  void anArchiveThatUnpacksToFarMoreIsRefused(String name) throws IOException {
    for (Network network : List.of(NETWORK, EfficientNet.B7.network())) {
      assertThat(refusal(name, network)).contains("decompresses to more");
    }
  }

  private static String refusal(String name, Network network) throws IOException {
    Path file = SharedData.hostile(name);
    return ParserContract.refuses(
        bytes -> KerasHdf5.read(file, network), Files.readAllBytes(file), name);
  }

  private Path write(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private static List<byte[]> seeds(String folder, String... names) throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    for (String name : names) {
      seeds.add(Files.readAllBytes(ROOT.resolve(folder).resolve(name)));
    }
    return seeds;
  }
}
