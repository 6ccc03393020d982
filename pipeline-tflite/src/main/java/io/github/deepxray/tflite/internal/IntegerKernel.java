package io.github.deepxray.tflite.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Quantization.Affine;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.core.weights.Int8Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.tensorflow.lite.schema.TensorType;

/**
 * Kernel and bias for integer sums: the bias has the scale of the products, {@code s_in * s_w[c]},
 * and zero point 0.
 */
final class IntegerKernel {
  /** From this ratio of the summands' step to the output step on, XNNPACK rejects an operator. */
  static final double LARGEST_RATIO = 256;

  // The same for TFLite's kernels with 16-bit activations.
  private static final double LARGEST_RATIO_16 = 128;

  // Below 2^-32 XNNPACK rejects; only a sum of more than 2^12 of the largest products would matter.
  private static final double LEAST_RATIO = 0x1p-28;

  // If only the bias matters: fine enough to make its rounding negligible.
  private static final double BIAS_RATIO = 0x1p-10;

  // Room for the products beside the bias: sums have 32 bits, with 16-bit activations 48.
  private static final double LARGEST_BIAS = 0x1p30;
  private static final double LARGEST_BIAS_16 = 0x1p46;

  private final Int8Tensor kernel;
  private final float[] biasScales;
  private final long[] bias;
  private final boolean wide;

  private IntegerKernel(Int8Tensor kernel, float[] biasScales, long[] bias, boolean wide) {
    this.kernel = kernel;
    this.biasScales = biasScales;
    this.bias = bias;
    this.wide = wide;
  }

  /**
   * Fits a kernel and a bias to the quantization of input and output. The scale of a channel is
   * kept, unless its bias would exceed the range of the sums or its products are too small to
   * matter; then the scale is increased, and the channel's values are rounded again.
   *
   * @throws DeepXrayException if the range of the result is too small for the sums
   */
  static IntegerKernel fit(
      String layer,
      Int8Tensor kernel,
      float[] bias,
      Affine input,
      Affine output,
      Arithmetic arithmetic) {
    boolean wide = arithmetic == Arithmetic.INT16;
    double largestBias = wide ? LARGEST_BIAS_16 : LARGEST_BIAS;
    double outputStep = (double) output.scale() / input.scale();
    boolean[] used = usedChannels(kernel);
    float[] scales = kernel.scales();
    for (int c = 0; c < scales.length; c++) {
      double least =
          Math.max(outputStep * LEAST_RATIO, Math.abs(bias[c]) / largestBias / input.scale());
      if (!used[c]) {
        scales[c] = (float) Math.max(outputStep * BIAS_RATIO, least);
      } else if (scales[c] < least) {
        scales[c] = (float) least;
      }
      requireStep(layer, scales[c] / outputStep, wide ? LARGEST_RATIO_16 : LARGEST_RATIO);
    }
    float[] biasScales = new float[scales.length];
    long[] integers = new long[scales.length];
    for (int c = 0; c < scales.length; c++) {
      biasScales[c] = input.scale() * scales[c];
      integers[c] = Math.round((double) bias[c] / biasScales[c]);
    }
    return new IntegerKernel(rescaled(kernel, scales), biasScales, integers, wide);
  }

  /** Rejects a step of the result that is far finer than that of the summands. */
  static void requireStep(String layer, double ratio, double limit) {
    if (ratio >= limit) {
      throw new DeepXrayException(
          String.format(
              Locale.ROOT,
              "Layer %s cannot be quantized: the step of its sums is %.3g times that of"
                  + " its result, at least %s; calibrate with images that cover its range,"
                  + " or keep the layer in floats.",
              layer,
              ratio,
              limit));
    }
  }

  private static boolean[] usedChannels(Int8Tensor kernel) {
    int channels = kernel.scales().length;
    int inner = inner(kernel);
    boolean[] used = new boolean[channels];
    ByteBuffer values = kernel.asBuffer();
    for (int i = 0; i < kernel.size(); i++) {
      used[i / inner % channels] |= values.get(i) != 0;
    }
    return used;
  }

  private static Int8Tensor rescaled(Int8Tensor kernel, float[] scales) {
    float[] before = kernel.scales();
    int inner = inner(kernel);
    byte[] values = new byte[kernel.size()];
    ByteBuffer from = kernel.asBuffer();
    for (int i = 0; i < values.length; i++) {
      int c = i / inner % scales.length;
      values[i] = (byte) Math.round((double) from.get(i) * before[c] / scales[c]);
    }
    return Int8Tensor.of(values, scales, kernel.axis(), kernel.shape());
  }

  /** Number of consecutive values of a channel. */
  private static int inner(Int8Tensor kernel) {
    return kernel.shape().subList(kernel.axis() + 1, kernel.shape().size()).stream()
        .reduce(1, Math::multiplyExact);
  }

  Int8Tensor kernel() {
    return kernel;
  }

  /** Adds the bias as 32-bit integers, or 64-bit integers with 16-bit activations. */
  int addBias(FlatGraph graph, String name) {
    ByteBuffer data = FlatGraph.littleEndian(bias.length * (wide ? Long.BYTES : Integer.BYTES));
    List<Float> scales = new ArrayList<>();
    for (int c = 0; c < bias.length; c++) {
      if (wide) {
        data.putLong(bias[c]);
      } else {
        data.putInt((int) bias[c]);
      }
      scales.add(biasScales[c]);
    }
    return graph.add(
        new FlatGraph.TensorDef(
            name,
            List.of(bias.length),
            wide ? TensorType.INT64 : TensorType.INT32,
            Optional.of(data.flip()),
            Optional.of(
                new FlatGraph.Quantization(scales, Collections.nCopies(bias.length, 0L), 0))));
  }
}
