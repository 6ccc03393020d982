package io.github.deepxray.optimize.internal.quantize;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Quantization;
import io.github.deepxray.core.network.Quantization.Affine;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.optimize.internal.Range;
import java.util.List;
import java.util.function.Predicate;

/**
 * Input range of an 8-bit swish: convolutions write values far below 0, where its output is 0. The
 * sigmoid has the step 1/256, so it is 0 below {@code -ln 511 = -6.24}, and so is the product.
 * Clipping those values gives finer steps: the first depthwise convolution of EfficientNetB0 writes
 * -41 to 15; with -6.5 to 15 the steps are two fifths as wide.
 */
final class SwishInputRange {
  /** Below {@code -ln 511} by more than the shift of a range from rounding the zero point. */
  static final double LEAST = -6.5;

  private SwishInputRange() {}

  /**
   * Whether only an integer swish reads the tensor.
   *
   * @param integer whether the layer of a name computes in integers
   */
  static boolean is(Network network, String tensor, Predicate<String> integer) {
    List<Layer> readers = network.readers(tensor);
    return !network.outputs().contains(tensor)
        && readers.size() == 1
        && isSwish(readers.get(0))
        && integer.test(readers.get(0).name());
  }

  static boolean isSwish(Layer layer) {
    return layer instanceof Activation activation && activation.function() == Function.SWISH;
  }

  /** Value below which differences in the tensor have no effect. */
  static double least(Model quantized, String tensor) {
    Quantization quantization = quantized.quantization();
    return quantization.arithmetic() == Arithmetic.INT8
            && is(quantized.network(), tensor, quantization::integer)
        ? LEAST
        : Double.NEGATIVE_INFINITY;
  }

  /** Whether the tensor's integer range ends like that of {@link #needed}. */
  static boolean isCut(Model quantized, String tensor) {
    Affine affine = quantized.quantization().tensor(tensor);
    return least(quantized, tensor) == LEAST
        && Math.abs(Range.of(affine, Arithmetic.INT8).min() - LEAST) < affine.scale();
  }

  /** Returns the relevant part of a range. */
  static Range needed(Range range) {
    return range.min() < LEAST ? new Range(LEAST, range.max()) : range;
  }
}
