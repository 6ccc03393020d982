package io.github.deepxray.train.internal.head;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.features.Matrix;
import io.github.deepxray.train.recipe.HeadSpec;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What {@code tools/goldens/head_training.py} wrote, and the data it drew by arithmetic. */
final class KerasHeads {
  static final int FEATURES = 6;
  private static final int IMAGES = 40;

  private KerasHeads() {}

  static JsonNode golden() {
    String name = "keras-head-training.json";
    try (InputStream in = KerasHeads.class.getResourceAsStream(name)) {
      return Json.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8), name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Embeddings data() {
    float[] values = new float[IMAGES * FEATURES];
    List<Embeddings.Image> images = new ArrayList<>();
    for (int i = 0; i < IMAGES; i++) {
      boolean positive = i % 5 < 3;
      images.add(
          new Embeddings.Image(
              "image" + i,
              "patient" + i,
              positive ? "viral" : "normal",
              positive ? Label.POSITIVE : Label.NEGATIVE));
      for (int j = 0; j < FEATURES; j++) {
        int value = (i * i * 31 + j * 17 + i * j * 57) % 97 - 48;
        if (j < 2) {
          value += positive ? 20 : -20;
        } else if (j >= 4) {
          value = value * 3 + 64;
        }
        values[i * FEATURES + j] = value / 32f;
      }
    }
    return new Embeddings(images, 2, FEATURES, List.of(Matrix.of(values, IMAGES, FEATURES)));
  }

  static Weights initialWeights(HeadSpec spec) {
    Weights.Builder weights = Weights.builder();
    for (WeightSpec weight : HeadNetworks.training(spec, FEATURES, 2).weightSpecs()) {
      float[] values = new float[weight.size()];
      for (int k = 0; k < values.length; k++) {
        values[k] =
            weight.name().endsWith("/kernel")
                ? ((k * 29 + 7) % 23 - 11) / 32f
                : ((k * 5) % 7 - 3) / 64f;
      }
      weights.put(weight.name(), FloatTensor.of(values, weight.shape()));
    }
    return weights.build();
  }

  static float[] floats(JsonNode array) {
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) array.get(i).asDouble();
    }
    return values;
  }
}
