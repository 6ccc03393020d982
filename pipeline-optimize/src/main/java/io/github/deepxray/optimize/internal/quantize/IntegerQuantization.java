package io.github.deepxray.optimize.internal.quantize;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.BatchNormalization;
import io.github.deepxray.core.network.Layer.Dropout;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.Normalization;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Quantization;
import io.github.deepxray.core.network.Quantization.Affine;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Int8Tensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.internal.DynamicRangeQuantization;
import io.github.deepxray.optimize.internal.Kernels;
import io.github.deepxray.optimize.internal.Pass;
import io.github.deepxray.optimize.internal.Range;
import io.github.deepxray.optimize.internal.TensorStatistics;
import io.github.deepxray.optimize.quantize.RangeMethod;
import io.github.deepxray.optimize.quantize.RangeSelection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Quantizes a float model to integer arithmetic: 8-bit kernels with one scale per output channel,
 * 8- or 16-bit activations with ranges from a calibration (Jacob et al. 2018; the TFLite
 * quantization specification).
 *
 * <ul>
 *   <li>8-bit pixels are stored exactly, as {@code pixel - 128}; so are pixels minus a whole
 *       number, see {@link
 *       io.github.deepxray.optimize.internal.FoldNormalization#withCommonOffset}.
 *   <li>The output of a sigmoid or a softmax has the fixed step 1/256 (1/32768 with 16 bits).
 *   <li>A tensor read only by an 8-bit swish is clipped below {@value SwishInputRange#LEAST}, where
 *       that swish is 0, unless the range method is min-max.
 *   <li>Vectors {@code [C]} are clipped only by explicit rules: their values are features or
 *       logits, too few for outliers.
 *   <li>Unfolded normalization stays in floats; so do, by default, all layers on vectors, which are
 *       the head. Kernels of the head with at least {@link DynamicRangeQuantization#MIN_ELEMENTS}
 *       values are still stored as integers; kernels of explicit float layers are not.
 * </ul>
 */
public final class IntegerQuantization implements Pass {
  private final Arithmetic arithmetic;
  private final Calibration calibration;
  private final RangeSelection ranges;
  private final Set<String> floatLayers;
  private final boolean integerHead;

  /**
   * Creates the pass.
   *
   * @param arithmetic of 8 or 16 bits
   * @param calibration the calibration of the model to quantize
   * @param ranges the range methods
   * @param floatLayers the names of layers that stay in floats
   * @param integerHead whether layers on vectors compute in integers
   */
  IntegerQuantization(
      Arithmetic arithmetic,
      Calibration calibration,
      RangeSelection ranges,
      Set<String> floatLayers,
      boolean integerHead) {
    if (!arithmetic.integerActivations()) {
      throw new DeepXrayException(
          "Arithmetic " + arithmetic + " keeps activations in floats; choose INT8 or INT16.");
    }
    this.arithmetic = arithmetic;
    this.calibration = calibration;
    this.ranges = ranges;
    this.floatLayers = Set.copyOf(floatLayers);
    this.integerHead = integerHead;
  }

  /** Returns a copy with other float layers. */
  public IntegerQuantization withFloatLayers(Set<String> layers) {
    return new IntegerQuantization(arithmetic, calibration, ranges, layers, integerHead);
  }

  /** Layers that were given as float layers. */
  public Set<String> floatLayers() {
    return floatLayers;
  }

  /**
   * Quantizes a model.
   *
   * @throws DeepXrayException if a tensor was not calibrated, a kernel is not in floats, or a float
   *     layer does not exist
   */
  @Override
  public Model apply(Model model) {
    Network network = model.network();
    floatLayers.forEach(network::layer);
    Map<String, Affine> tensors = new TreeMap<>();
    tensors.put(network.input(), input(network));
    Set<String> inFloat = new TreeSet<>(floatLayers);
    for (Layer layer : network.layers()) {
      tensors.put(layer.name(), output(network, layer, tensors));
      if (needsFloat(network, layer)) {
        inFloat.add(layer.name());
      }
    }
    Quantization quantization = new Quantization(arithmetic, tensors, inFloat);
    Weights.Builder kernels = Weights.builder();
    for (Layer layer : network.layers()) {
      if (Kernels.has(layer) && !floatLayers.contains(layer.name())) {
        FloatTensor kernel = Kernels.floats(model.weights(), layer);
        if (quantization.integer(layer.name())
            || kernel.size() >= DynamicRangeQuantization.MIN_ELEMENTS) {
          kernels.put(Kernels.name(layer), Int8Tensor.quantize(kernel, Kernels.outputAxis(layer)));
        }
      }
    }
    return new Model(network, model.weights().plus(kernels.build()), quantization);
  }

  private boolean needsFloat(Network network, Layer layer) {
    if (layer instanceof Rescaling rescaling) {
      return !sameIntegers(network, rescaling);
    }
    return layer instanceof Normalization
        || layer instanceof BatchNormalization
        || (!integerHead && network.shape(layer.inputs().get(0)).size() == 1);
  }

  /** Whether the layer subtracts a whole number from pixels, which are already integers. */
  private boolean sameIntegers(Network network, Rescaling layer) {
    double offset = layer.offset().get(0);
    return arithmetic == Arithmetic.INT8
        && pixels(network)
        && layer.input().equals(network.input())
        && layer.scale().stream().allMatch(scale -> scale == 1)
        && layer.offset().stream().allMatch(o -> o == offset)
        && offset == Math.rint(offset)
        && offset <= 0
        && offset >= -255;
  }

  /** Whether the input is an image with values 0..255. */
  private boolean pixels(Network network) {
    TensorStatistics seen = calibration.tensor(network.input());
    return network.inputShape().size() == 3 && seen.min() >= 0 && seen.max() <= 255;
  }

  private Affine input(Network network) {
    if (!pixels(network)) {
      return range(network.input(), RangeMethod.MIN_MAX).affine(arithmetic);
    }
    return new Range(0, 255).affine(arithmetic);
  }

  private Affine output(Network network, Layer layer, Map<String, Affine> tensors) {
    String name = layer.name();
    if (layer instanceof Rescaling rescaling && sameIntegers(network, rescaling)) {
      return new Affine(1, arithmetic.min() - (int) (double) rescaling.offset().get(0));
    } else if (layer instanceof Dropout
        || (layer instanceof Activation linear && linear.function() == Function.LINEAR)) {
      return tensors.get(layer.inputs().get(0));
    } else if (layer instanceof Activation last && last.function().writesProbabilities()) {
      return probabilities(arithmetic);
    }
    Optional<RangeMethod> rule = ranges.rule(name);
    RangeMethod usual =
        network.shape(name).size() == 1 || layer instanceof Rescaling
            ? RangeMethod.MIN_MAX
            : ranges.method();
    RangeMethod chosen = rule.orElse(usual);
    Range range = range(name, chosen);
    boolean cut =
        arithmetic == Arithmetic.INT8
            && !chosen.equals(RangeMethod.MIN_MAX)
            && SwishInputRange.is(network, name, reader -> !floatLayers.contains(reader));
    return (cut ? SwishInputRange.needed(range) : range).affine(arithmetic);
  }

  private Range range(String tensor, RangeMethod method) {
    return Ranges.of(method, calibration.tensor(tensor), arithmetic.max() - arithmetic.min() + 1);
  }

  /** Quantization parameters of TFLite's sigmoid and softmax. */
  static Affine probabilities(Arithmetic arithmetic) {
    return arithmetic == Arithmetic.INT16
        ? new Affine(1f / (1 << 15), 0)
        : new Affine(1f / (1 << 8), Byte.MIN_VALUE);
  }
}
