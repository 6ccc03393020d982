package io.github.deepxray.keras.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.Dropout;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.Normalization;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Quantization;
import io.github.deepxray.core.network.Quantization.Affine;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Keras makes of such files is checked by tools/check_keras.py. */
class KerasArchiveTest {
  @TempDir Path folder;

  @Test
  void holdsTheWeights() throws IOException {
    Path file = folder.resolve("model.keras");
    KerasArchive.write(file, new Model(SmallNetwork.NETWORK, SmallNetwork.weights()));
    assertThat(KerasHdf5.read(file, SmallNetwork.NETWORK)).isEqualTo(SmallNetwork.weights());
  }

  @Test
  void isTheSameWheneverAndWhereverItIsWritten() throws IOException, InterruptedException {
    Model model = new Model(SmallNetwork.NETWORK, SmallNetwork.weights());
    Path one = folder.resolve("one.keras");
    Path other = folder.resolve("other.keras");
    KerasArchive.write(one, model);
    // Zip files keep even seconds.
    Thread.sleep(2100);
    KerasArchive.write(other, model);
    byte[] bytes = Files.readAllBytes(one);
    assertThat(bytes).isEqualTo(Files.readAllBytes(other));
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    assertThat(text).doesNotContain("jHDF", System.getProperty("os.name"), folder.toString());
  }

  /**
   * Keras numbers the layers of a class by their distance from the output, which is not the order
   * of this network's list.
   */
  @Test
  void numbersLayersAsKerasDoes() throws IOException {
    Network network = ensemble();
    Path file = folder.resolve("model.keras");
    KerasArchive.write(file, new Model(network, counting(network)));
    // From Keras 3.15.1, for this network: [layer.name for layer in model.layers].
    assertThat(KerasGroups.of(network))
        .containsExactly(
            Map.entry("rescaling", "rescaling"),
            Map.entry("standardize", "normalization"),
            Map.entry("member2_hidden1", "dense"),
            Map.entry("member2_hidden1_activation", "activation"),
            Map.entry("member2_dropout", "dropout"),
            Map.entry("member1_logit", "dense_1"),
            Map.entry("member2_logit", "dense_2"),
            Map.entry("logit", "add"),
            Map.entry("probability", "activation_1"));
    assertThat(KerasHdf5.read(file, network)).isEqualTo(counting(network));
  }

  @Test
  void describesEveryLayer() throws IOException {
    Network network = ensemble();
    Path file = folder.resolve("model.keras");
    KerasArchive.write(file, new Model(network, counting(network)));
    try (ZipFile zip = new ZipFile(file.toFile())) {
      assertThat(zip.stream().map(ZipEntry::getName))
          .containsExactly("metadata.json", "config.json", "model.weights.h5");
      byte[] json = zip.getInputStream(zip.getEntry("config.json")).readAllBytes();
      JsonNode config = Json.parse(new String(json, StandardCharsets.UTF_8), "config.json");
      JsonNode layers = config.path("config").path("layers");
      assertThat(layers).hasSize(network.layers().size() + 1);
      assertThat(layers.get(0).path("config").path("batch_shape")).hasToString("[null,3]");
      assertThat(layers.get(1).path("config").path("scale")).hasToString("[0.5,0.25,0.125]");
      assertThat(layers.findValuesAsText("class_name"))
          .contains("InputLayer", "Rescaling", "Normalization", "Dense", "Dropout", "Add");
    }
  }

  /** The names under which Keras finds the functions. */
  @Test
  void namesTheFunctions() throws IOException {
    List<Layer> layers =
        List.of(
            new Dense("logits", "features", 4, true),
            new Activation("swish", "logits", Function.SWISH),
            new Activation("probabilities", "swish", Function.SOFTMAX));
    Network network =
        new Network("classes", "features", List.of(3), layers, List.of("probabilities"));
    Path file = folder.resolve("model.keras");
    KerasArchive.write(file, new Model(network, counting(network)));
    try (ZipFile zip = new ZipFile(file.toFile())) {
      byte[] json = zip.getInputStream(zip.getEntry("config.json")).readAllBytes();
      JsonNode config = Json.parse(new String(json, StandardCharsets.UTF_8), "config.json");
      assertThat(config.findValuesAsText("activation")).containsExactly("silu", "softmax");
    }
    assertThat(KerasHdf5.read(file, network)).isEqualTo(counting(network));
  }

  @Test
  void refusesAModelInIntegers() {
    Model model =
        new Model(
            SmallNetwork.NETWORK,
            SmallNetwork.weights(),
            new Quantization(Arithmetic.INT8, Map.of("images", new Affine(1, 0)), Set.of()));
    Path file = folder.resolve("model.keras");
    assertThatThrownBy(() -> KerasArchive.write(file, model))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContainingAll("int8", "quantized from");
    assertThat(file).doesNotExist();
  }

  private static Network ensemble() {
    List<Layer> layers =
        List.of(
            new Rescaling("rescaling", "features", List.of(0.5, 0.25, 0.125), List.of(0.0)),
            new Normalization("standardize", "rescaling"),
            new Dense("member1_logit", "standardize", 1, true),
            new Dense("member2_hidden1", "standardize", 4, true),
            new Activation("member2_hidden1_activation", "member2_hidden1", Function.RELU),
            new Dropout("member2_dropout", "member2_hidden1_activation", 0.5),
            new Dense("member2_logit", "member2_dropout", 1, false),
            new Add("logit", "member1_logit", "member2_logit"),
            new Activation("probability", "logit", Function.SIGMOID));
    return new Network("ensemble", "features", List.of(3), layers, List.of("probability"));
  }

  private static Weights counting(Network network) {
    Weights.Builder weights = Weights.builder();
    int next = 1;
    for (WeightSpec spec : network.weightSpecs()) {
      float[] values = new float[spec.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = next++ / 8f;
      }
      weights.put(spec.name(), FloatTensor.of(values, spec.shape()));
    }
    return weights.build();
  }
}
