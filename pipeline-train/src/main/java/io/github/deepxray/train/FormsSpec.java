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
 * Which smaller and faster forms of a classifier are made, and how.
 *
 * @param forms the forms to make
 * @param calibrationImages how many training images the ranges are measured on
 * @param biasCorrection whether the biases of {@link QuantizationMode#INT8} give each channel the
 *     mean it has in floats, see {@link BiasCorrection}
 * @param refit whether the head is trained anew, for forms that are calibrated
 * @param search where the search for layers to keep in floats gives up; empty for no search. It
 *     judges forms as they are written, biases corrected, but for a head that is trained anew; each
 *     verdict takes as long as quantizing without a search
 * @param reports whether to write what each layer loses, for forms that are calibrated
 * @param input what the input of integer forms is made of
 * @param output what the output of integer forms is made of
 * @param sparse whether kernels that are mostly zeros are stored without them
 * @param limits what the search for layers tries to reach on the validation split
 * @param seed of the choice of training images
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
  /** Whether the head is trained anew on the features of the integer backbone. */
  public enum Refit {
    /**
     * If that brings the validation probabilities closer to the trained model's; never for {@link
     * QuantizationMode#INT16X8}, whose 16 bits lose next to nothing and run without XNNPACK, so
     * that its features of all training images would take hours.
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
      throw new DeepXrayException("Two of the quantizations are of the same kind; name one.");
    }
  }

  /** These forms, everything else by default. */
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
