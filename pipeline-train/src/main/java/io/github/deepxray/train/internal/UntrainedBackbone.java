package io.github.deepxray.train.internal;

import io.github.deepxray.core.backbone.Backbone;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.image.Resizer;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.BatchNormalization;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.train.BackboneModel;
import io.github.deepxray.train.stage.Context;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Untrained backbone with random weights. The batch normalization statistics are measured on some
 * images, so that activations neither vanish nor grow from layer to layer. The features distinguish
 * only coarse textures; the backbone is for running the pipeline without pretrained weights.
 */
public final class UntrainedBackbone {
  // ImageNet values as in the Keras weights file, where "variance" is the standard deviation.
  private static final float[] MEAN = {0.485f, 0.456f, 0.406f};
  private static final float[] VARIANCE = {0.229f, 0.224f, 0.225f};

  // A deep random network with batch normalization is chaotic: similar images get features as
  // different as any two images (Yang et al. 2019), and a head cannot learn. Half of the usual
  // deviation before swish, which is almost linear near 0, and weak residual branches (0 in Goyal
  // et al. 2017) preserve similarity.
  private static final float GAMMA = 0.5f;
  private static final float RESIDUAL_GAMMA = 0.1f;

  private UntrainedBackbone() {}

  /**
   * Creates the backbone.
   *
   * <p>Kernels are drawn from a normal distribution of variance {@code 2 / fan_out} (He et al.
   * 2015, as Keras does in EfficientNet). Then, layer by layer, mean and variance of the input of
   * each batch normalization are measured and stored. Its {@code gamma} is 0.5 before an activation
   * and 0.1 at the end of a residual branch.
   *
   * @param variant architecture
   * @param imageSize height and width of the input images in pixels
   * @param images images for the statistics; they are resized
   * @param seed seed of the weights
   * @param context engine, cores, and progress, which is reported after each batch normalization
   */
  public static BackboneModel calibrated(
      Backbone variant, int imageSize, List<RgbImage> images, long seed, Context context) {
    Network network = variant.network(imageSize);
    List<Layer> layers = network.layers();
    int size = imageSize * imageSize * 3;
    float[] values = new float[images.size() * size];
    for (int i = 0; i < images.size(); i++) {
      Resizer.resize(images.get(i), imageSize, imageSize).copyTo(values, i * size);
    }
    Weights weights = randomWeights(network, seed);
    long normalizations = layers.stream().filter(BatchNormalization.class::isInstance).count();
    try (Progress.Task task = context.progress().start("calibration", normalizations)) {
      // All layers from "next" on depend on the images only through the tensor "reached", whose
      // values are kept, so that each layer runs only a few times.
      String reached = network.input();
      int next = 0;
      for (int i = 0; i < layers.size(); i++) {
        if (!(layers.get(i) instanceof BatchNormalization bn)) {
          continue;
        }
        for (int last = i - 1; last >= next; last--) {
          if (separates(layers, last)) {
            Network part = part(network, reached, next, last, layers.get(last).name());
            values = run(context, new Model(part, weights), values, images.size());
            reached = layers.get(last).name();
            next = last + 1;
            break;
          }
        }
        float[] entering = values;
        if (!reached.equals(bn.input())) {
          Network part = part(network, reached, next, i - 1, bn.input());
          entering = run(context, new Model(part, weights), values, images.size());
        }
        weights = weights.plus(statistics(bn, network, entering));
        task.advance(1);
      }
    }
    return new BackboneModel(variant, new Model(network, weights), "untrained, seed " + seed);
  }

  /** Whether the layers after a layer read only its output and their own. */
  private static boolean separates(List<Layer> layers, int index) {
    Set<String> known = new HashSet<>();
    known.add(layers.get(index).name());
    for (Layer later : layers.subList(index + 1, layers.size())) {
      if (!known.containsAll(later.inputs())) {
        return false;
      }
      known.add(later.name());
    }
    return true;
  }

  /** Returns the layers in an inclusive range on which a tensor depends. */
  private static Network part(Network network, String input, int first, int last, String output) {
    return new Network(
            network.name(),
            input,
            network.shape(input),
            network.layers().subList(first, last + 1),
            List.of(output))
        .withOutputs(List.of(output));
  }

  private static float[] run(Context context, Model part, float[] values, int images) {
    try (InferenceEngine engine = context.engines().create(part, context.cores())) {
      return engine.run(values, images)[0];
    }
  }

  private static Weights statistics(BatchNormalization bn, Network network, float[] values) {
    List<Integer> shape = network.shape(bn.input());
    int channels = shape.get(shape.size() - 1);
    double count = (double) values.length / channels;
    double[] mean = new double[channels];
    double[] variance = new double[channels];
    for (int i = 0; i < values.length; i += channels) {
      for (int c = 0; c < channels; c++) {
        mean[c] += values[i + c] / count;
      }
    }
    for (int i = 0; i < values.length; i += channels) {
      for (int c = 0; c < channels; c++) {
        double d = values[i + c] - mean[c];
        variance[c] += d * d / count;
      }
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

  /** Returns the last batch normalization of each residual branch, before its addition. */
  private static Set<String> endsOfBranches(Network network) {
    Set<String> ends = new HashSet<>();
    for (Layer layer : network.layers()) {
      if (layer instanceof Layer.Add add) {
        Layer before = network.layer(add.first());
        ends.add(before instanceof Layer.Dropout drop ? drop.input() : before.name());
      }
    }
    return ends;
  }

  private static Weights randomWeights(Network network, long seed) {
    Weights.Builder weights = Weights.builder();
    Set<String> branches = endsOfBranches(network);
    for (WeightSpec spec : network.weightSpecs()) {
      String layer = spec.name().substring(0, spec.name().lastIndexOf('/'));
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
        case "gamma" ->
            Arrays.fill(
                values,
                branches.contains(layer)
                    ? RESIDUAL_GAMMA
                    : network.readers(layer).get(0) instanceof Layer.Activation ? GAMMA : 1);
        case "moving_variance" -> Arrays.fill(values, 1);
        case "mean" -> System.arraycopy(MEAN, 0, values, 0, values.length);
        case "variance" -> System.arraycopy(VARIANCE, 0, values, 0, values.length);
        default -> {
          // Biases and means are initialized to 0.
        }
      }
      weights.put(spec.name(), FloatTensor.of(values, spec.shape()));
    }
    return weights.build();
  }

  /** Box and Muller 1958; StrictMath has the same results on all machines. */
  private static double gaussian(SplittableRandom random) {
    double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - random.nextDouble()));
    return radius * StrictMath.cos(2 * Math.PI * random.nextDouble());
  }
}
