package io.github.deepxray.train;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.network.EfficientNet;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A backbone that has learnt nothing: random weights, and batch normalization statistics measured
 * on some images, so that signals neither die out nor grow from layer to layer. Its features say
 * little about a radiograph; it lets the whole pipeline run where no pretrained weights are.
 */
public final class UntrainedBackbone {
  // Of ImageNet, as the file of Keras holds them: the "variance" is the standard deviation.
  private static final float[] MEAN = {0.485f, 0.456f, 0.406f};
  private static final float[] VARIANCE = {0.229f, 0.224f, 0.225f};

  private UntrainedBackbone() {}

  /**
   * Makes the backbone.
   *
   * <p>Kernels are drawn from a normal distribution of variance {@code 2 / fan_out} (He et al.
   * 2015, as EfficientNet does in Keras). Then, layer by layer, mean and variance of what enters
   * each batch normalization are measured and stored.
   *
   * @param variant which EfficientNet
   * @param images what to measure on; they are resized
   * @param seed of the weights
   * @param engines what runs the layers
   * @param progress told of every batch normalization
   */
  public static Backbone calibrated(
      EfficientNet variant,
      List<RgbImage> images,
      long seed,
      EngineFactory engines,
      Progress progress) {
    Network network = variant.network();
    int size = variant.resolution();
    float[] input = new float[images.size() * size * size * 3];
    for (int i = 0; i < images.size(); i++) {
      Resizer.resize(images.get(i), size, size).copyTo(input, i * size * size * 3);
    }
    Weights weights = randomWeights(network, seed);
    List<Layer.BatchNormalization> normalizations =
        network.layers().stream()
            .filter(Layer.BatchNormalization.class::isInstance)
            .map(Layer.BatchNormalization.class::cast)
            .toList();
    int threads = Runtime.getRuntime().availableProcessors();
    try (Progress.Task task = progress.start("calibration", normalizations.size())) {
      for (Layer.BatchNormalization bn : normalizations) {
        Model part = new Model(network, weights).cutAt(bn.input());
        try (InferenceEngine engine = engines.create(part, threads)) {
          weights = weights.plus(statistics(bn, network, engine.run(input, images.size())[0]));
        }
        task.advance(1);
      }
    }
    return new Backbone(variant, new Model(network, weights), "untrained, seed " + seed);
  }

  private static Weights statistics(Layer.BatchNormalization bn, Network network, float[] values) {
    List<Integer> shape = network.shape(bn.input());
    int channels = shape.get(shape.size() - 1);
    double count = (double) values.length / channels;
    double[] mean = new double[channels];
    double[] variance = new double[channels];
    for (int i = 0; i < values.length; i++) {
      mean[i % channels] += values[i] / count;
    }
    for (int i = 0; i < values.length; i++) {
      double d = values[i] - mean[i % channels];
      variance[i % channels] += d * d / count;
    }
    float[] means = new float[channels];
    float[] variances = new float[channels];
    for (int c = 0; c < channels; c++) {
      means[c] = (float) mean[c];
      variances[c] = (float) variance[c];
    }
    return Weights.builder()
        .put(bn.name() + "/moving_mean", FloatTensor.of(means, channels))
        .put(bn.name() + "/moving_variance", FloatTensor.of(variances, channels))
        .build();
  }

  private static Weights randomWeights(Network network, long seed) {
    Weights.Builder weights = Weights.builder();
    for (WeightSpec spec : network.weightSpecs()) {
      String variable = spec.name().substring(spec.name().lastIndexOf('/') + 1);
      float[] values = new float[spec.size()];
      switch (variable) {
        case "kernel", "depthwise_kernel" -> {
          int window = spec.shape().get(0) * spec.shape().get(1);
          double deviation = Math.sqrt(2.0 / (window * spec.shape().get(3)));
          SplittableRandom random =
              new SplittableRandom(seed * 1_000_003L ^ spec.name().hashCode());
          for (int i = 0; i < values.length; i++) {
            values[i] = (float) (deviation * gaussian(random));
          }
        }
        case "gamma", "moving_variance" -> Arrays.fill(values, 1);
        case "mean" -> System.arraycopy(MEAN, 0, values, 0, values.length);
        case "variance" -> System.arraycopy(VARIANCE, 0, values, 0, values.length);
        default -> {
          // Biases and means begin at 0.
        }
      }
      weights.put(spec.name(), FloatTensor.of(values, spec.shape()));
    }
    return weights.build();
  }

  /** Box and Muller 1958; StrictMath gives the same bits everywhere. */
  private static double gaussian(SplittableRandom random) {
    double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - random.nextDouble()));
    return radius * StrictMath.cos(2 * Math.PI * random.nextDouble());
  }
}
