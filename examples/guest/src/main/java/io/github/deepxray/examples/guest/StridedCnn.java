package io.github.deepxray.examples.guest;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.backbone.Backbone;
import io.github.deepxray.core.backbone.PretrainedWeights;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.BatchNormalization;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Safetensors;
import io.github.deepxray.core.weights.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * Backbone of four 3 x 3 convolutions with stride 2, each with batch normalization and ReLU, and
 * global average pooling: 128 features.
 */
final class StridedCnn implements Backbone {
  static final String NAME = "strided-cnn";

  private static final String FEATURES = "features";
  private static final String SEED = "seed:";
  private static final int[] FILTERS = {16, 32, 64, 128};

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int imageSize() {
    return 96;
  }

  @Override
  public int smallestImageSize() {
    return 16;
  }

  @Override
  public String features() {
    return FEATURES;
  }

  @Override
  public Network network(int imageSize) {
    List<Layer> layers = new ArrayList<>();
    layers.add(new Rescaling("rescaling", "images", List.of(1 / 127.5), List.of(-1.0)));
    String last = "rescaling";
    for (int i = 0; i < FILTERS.length; i++) {
      String block = "block" + (i + 1);
      layers.add(new Conv2D(block + "_conv", last, FILTERS[i], 3, 2, Padding.SAME, false));
      layers.add(new BatchNormalization(block + "_bn", block + "_conv", 1e-3));
      layers.add(new Activation(block + "_relu", block + "_bn", Function.RELU));
      last = block + "_relu";
    }
    layers.add(new GlobalAveragePooling2D(FEATURES, last, false));
    return new Network(NAME, "images", List.of(imageSize, imageSize, 3), layers, List.of(FEATURES));
  }

  @Override
  public Optional<String> block(String layer) {
    return layer.startsWith("block")
        ? Optional.of(layer.substring(0, layer.indexOf('_')))
        : Optional.empty();
  }

  /** Reads weights of a safetensors file, or draws random ones: {@code seed:<number>}. */
  @Override
  public PretrainedWeights weights(String source, Progress progress) throws IOException {
    if (source.equals(IMAGENET)) {
      throw new DeepXrayException(
          NAME + " has no published weights; give --weights seed:1 or a .safetensors file.");
    } else if (source.startsWith(SEED)) {
      Random random = new Random(Long.parseLong(source.substring(SEED.length())));
      return new PretrainedWeights(drawn(random), "drawn from " + source);
    }
    Path file = Path.of(source);
    return new PretrainedWeights(Safetensors.read(file), file.getFileName().toString());
  }

  /** Returns random kernels (He et al. 2015) and identity batch normalizations. */
  private Weights drawn(Random random) {
    Weights.Builder weights = Weights.builder();
    for (WeightSpec spec : network(imageSize()).weightSpecs()) {
      float[] values = new float[spec.size()];
      if (spec.name().endsWith("/kernel")) {
        double deviation = Math.sqrt(2.0 * spec.shape().get(3) / spec.size());
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) (random.nextGaussian() * deviation);
        }
      } else if (spec.name().endsWith("/gamma") || spec.name().endsWith("/moving_variance")) {
        Arrays.fill(values, 1);
      }
      weights.put(spec.name(), FloatTensor.of(values, spec.shape()));
    }
    return weights.build();
  }
}
