package io.github.deepxray.optimize.quantize;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.optimize.internal.FoldNormalization;
import io.github.deepxray.optimize.internal.LayerPatterns;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;

/**
 * How to quantize a model: everything that the command line, configuration files and the library
 * let one choose.
 *
 * @param mode the form
 * @param ranges how to choose the ranges of activations; only for modes that need calibration
 * @param keepFloat layers that stay in floats, see {@link LayerPatterns}
 * @param integerHead whether the layers on the feature vector compute in integers too. They are a
 *     thousandth of the work, and a probability in steps of 1/256 ties the confident cases
 * @param exactPadding whether the padding of the stem stays each channel's mean instead of one
 *     grey, at the cost of a subtraction in floats and of rounding to steps a little wider than a
 *     grey, see {@link FoldNormalization#withCommonOffset}; for {@link QuantizationMode#INT8} only,
 *     the other modes are exact
 */
@RecordBuilder
public record QuantizationSpec(
    QuantizationMode mode,
    RangeSelection ranges,
    List<String> keepFloat,
    boolean integerHead,
    boolean exactPadding)
    implements QuantizationSpecBuilder.With {
  /** Copies the list and checks that the choices concern the mode. */
  public QuantizationSpec {
    keepFloat = List.copyOf(keepFloat);
    if (!mode.calibrated() && !ranges.equals(defaultRanges(mode))) {
      throw new DeepXrayException(
          "Quantization " + mode + " has no ranges to choose; leave out the range methods.");
    }
    if (!mode.calibrated() && integerHead) {
      throw new DeepXrayException(
          "Quantization " + mode + " keeps activations in floats; leave out the integer head.");
    }
    if (mode != QuantizationMode.INT8 && exactPadding) {
      throw new DeepXrayException(
          "Quantization " + mode + " always pads exactly; leave out the exact padding.");
    }
  }

  /**
   * The usual choices: percentiles with 8 bits, everything from the least to the largest value with
   * 16, where steps are fine enough; the head in floats.
   */
  public static QuantizationSpec of(QuantizationMode mode) {
    return new QuantizationSpec(mode, defaultRanges(mode), List.of(), false, false);
  }

  private static RangeSelection defaultRanges(QuantizationMode mode) {
    return RangeSelection.of(
        mode == QuantizationMode.INT8 ? RangeMethod.PERCENTILE : RangeMethod.MIN_MAX);
  }
}
