package io.github.deepxray.keras.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KerasBackboneTest {
  private static final float[] STD = {0.229f, 0.224f, 0.225f};
  private static final String VARIANCE = "normalization/variance";

  /** The layer that Keras adds for its ImageNet weights, as {@code config.json} has it. */
  private static final String SECOND_RESCALING =
      "\"class_name\":\"Rescaling\",\"config\":{\"scale\":[";

  @TempDir static Path models;
  @TempDir Path folder;

  @BeforeAll
  static void write() throws IOException {
    for (EfficientNet variant : List.of(EfficientNet.B0, EfficientNet.B1)) {
      KerasArchive.write(file(variant), new Model(variant.network(), weights(variant.network())));
    }
  }

  @Test
  void aModelForImageNetKeepsItsWeights() throws IOException {
    assertThat(KerasBackbone.read(file(EfficientNet.B0), EfficientNet.B0))
        .isEqualTo(weights(EfficientNet.B0.network()));
  }

  /**
   * Keras computes {@code (x - mean) / sqrt(variance)} there, the network {@code (x - mean) /
   * sqrt(variance) / sqrt(std)}.
   */
  @Test
  void oneThatDividesOnceGetsTheVarianceThatDoesTheSameDividedByTwice() throws IOException {
    Path file =
        withConfig(
            text -> text.replace(SECOND_RESCALING, SECOND_RESCALING.replace("Rescaling", "Other")));
    Weights weights = KerasBackbone.read(file, EfficientNet.B0);
    float[] variance = weights.floats(VARIANCE);
    for (int c = 0; c < STD.length; c++) {
      // What the file holds is the standard deviation.
      assertThat(Math.sqrt(variance[c]) * Math.sqrt(STD[c]))
          .isCloseTo(Math.sqrt(STD[c]), Offset.offset(1e-6));
    }
    assertThat(weights.floats("stem_conv/kernel"))
        .isEqualTo(weights(EfficientNet.B0.network()).floats("stem_conv/kernel"));
  }

  @Test
  void oneThatScalesOtherwiseIsRefused() throws IOException {
    String byte255 = "\"scale\":" + 1.0 / 255;
    Path file = withConfig(text -> text.replace(byte255, "\"scale\":" + 1.0 / 127.5));
    assertThatThrownBy(() -> KerasBackbone.read(file, EfficientNet.B0))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll(file.toString(), "0.00784", "0..255");
  }

  @Test
  void anotherVariantIsNamed() {
    Path file = file(EfficientNet.B0);
    assertThatThrownBy(() -> KerasBackbone.read(file, EfficientNet.B1))
        .isInstanceOf(DeepXrayException.class)
        .hasMessage(
            file
                + " has the weights of efficientnetb0, not of efficientnetb1; choose the backbone"
                + " efficientnetb0 or give other weights.");
  }

  /** It has every layer of B0, in the same shape. */
  @Test
  void aDeeperVariantIsNotTakenForAShallowerOne() {
    Path file = file(EfficientNet.B1);
    assertThatThrownBy(() -> KerasBackbone.read(file, EfficientNet.B0))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll("efficientnetb1", "not of efficientnetb0");
  }

  @Test
  void anotherNetworkMissesATensor() throws IOException {
    Path file = folder.resolve("small.keras");
    KerasArchive.write(file, new Model(SmallNetwork.NETWORK, SmallNetwork.weights()));
    assertThatThrownBy(() -> KerasBackbone.read(file, EfficientNet.B0))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll(file.toString(), "normalization/mean", "efficientnetb0");
  }

  private static Path file(EfficientNet variant) {
    return models.resolve(variant.name() + ".keras");
  }

  private static Weights weights(Network network) {
    Weights.Builder weights = Weights.builder();
    for (WeightSpec spec : network.weightSpecs()) {
      weights.put(spec.name(), FloatTensor.of(new float[spec.size()], spec.shape()));
    }
    return weights.put(VARIANCE, FloatTensor.of(STD, STD.length)).build();
  }

  /** B0's archive with another configuration. */
  private Path withConfig(UnaryOperator<String> change) throws IOException {
    Path file = folder.resolve("changed.keras");
    try (ZipFile from = new ZipFile(file(EfficientNet.B0).toFile());
        ZipOutputStream to = new ZipOutputStream(Files.newOutputStream(file))) {
      to.setLevel(0);
      Enumeration<? extends ZipEntry> entries = from.entries();
      while (entries.hasMoreElements()) {
        ZipEntry entry = entries.nextElement();
        byte[] bytes = from.getInputStream(entry).readAllBytes();
        if (entry.getName().equals("config.json")) {
          String text = new String(bytes, StandardCharsets.UTF_8);
          assertThat(change.apply(text)).isNotEqualTo(text);
          bytes = change.apply(text).getBytes(StandardCharsets.UTF_8);
        }
        to.putNextEntry(new ZipEntry(entry.getName()));
        to.write(bytes);
      }
    }
    return file;
  }
}
