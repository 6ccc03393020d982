package io.github.deepxray.optimize.internal;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.BatchNormalization;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.Weights;

/**
 * Folds each batch normalization that is the only reader of a convolution or dense layer into that
 * layer's kernel and bias (Jacob et al. 2018, section 3.2), computed in double precision.
 *
 * <p>The folded layer keeps its name and gains a bias.
 */
public final class FoldBatchNormalization implements Pass {
  @Override
  public Model apply(Model model) {
    Network network = model.network();
    Rewriter rewriter = new Rewriter(network);
    Weights.Builder folded = Weights.builder();
    for (Layer layer : network.layers()) {
      if (layer instanceof BatchNormalization bn && canFold(network, bn)) {
        rewriter.replaceBy(bn.name(), bn.input());
        continue;
      }
      if (network.readers(layer.name()).size() == 1
          && network.readers(layer.name()).get(0) instanceof BatchNormalization bn
          && canFold(network, bn)) {
        fold(model.weights(), bn, layer, folded);
        rewriter.keep(withBias(layer));
      } else {
        rewriter.keep(layer);
      }
    }
    return new Model(rewriter.network(), model.weights().plus(folded.build()));
  }

  private static boolean canFold(Network network, BatchNormalization bn) {
    // An output must keep its name, and a tensor with other readers its values.
    if (bn.input().equals(network.input())
        || network.outputs().contains(bn.name())
        || network.outputs().contains(bn.input())
        || network.readers(bn.input()).size() != 1) {
      return false;
    }
    Layer producer = network.layer(bn.input());
    return producer instanceof Conv2D
        || producer instanceof DepthwiseConv2D
        || producer instanceof Dense;
  }

  private static Layer withBias(Layer layer) {
    if (layer instanceof Conv2D conv) {
      return conv.biased();
    } else if (layer instanceof DepthwiseConv2D conv) {
      return conv.biased();
    }
    return ((Dense) layer).biased();
  }

  private static void fold(
      Weights weights, BatchNormalization bn, Layer layer, Weights.Builder folded) {
    float[] gamma = weights.floats(bn.name() + "/gamma");
    float[] beta = weights.floats(bn.name() + "/beta");
    float[] mean = weights.floats(bn.name() + "/moving_mean");
    float[] variance = weights.floats(bn.name() + "/moving_variance");
    int channels = gamma.length;
    double[] scale = new double[channels];
    double[] offset = new double[channels];
    float[] bias =
        weights
            .find(layer.name() + "/bias")
            .map(tensor -> tensor.toFloats())
            .orElse(new float[channels]);
    for (int c = 0; c < channels; c++) {
      scale[c] = gamma[c] / Math.sqrt(variance[c] + bn.epsilon());
      offset[c] = beta[c] + (bias[c] - mean[c]) * scale[c];
    }
    Kernels.scaleOutputs(weights, layer, scale, folded);
    Kernels.putBias(layer, offset, folded);
  }
}
