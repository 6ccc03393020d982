package io.github.deepxray.optimize.internal;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.Weights;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Folds a rescaling with one scale and one offset into the dense layer, or the sum of dense layers,
 * that it reads: the calibration of a head's logits costs no operation.
 */
final class FoldCalibration implements Pass {
  @Override
  public Model apply(Model model) {
    Network network = model.network();
    Map<String, double[]> factors = new HashMap<>();
    Rewriter rewriter = new Rewriter(network);
    Map<String, Rescaling> folded = new HashMap<>();
    for (Layer layer : network.layers()) {
      if (layer instanceof Rescaling rescaling && foldable(network, rescaling)) {
        fold(network, rescaling.input(), scale(rescaling), offset(rescaling), factors);
        folded.put(rescaling.name(), rescaling);
      }
    }
    Weights.Builder weights = Weights.builder();
    for (Layer layer : network.layers()) {
      if (folded.containsKey(layer.name())) {
        rewriter.replaceBy(layer.name(), folded.get(layer.name()).input());
      } else if (factors.containsKey(layer.name())) {
        rewriter.keep(scaled(model.weights(), (Dense) layer, factors.get(layer.name()), weights));
      } else {
        rewriter.keep(layer);
      }
    }
    return new Model(rewriter.network(), model.weights().plus(weights.build()));
  }

  private static double scale(Rescaling layer) {
    return layer.scale().get(0);
  }

  private static double offset(Rescaling layer) {
    return layer.offset().get(0);
  }

  private static boolean foldable(Network network, Rescaling layer) {
    return layer.scale().size() == 1
        && layer.offset().size() == 1
        && !network.outputs().contains(layer.name())
        && absorbs(network, layer.input());
  }

  /** Whether only one layer reads a tensor, and it is a dense layer's or the sum of such. */
  private static boolean absorbs(Network network, String tensor) {
    if (tensor.equals(network.input())
        || network.outputs().contains(tensor)
        || network.readers(tensor).size() != 1) {
      return false;
    }
    Layer layer = network.layer(tensor);
    return layer instanceof Dense
        || (layer instanceof Add sum
            && !sum.first().equals(sum.second())
            && absorbs(network, sum.first())
            && absorbs(network, sum.second()));
  }

  /** Records scale and offset of each dense layer; the first one gets the offset. */
  private static void fold(
      Network network, String tensor, double scale, double offset, Map<String, double[]> into) {
    if (network.layer(tensor) instanceof Add sum) {
      fold(network, sum.first(), scale, offset, into);
      fold(network, sum.second(), scale, 0, into);
    } else {
      into.put(tensor, new double[] {scale, offset});
    }
  }

  private static Dense scaled(
      Weights weights, Dense layer, double[] factors, Weights.Builder into) {
    double[] scales = new double[layer.units()];
    Arrays.fill(scales, factors[0]);
    Kernels.scaleOutputs(weights, layer, scales, into);
    if (!layer.useBias() && factors[1] == 0) {
      return layer;
    }
    double[] bias = new double[layer.units()];
    weights.find(layer.name() + "/bias").ifPresent(b -> Arrays.setAll(bias, i -> b.toFloats()[i]));
    Arrays.setAll(bias, i -> bias[i] * factors[0] + factors[1]);
    Kernels.putBias(layer, bias, into);
    return layer.biased();
  }
}
