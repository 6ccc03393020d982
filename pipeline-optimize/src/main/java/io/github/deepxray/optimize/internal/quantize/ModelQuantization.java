package io.github.deepxray.optimize.internal.quantize;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.optimize.internal.DynamicRangeQuantization;
import io.github.deepxray.optimize.internal.Float16Weights;
import io.github.deepxray.optimize.internal.FoldNormalization;
import io.github.deepxray.optimize.internal.LayerPatterns;
import io.github.deepxray.optimize.internal.Pass;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.optimize.internal.WeightOnlyQuantization;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import java.util.Set;

/**
 * Quantization of models by a specification.
 *
 * @param spec the mode and its options
 */
public record ModelQuantization(QuantizationSpec spec) {
  /**
   * Folds a float model as this quantization needs it. The result is still a float model, for
   * calibration and for comparison with the quantized model.
   */
  public Model prepare(Model model) {
    return folding().apply(model);
  }

  private Pass folding() {
    // A head with an integer kernel and float activations keeps the standardization in front.
    FoldNormalization normalization =
        spec.mode() == QuantizationMode.FLOAT16 || spec.integerHead()
            ? new FoldNormalization()
            : FoldNormalization.intoConvolutions();
    return Passes.simplifying()
        .then(
            spec.mode() == QuantizationMode.INT8 && !spec.exactPadding()
                ? normalization.withCommonOffset()
                : normalization);
  }

  /**
   * Quantizes a prepared model.
   *
   * @throws DeepXrayException if the mode needs calibration, or a float layer does not exist
   */
  public Model quantize(Model prepared) {
    Set<String> floatLayers = LayerPatterns.layers(prepared.network(), spec.keepFloat());
    return switch (spec.mode()) {
      case FLOAT16 -> new Float16Weights(floatLayers).apply(prepared);
      case WEIGHTS -> new WeightOnlyQuantization(floatLayers).apply(prepared);
      case DYNAMIC -> new DynamicRangeQuantization(floatLayers).apply(prepared);
      case INT8, INT16X8 ->
          throw new DeepXrayException(
              "Quantization " + spec.mode() + " needs the ranges of activations; calibrate first.");
    };
  }

  /**
   * Quantizes a prepared model with its calibration, which modes without ranges ignore.
   *
   * @throws DeepXrayException if the calibration is of another model, or a float layer does not
   *     exist
   */
  public Model quantize(Model prepared, Calibration calibration) {
    return spec.mode().calibrated()
        ? integerQuantization(prepared, calibration).apply(prepared)
        : quantize(prepared);
  }

  /**
   * Returns the pass of {@link #quantize(Model, Calibration)}, to try several sets of float layers.
   *
   * @throws DeepXrayException as there, or if the mode has no ranges
   */
  public IntegerQuantization integerQuantization(Model prepared, Calibration calibration) {
    Set<String> floatLayers = LayerPatterns.layers(prepared.network(), spec.keepFloat());
    return new IntegerQuantization(
        spec.mode().arithmetic(), calibration, spec.ranges(), floatLayers, spec.integerHead());
  }
}
