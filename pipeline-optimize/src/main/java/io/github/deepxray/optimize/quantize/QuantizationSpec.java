package io.github.deepxray.optimize.quantize;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.optimize.internal.DynamicRangeQuantization;
import io.github.deepxray.optimize.internal.Float16Weights;
import io.github.deepxray.optimize.internal.FoldBatchNormalization;
import io.github.deepxray.optimize.internal.FoldNormalization;
import io.github.deepxray.optimize.internal.LayerPatterns;
import io.github.deepxray.optimize.internal.Pass;
import io.github.deepxray.optimize.internal.RemoveDropout;
import io.github.deepxray.optimize.internal.WeightOnlyQuantization;
import io.github.deepxray.optimize.internal.quantize.Calibration;
import io.github.deepxray.optimize.internal.quantize.IntegerQuantization;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Set;

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

  /**
   * Folds a model of floats the way this quantization needs it. It is still one of floats: this is
   * what to calibrate, and what to compare the quantized model with.
   */
  public Model prepare(Model model) {
    return folding().apply(model);
  }

  private Pass folding() {
    // A head whose kernel is rounded but not its activations keeps the standardization in front.
    FoldNormalization normalization =
        mode == QuantizationMode.FLOAT16 || integerHead
            ? new FoldNormalization()
            : FoldNormalization.intoConvolutions();
    return new RemoveDropout()
        .then(new FoldBatchNormalization())
        .then(
            mode == QuantizationMode.INT8 && !exactPadding
                ? normalization.withCommonOffset()
                : normalization);
  }

  /**
   * Quantizes a prepared model.
   *
   * @throws DeepXrayException if the mode needs calibration, or a layer to keep in floats does not
   *     exist
   */
  public Model quantize(Model prepared) {
    Set<String> floatLayers = LayerPatterns.layers(prepared.network(), keepFloat);
    return switch (mode) {
      case FLOAT16 -> new Float16Weights(floatLayers).apply(prepared);
      case WEIGHTS -> new WeightOnlyQuantization(floatLayers).apply(prepared);
      case DYNAMIC -> new DynamicRangeQuantization(floatLayers).apply(prepared);
      case INT8, INT16X8 ->
          throw new DeepXrayException(
              "Quantization " + mode + " needs the ranges of activations; calibrate first.");
    };
  }

  /**
   * Quantizes a prepared model by its calibration, which modes without ranges do not look at.
   *
   * @throws DeepXrayException if the calibration is of another model, or a layer to keep in floats
   *     does not exist
   */
  public Model quantize(Model prepared, Calibration calibration) {
    return mode.calibrated()
        ? integerQuantization(prepared, calibration).apply(prepared)
        : quantize(prepared);
  }

  /**
   * The pass behind {@link #quantize(Model, Calibration)}, for those who try several sets of float
   * layers.
   *
   * @throws DeepXrayException as there, or if the mode has no ranges
   */
  public IntegerQuantization integerQuantization(Model prepared, Calibration calibration) {
    Set<String> floatLayers = LayerPatterns.layers(prepared.network(), keepFloat);
    return new IntegerQuantization(
        mode.arithmetic(), calibration, ranges, floatLayers, integerHead);
  }
}
