package io.github.deepxray.keras.internal;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Reads an EfficientNet without top from a Keras file: the published ImageNet weights, or a model
 * trained further in Python, alone or as a part of a larger model.
 *
 * <p>Keras' EfficientNets differ in their preprocessing. All divide by 255, subtract {@code mean}
 * and divide by the square root of {@code variance}; those made with {@code weights="imagenet"}
 * divide again by the square root of ImageNet's standard deviation, since their {@code variance} is
 * a standard deviation. {@link EfficientNet#network()} always divides twice, so the {@code
 * variance} of the others is divided by that factor here, and the result is the same preprocessing
 * as in Keras.
 */
public final class KerasBackbone {
  private static final double[] IMAGENET_STD = {0.229, 0.224, 0.225};
  private static final double TOLERANCE = 1e-3;
  private static final String RESCALING = "Rescaling";
  private static final String VARIANCE = "normalization/variance";

  private KerasBackbone() {}

  /**
   * Reads the weights for {@link EfficientNet#network()}.
   *
   * <p>The {@code Rescaling} layers of the model determine whether it divides twice. The weight
   * files of Keras 2 do not list them; there, ImageNet's standard deviation in place of the
   * variance means twice.
   *
   * @param file an {@code .h5}, {@code .weights.h5} or {@code .keras} file
   * @throws DeepXrayException if the file is none of these, or has another architecture, damaged
   *     values or other preprocessing
   * @throws IOException if the file cannot be read
   */
  public static Weights read(Path file, EfficientNet variant) throws IOException {
    return KerasFile.open(
        file,
        keras -> {
          Network network = variant.network();
          if (!keras.fits(network)) {
            refuseOther(file, keras, variant);
          }
          Weights weights = keras.read(network);
          return dividesTwice(file, keras, network, weights) ? weights : withOneDivision(weights);
        });
  }

  private static void refuseOther(Path file, KerasFile keras, EfficientNet variant) {
    for (EfficientNet other : EfficientNet.VARIANTS) {
      if (!other.equals(variant) && keras.fits(other.network())) {
        throw new DeepXrayException(
            ("%s has the weights of %s, not of %s; choose the backbone %s or give other"
                    + " weights.")
                .formatted(file, other.name(), variant.name(), other.name()));
      }
    }
    // A deeper variant has all blocks of the others and more.
    Set<String> blocks =
        keras.surplus(variant.network()).stream()
            .filter(layer -> layer.matches("block\\d+[a-z]+_.*"))
            .collect(Collectors.toSet());
    if (!blocks.isEmpty()) {
      throw new DeepXrayException(
          "%s has a layer %s, which %s does not have; give weights saved from this architecture."
              .formatted(file, blocks.stream().sorted().findFirst().orElseThrow(), variant.name()));
    }
  }

  private static boolean dividesTwice(
      Path file, KerasFile keras, Network network, Weights weights) {
    Optional<List<JsonNode>> layers = keras.configs(RESCALING, "stem_conv");
    if (layers.isPresent()) {
      List<List<Double>> scales = layers.get().stream().map(KerasBackbone::scale).toList();
      requirePreprocessing(
          file,
          !scales.isEmpty()
              && scales.size() <= 2
              && isClose(scales.get(0), channel -> 1.0 / 255)
              && (scales.size() == 1
                  || isClose(scales.get(1), channel -> 1 / Math.sqrt(IMAGENET_STD[channel])))
              && layers.get().stream().allMatch(layer -> layer.path("offset").asDouble(1) == 0),
          "layers " + scales);
      return scales.size() == 2;
    }
    OptionalInt count = keras.count(network, RESCALING);
    if (count.isPresent()) {
      requirePreprocessing(
          file, count.getAsInt() == 1 || count.getAsInt() == 2, count.getAsInt() + " layers");
      return count.getAsInt() == 2;
    }
    float[] variance = weights.floats(VARIANCE);
    return IntStream.range(0, variance.length)
        .allMatch(channel -> Math.abs(variance[channel] - IMAGENET_STD[channel]) < TOLERANCE);
  }

  private static void requirePreprocessing(Path file, boolean known, String found) {
    if (!known) {
      throw new DeepXrayException(
          ("%s has other preprocessing than Keras' EfficientNets (%s %s); give a model"
                  + " that reads pixels 0..255 and has Keras' own preprocessing.")
              .formatted(file, RESCALING, found));
    }
  }

  /** One value per channel, or one for all. */
  private static List<Double> scale(JsonNode layer) {
    JsonNode scale = layer.path("scale");
    List<Double> values = new ArrayList<>();
    if (scale.isArray()) {
      scale.forEach(value -> values.add(value.asDouble()));
    } else {
      values.add(scale.asDouble());
    }
    return values;
  }

  private static boolean isClose(List<Double> scale, IntToDoubleFunction expected) {
    return (scale.size() == 1 || scale.size() == IMAGENET_STD.length)
        && IntStream.range(0, IMAGENET_STD.length)
            .allMatch(
                channel ->
                    Math.abs(
                            scale.get(scale.size() == 1 ? 0 : channel)
                                    / expected.applyAsDouble(channel)
                                - 1)
                        < TOLERANCE);
  }

  /** Adjusts the variance so that dividing twice equals dividing once by the stored one. */
  private static Weights withOneDivision(Weights weights) {
    float[] variance = weights.floats(VARIANCE);
    for (int channel = 0; channel < variance.length; channel++) {
      variance[channel] = (float) (variance[channel] / IMAGENET_STD[channel]);
    }
    return weights.plus(
        Weights.builder().put(VARIANCE, FloatTensor.of(variance, variance.length)).build());
  }
}
