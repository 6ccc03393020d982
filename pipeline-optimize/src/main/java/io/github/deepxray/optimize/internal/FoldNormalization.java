package io.github.deepxray.optimize.internal;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.Normalization;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Folds rescaling and normalization into the convolutions and dense layers that read them.
 *
 * <p>A dense layer, or a convolution without padding, absorbs scale and offset. A padded
 * convolution absorbs only the scale: its padding is zero after normalization, so the offset must
 * stay in front of it, as a {@link Rescaling} of scale 1, a subtraction of the mean in pixel units.
 */
public final class FoldNormalization implements Pass {
  private static final int MAX_PIXEL = 255;

  private final boolean intoDense;
  private final boolean commonOffset;

  private FoldNormalization(boolean intoDense, boolean commonOffset) {
    this.intoDense = intoDense;
    this.commonOffset = commonOffset;
  }

  /** Creates a pass that folds into convolutions and dense layers. */
  public FoldNormalization() {
    this(true, false);
  }

  /**
   * Creates a pass that folds into convolutions only. Use it for weights that are quantized later:
   * a dense kernel with folded input scales has a far wider range, so that small weights would be
   * lost in the quantization steps of large ones.
   */
  public static FoldNormalization intoConvolutions() {
    return new FoldNormalization(false, false);
  }

  /**
   * Returns a pass that keeps only a whole number, common to all channels, of the offset in front
   * of a padded convolution on the network's input: the rounded mean of the channels' means. The
   * rest is folded into the bias.
   *
   * <p>8-bit pixels minus a whole number are the same integers with another zero point, so that the
   * subtraction is exact in an integer network. Otherwise each channel's mean would be subtracted
   * in floats and the difference rounded to steps slightly wider than one grey level. The padding
   * changes, and with it the results at the border: it represents one grey level, 114 for
   * ImageNet's means, instead of each channel's mean. If that number is outside 0..255, the pass
   * stays exact.
   */
  public FoldNormalization withCommonOffset() {
    return new FoldNormalization(intoDense, true);
  }

  // In standard deviations: at this magnitude a float still resolves a ten-thousandth.
  private static final double MAX_OFFSET = 1000;

  /** Pending operation {@code y = scale * x + offset} per channel, since tensor {@code from}. */
  private static final class Affine {
    private final String from;
    private final double[] scale;
    private final double[] offset;

    private Affine(String from, double[] scale, double[] offset) {
      this.from = from;
      this.scale = scale;
      this.offset = offset;
    }

    /**
     * Whether a kernel can absorb the operation without loss of digits. A feature with a small
     * deviation compared to its mean would become the small difference of two large products.
     */
    private boolean keepsPrecision() {
      return Arrays.stream(scale).noneMatch(s -> s == 0)
          && Arrays.stream(offset).allMatch(o -> Math.abs(o) <= MAX_OFFSET);
    }
  }

  @Override
  public Model apply(Model model) {
    Network network = model.network();
    Map<String, Affine> pending = new HashMap<>();
    List<Layer> layers = new ArrayList<>();
    Weights.Builder folded = Weights.builder();
    for (Layer layer : network.layers()) {
      if (isAffine(layer) && foldable(model, layer)) {
        pending.put(layer.name(), affine(model, layer, pending.get(layer.inputs().get(0))));
      } else if (layer.inputs().size() == 1 && pending.containsKey(layer.inputs().get(0))) {
        Affine affine = pending.get(layer.inputs().get(0));
        foldInto(model, layer, affine, layers, folded);
      } else {
        layers.add(layer);
      }
    }
    Network rewritten =
        new Network(
            network.name(), network.input(), network.inputShape(), layers, network.outputs());
    return new Model(rewritten, model.weights().plus(folded.build()));
  }

  private static boolean isAffine(Layer layer) {
    return layer instanceof Rescaling || layer instanceof Normalization;
  }

  /**
   * Whether all readers of the tensor can absorb the operation, directly or through further such
   * layers.
   */
  private boolean foldable(Model model, Layer layer) {
    Network network = model.network();
    if (network.outputs().contains(layer.name()) || !affine(model, layer, null).keepsPrecision()) {
      return false;
    }
    List<Layer> readers = network.readers(layer.name());
    return !readers.isEmpty()
        && readers.stream()
            .allMatch(
                reader ->
                    (intoDense && reader instanceof Dense)
                        || reader instanceof Conv2D
                        || (isAffine(reader) && foldable(model, reader)));
  }

  private static Affine affine(Model model, Layer layer, Affine before) {
    String input = layer.inputs().get(0);
    List<Integer> shape = model.network().shape(input);
    int channels = shape.get(shape.size() - 1);
    double[] scale = new double[channels];
    double[] offset = new double[channels];
    if (layer instanceof Rescaling rescaling) {
      for (int c = 0; c < channels; c++) {
        scale[c] = rescaling.scale().get(rescaling.scale().size() == 1 ? 0 : c);
        offset[c] = rescaling.offset().get(rescaling.offset().size() == 1 ? 0 : c);
      }
    } else {
      float[] mean = model.weights().floats(layer.name() + "/mean");
      float[] variance = model.weights().floats(layer.name() + "/variance");
      for (int c = 0; c < channels; c++) {
        scale[c] = 1 / Math.max(Math.sqrt(variance[c]), Normalization.EPSILON);
        offset[c] = -mean[c] * scale[c];
      }
    }
    if (before == null) {
      return new Affine(input, scale, offset);
    }
    for (int c = 0; c < channels; c++) {
      offset[c] += scale[c] * before.offset[c];
      scale[c] *= before.scale[c];
    }
    return new Affine(before.from, scale, offset);
  }

  private void foldInto(
      Model model, Layer layer, Affine affine, List<Layer> layers, Weights.Builder folded) {
    Weights weights = model.weights();
    String input = layer.inputs().get(0);
    Layer redirected = layer.reading(input, affine.from);
    boolean padded =
        layer instanceof Conv2D conv && conv.padding() == Padding.SAME && conv.kernelSize() > 1;
    double[] remainder = affine.offset.clone();
    if (padded) {
      // scale * x + offset = scale * (x + shift) + remainder
      List<Double> shift = shift(affine, affine.from.equals(model.network().input()));
      for (int c = 0; c < remainder.length; c++) {
        remainder[c] = shift.size() == 1 ? affine.offset[c] - affine.scale[c] * shift.get(0) : 0;
      }
      String name = layer.name() + "_centering";
      layers.add(new Rescaling(name, affine.from, List.of(1.0), shift));
      redirected = layer.reading(input, name);
    }
    FloatTensor kernel = Kernels.floats(weights, layer);
    int outputs = kernel.shape().get(kernel.shape().size() - 1);
    float[] values = kernel.toFloats();
    double[] bias = new double[outputs];
    weights.find(layer.name() + "/bias").ifPresent(b -> Arrays.setAll(bias, i -> b.toFloats()[i]));
    for (int i = 0; i < values.length; i++) {
      int in = i / outputs % affine.scale.length;
      bias[i % outputs] += values[i] * remainder[in];
      values[i] = (float) (values[i] * affine.scale[in]);
    }
    folded.put(Kernels.name(layer), FloatTensor.of(values, kernel.shape()));
    if (Arrays.stream(remainder).allMatch(r -> r == 0)) {
      layers.add(redirected);
    } else {
      Kernels.putBias(layer, bias, folded);
      layers.add(
          redirected instanceof Dense dense ? dense.biased() : ((Conv2D) redirected).biased());
    }
  }

  /** Offset in front of a padded convolution: one per channel, or one whole number for all. */
  private List<Double> shift(Affine affine, boolean atInput) {
    List<Double> exact = new ArrayList<>();
    for (int c = 0; c < affine.scale.length; c++) {
      exact.add(affine.offset[c] / affine.scale[c]);
    }
    double grey =
        Math.rint(-exact.stream().mapToDouble(Double::doubleValue).average().orElseThrow());
    boolean usable = commonOffset && atInput && grey >= 0 && grey <= MAX_PIXEL;
    return usable ? List.of(0 - grey) : exact;
  }
}
