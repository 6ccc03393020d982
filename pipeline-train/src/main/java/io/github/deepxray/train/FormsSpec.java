package io.github.deepxray.train;

import io.github.deepxray.classify.GateLimits;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.ElementType;
import io.github.deepxray.optimize.internal.quantize.BiasCorrection;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.optimize.quantize.SearchLimits;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Optional;

/**
 * Specification of the quantized forms of a classifier.
 *
 * @param forms quantized forms to create
 * @param calibrationImages number of training images for calibration
 * @param biasCorrection whether the biases of {@link QuantizationMode#INT8} are corrected so that
 *     each channel keeps its float mean, see {@link BiasCorrection}
 * @param refit whether the head of calibrated forms is trained again
 * @param search limits of the search for layers to keep in floats; empty for no search. The search
 *     tests forms with corrected biases and with the original head; each test takes as long as
 *     quantization without a search
 * @param reports whether to write layer reports of calibrated forms
 * @param input element type of the input of integer forms
 * @param output element type of the output of integer forms
 * @param sparse whether kernels that are mostly zeros are stored sparse
 * @param limits gate limits of the search on the validation split
 * @param seed seed of the choice of calibration images
 */
@RecordBuilder
public record FormsSpec(
    List<QuantizationSpec> forms,
    int calibrationImages,
    boolean biasCorrection,
    Refit refit,
    Optional<SearchLimits> search,
    boolean reports,
    ElementType input,
    ElementType output,
    boolean sparse,
    GateLimits limits,
    long seed)
    implements FormsSpecBuilder.With {
  /** Condition for training the head again on the features of the integer backbone. */
  public enum Refit {
    /**
     * If the validation probabilities get closer to the trained model's; never for {@link
     * QuantizationMode#INT16X8}, whose 16-bit activations lose little and which runs without
     * XNNPACK, so that the features of all training images would take hours.
     */
    AUTO,
    /** Always. */
    ALWAYS,
    /** Never. */
    NEVER
  }

  /** Checks the numbers. */
  public FormsSpec {
    forms = List.copyOf(forms);
    if (calibrationImages < 1) {
      throw new DeepXrayException(
          "At least 1 image is needed to calibrate, not " + calibrationImages + ".");
    }
    if (forms.stream().map(QuantizationSpec::mode).distinct().count() < forms.size()) {
      throw new DeepXrayException("Two of the quantized forms are of the same kind; name one.");
    }
  }

  /** Returns a specification with default options. */
  public static FormsSpec of(List<QuantizationSpec> forms, long seed) {
    return new FormsSpec(
        forms,
        200,
        true,
        Refit.AUTO,
        Optional.empty(),
        true,
        ElementType.FLOAT32,
        ElementType.FLOAT32,
        false,
        GateLimits.QUANTIZATION,
        seed);
  }
}
