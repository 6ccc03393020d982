package io.github.deepxray.keras.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.WeightSpec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compares the table of variants with Keras; tools/goldens/efficientnet_weights.py made the data.
 */
class EfficientNetTest {

  @ParameterizedTest
  @CsvFileSource(
      resources = "/io/github/deepxray/keras/internal/efficientnet-weights.csv",
      numLinesToSkip = 1)
  void hasTheWeightsOfKeras(String name, long parameters, int tensors, String sha256) {
    List<WeightSpec> specs = kerasWeights(EfficientNet.of(name));
    assertThat(specs).hasSize(tensors);
    assertThat(specs.stream().mapToLong(WeightSpec::size).sum()).isEqualTo(parameters);
    assertThat(Hashes.sha256(String.join("", lines(specs)))).isEqualTo(sha256);
  }

  @ParameterizedTest
  @ValueSource(strings = {"b0", "b1"})
  void hasTheWeightsOfKerasByName(EfficientNet variant) throws IOException {
    String resource = variant.name() + "-weights.txt";
    try (InputStream in = EfficientNetTest.class.getResourceAsStream(resource)) {
      String expected = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
      assertThat(String.join("", lines(kerasWeights(variant)))).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "B0, 224, 1280", "B1, 240, 1280", "B2, 260, 1408", "B3, 300, 1536",
    "B4, 380, 1792", "B5, 456, 2048", "B6, 528, 2304", "B7, 600, 2560"
  })
  void readsTheResolutionAndWritesTheFeaturesOfThePaper(
      EfficientNet variant, int resolution, int features) {
    Network network = variant.network();
    assertThat(network.inputShape()).containsExactly(resolution, resolution, 3);
    assertThat(network.outputs()).containsExactly(EfficientNet.FEATURES);
    assertThat(network.shape(EfficientNet.FEATURES)).containsExactly(features);
  }

  @Test
  void anotherResolutionNeedsTheSameWeights() {
    Network small = EfficientNet.B0.network(97);
    assertThat(small.inputShape()).containsExactly(97, 97, 3);
    // Five times halved, rounded up.
    assertThat(small.shape("top_conv")).containsExactly(4, 4, 1280);
    assertThat(small.weightSpecs()).isEqualTo(EfficientNet.B0.network().weightSpecs());
  }

  @Test
  void narrowsTheInsideOfTheBlocksNamed() {
    Network network = EfficientNet.B0.network(224, Map.of("block2b", 72, "block6a", 8));
    assertThat(network.shape("block2b_expand_activation")).containsExactly(56, 56, 72);
    assertThat(network.shape("block2b_se_reduce")).containsExactly(1, 1, 6);
    assertThat(network.shape("block2b_se_excite")).containsExactly(56, 56, 72);
    assertThat(network.shape("block2b_add")).containsExactly(56, 56, 24);
    assertThat(network.shape("block6a_dwconv")).containsExactly(7, 7, 8);
    assertThat(network.shape("block6a_project_bn")).containsExactly(7, 7, 192);
    Network whole = EfficientNet.B0.network();
    for (Layer layer : network.layers()) {
      if (!layer.name().startsWith("block2b_") && !layer.name().startsWith("block6a_")) {
        assertThat(layer).isEqualTo(whole.layer(layer.name()));
      }
    }
  }

  @ParameterizedTest
  @FieldSource("io.github.deepxray.keras.internal.EfficientNet#VARIANTS")
  void namingEveryBlocksOwnWidthChangesNothing(EfficientNet variant) {
    assertThat(variant.network(variant.resolution(), variant.expansionChannels()))
        .isEqualTo(variant.network());
  }

  @Test
  void listsTheBlocksThatExpand() {
    assertThat(EfficientNet.B0.expansionChannels())
        .containsEntry("block2a", 96)
        .containsEntry("block6b", 1152)
        .containsEntry("block7a", 1152)
        .doesNotContainKey("block1a")
        .hasSize(15);
    assertThat(EfficientNet.B0.expansionChannels().keySet()).startsWith("block2a", "block2b");
  }

  @ParameterizedTest
  @CsvSource({
    "block1a, 16, no expansion",
    "block9a, 16, block7a",
    "block2a, 97, 1 to 96",
    "block2a, 0, 1 to 96"
  })
  void refusesWidthsThatItCannotHave(String block, int channels, String help) {
    assertThatThrownBy(() -> EfficientNet.B0.network(224, Map.of(block, channels)))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(block)
        .hasMessageContaining(help);
  }

  @ParameterizedTest
  @CsvSource({
    "b0, efficientnetb0, 1280",
    "EfficientNetB7, efficientnetb7, 2560",
    "efficientnet-b3, efficientnetb3, 1536",
    "efficientnet_b5, efficientnetb5, 2048",
    "0.5x0.8x160, efficientnet-0.5x0.8x160, 640",
    "EfficientNet-0.5X0.8X160, efficientnet-0.5x0.8x160, 640",
    "1x1.0x224, efficientnetb0, 1280",
  })
  void isFoundByItsNames(String name, String kerasName, int features) {
    EfficientNet variant = EfficientNet.of(name);
    assertThat(variant.name()).isEqualTo(kerasName);
    assertThat(variant.network().name()).isEqualTo(kerasName);
    assertThat(variant.network().size(EfficientNet.FEATURES)).isEqualTo(features);
    assertThat(EfficientNet.of(variant.name())).isEqualTo(variant);
  }

  @ParameterizedTest
  @CsvSource({
    "b8, b0 to b7",
    "mobilenet, b0 to b7",
    "0.5x0.8, such as 0.5x0.8x160",
    "-1x1x224, such as 0.5x0.8x160",
    "NaNx1x224, such as 0.5x0.8x160",
    "1e9x1x224, such as 0.5x0.8x160",
    "0.0x1x224, from 0.1 to 5.0",
    "1x9x224, from 0.1 to 5.0",
    "1x1x16, from 32 to 2048",
    "1x1x9999, from 32 to 2048",
  })
  void anUnknownNameIsAnsweredWithTheChoice(String name, String help) {
    assertThatThrownBy(() -> EfficientNet.of(name))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining(help);
  }

  /** The network's weights and the one that Keras keeps besides: a count that only adapt() uses. */
  private static List<WeightSpec> kerasWeights(EfficientNet variant) {
    List<WeightSpec> specs = new ArrayList<>(variant.network().weightSpecs());
    specs.add(new WeightSpec("normalization/count", List.of()));
    specs.sort(Comparator.comparing(WeightSpec::name));
    return specs;
  }

  private static List<String> lines(List<WeightSpec> specs) {
    return specs.stream().map(spec -> spec.name() + " " + spec.shape() + "\n").toList();
  }
}
