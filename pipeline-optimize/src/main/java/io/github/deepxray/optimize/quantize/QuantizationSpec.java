package io.github.deepxray.optimize.quantize;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.optimize.internal.FoldNormalization;
import io.github.deepxray.optimize.internal.LayerPatterns;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;

/**
 * Options of quantization.
 *
 * @param mode the mode
 * @param ranges the range methods of activations; only for modes with calibration
 * @param keepFloat layers that stay in floats, see {@link LayerPatterns}
 * @param integerHead whether the layers on the feature vector also compute in integers. They are a
 *     thousandth of the work, and a probability in steps of 1/256 has ties among confident cases
 * @param exactPadding whether the padding of the stem is each channel's mean instead of one grey
 *     level, at the cost of a float subtraction and of rounding to steps slightly wider than one
 *     grey level, see {@link FoldNormalization#withCommonOffset}; only for {@link
 *     QuantizationMode#INT8}, since other modes are exact
 */
@RecordBuilder
public record QuantizationSpec(
    QuantizationMode mode,
    RangeSelection ranges,
    List<String> keepFloat,
    boolean integerHead,
    boolean exactPadding)
    implements QuantizationSpecBuilder.With {
  /** Copies the list and checks that the options apply to the mode. */
  public QuantizationSpec {
    keepFloat = List.copyOf(keepFloat);
    if (!mode.calibrated() && !ranges.equals(defaultRanges(mode))) {
      throw new DeepXrayException(
          "Quantization " + mode + " has no ranges; omit the range methods.");
    }
    if (!mode.calibrated() && integerHead) {
      throw new DeepXrayException(
          "Quantization " + mode + " has float activations; omit the integer head.");
    }
    if (mode != QuantizationMode.INT8 && exactPadding) {
      throw new DeepXrayException(
          "Quantization " + mode + " always pads exactly; omit the exact padding.");
    }
  }

  /**
   * Returns the default options of a mode: percentiles with 8 bits, min-max with 16 bits, where
   * steps are fine enough; the head in floats.
   */
  public static QuantizationSpec of(QuantizationMode mode) {
    return new QuantizationSpec(mode, defaultRanges(mode), List.of(), false, false);
  }

  private static RangeSelection defaultRanges(QuantizationMode mode) {
    return RangeSelection.of(
        mode == QuantizationMode.INT8 ? RangeMethod.PERCENTILE : RangeMethod.MIN_MAX);
  }
}
