package io.github.deepxray.cli;

import io.github.deepxray.classify.GateLimits;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.ElementType;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.optimize.quantize.RangeMethod;
import io.github.deepxray.optimize.quantize.RangeSelection;
import io.github.deepxray.optimize.quantize.SearchLimits;
import io.github.deepxray.train.FormsSpec;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options of quantized forms. */
final class QuantizeOptions {
  @Option(
      names = "--calibration-images",
      defaultValue = "200",
      paramLabel = "<n>",
      description =
          "Number of training images for the calibration of activation ranges. Default: "
              + "${DEFAULT-VALUE}.")
  private int calibrationImages;

  @Option(
      names = "--ranges",
      paramLabel = "<method>",
      description =
          "Calibration method of activation ranges: min-max, percentile[:<share>], mse, "
              + "entropy or moving-average[:<momentum>]. Default: percentile:0.9998 for int8, "
              + "min-max for int16x8.")
  private Optional<String> ranges;

  @Option(
      names = "--range-of",
      split = ",",
      paramLabel = "<layers>=<method>",
      description =
          "Calibration methods of single layers, such as " + "stem=percentile:0.999,block2a=mse.")
  private List<String> rangesOf = List.of();

  @Option(
      names = "--keep-float",
      split = ",",
      paramLabel = "<layers>",
      description =
          "Layers to keep in floats: names, blocks (stem, block2a) or patterns with * and ?.")
  private List<String> keepFloat = List.of();

  @Option(
      names = "--auto-keep-float",
      defaultValue = "0",
      paramLabel = "<n>",
      description =
          "Maximum number of layers for the search: finds the fewest layers to keep in "
              + "floats with which an int8 or int16x8 model passes the gate on the validation "
              + "split; 0 for no search. Default: ${DEFAULT-VALUE}.")
  private int autoKeepFloat;

  @Option(
      names = "--max-slowdown",
      defaultValue = "1.15",
      paramLabel = "<factor>",
      description =
          "Maximum estimated slowdown of the model by the search. Default: " + "${DEFAULT-VALUE}.")
  private double maxSlowdown;

  @Option(
      names = "--integer-head",
      description =
          "Also quantize the head. It is a thousandth of the computation; in floats it "
              + "keeps the order of confident cases.")
  private boolean integerHead;

  @Option(
      names = "--exact-padding",
      description =
          "Pad the stem with the mean of each channel instead of one grey. The mean is "
              + "subtracted in floats, and the input is rounded to steps slightly larger than "
              + "one grey level.")
  private boolean exactPadding;

  @Option(
      names = "--refit-head",
      defaultValue = "auto",
      paramLabel = "<when>",
      description =
          "Train the head again on the features of the integer backbone: auto (if the "
              + "validation probabilities get closer to the trained model's; never for "
              + "int16x8, where it takes hours), always or never. Default: ${DEFAULT-VALUE}.")
  private FormsSpec.Refit refitHead;

  @Option(
      names = "--integer-input",
      defaultValue = "float32",
      paramLabel = "<type>",
      description =
          "Input type of int8 models: float32, or pixels as int8 or uint8 with the "
              + "input's scale and zero point. Default: ${DEFAULT-VALUE}.")
  private ElementType input;

  @Option(
      names = "--integer-output",
      defaultValue = "float32",
      paramLabel = "<type>",
      description =
          "Output type of int8 models: float32, int8 or uint8. Integers are multiples of "
              + "1/256; without --integer-head, only the result of the float head is rounded. "
              + "Default: ${DEFAULT-VALUE}.")
  private ElementType output;

  @Option(
      names = "--bias-correction",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Correct the biases of int8 models so that each channel keeps its float mean; "
              + "takes one or two minutes. Default: ${DEFAULT-VALUE}.")
  private boolean biasCorrection;

  @Option(
      names = {"--report", "--layer-report"},
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Write the quantization error of each layer of int8 and int16x8 models: "
              + "layers-<form>.html and layers-<form>.json, in the bundle's folder reports. "
              + "Default: ${DEFAULT-VALUE}.")
  private boolean report;

  /** Options without effect on forms with float activations. */
  private static final List<String> CALIBRATED =
      List.of(
          "--calibration-images",
          "--ranges",
          "--range-of",
          "--auto-keep-float",
          "--max-slowdown",
          "--integer-head",
          "--refit-head",
          "--layer-report");

  /** Options that affect only int8. */
  private static final List<String> INT8 =
      List.of("--exact-padding", "--integer-input", "--integer-output", "--bias-correction");

  /**
   * Refuses options on the command line that would be ignored with these forms.
   *
   * @param all names of all these options
   * @param forms name of the option for forms
   */
  void refuseIgnored(
      CommonOptions common, Collection<String> all, List<String> chosen, String forms)
      throws IOException {
    Usage.refuseIgnored(common, !chosen.isEmpty(), all, forms);
    List<QuantizationMode> modes =
        Usage.check(common, () -> chosen.stream().map(QuantizationMode::of).toList());
    if (modes.isEmpty()) {
      return;
    }
    Usage.refuseIgnored(
        common,
        modes.stream().anyMatch(QuantizationMode::calibrated),
        CALIBRATED,
        "int8 or int16x8 in " + forms);
    Usage.refuseIgnored(common, modes.contains(QuantizationMode.INT8), INT8, "int8 in " + forms);
    Usage.refuseIgnored(common, autoKeepFloat > 0, List.of("--max-slowdown"), "--auto-keep-float");
  }

  private static ElementType eightBits(String option, ElementType type) {
    if (type == ElementType.INT16) {
      throw new DeepXrayException(option + " must be float32, int8 or uint8, not int16.");
    }
    return type;
  }

  /** Returns the options of forms. */
  FormsSpec options(List<String> forms, boolean sparse, GateLimits limits, long seed) {
    List<QuantizationSpec> specs =
        forms.stream().map(form -> spec(QuantizationMode.of(form))).toList();
    if (autoKeepFloat > 0 && !(maxSlowdown >= 1)) {
      throw new DeepXrayException("--max-slowdown must be 1 or more, not " + maxSlowdown + ".");
    }
    return new FormsSpec(
        specs,
        calibrationImages,
        biasCorrection,
        refitHead,
        autoKeepFloat == 0
            ? Optional.empty()
            : Optional.of(new SearchLimits(autoKeepFloat, maxSlowdown)),
        report,
        eightBits("--integer-input", input),
        eightBits("--integer-output", output),
        sparse,
        limits,
        seed);
  }

  /** Returns the options of a form, without those for other forms. */
  private QuantizationSpec spec(QuantizationMode mode) {
    QuantizationSpec spec = QuantizationSpec.of(mode).withKeepFloat(keepFloat);
    if (!mode.calibrated()) {
      return spec;
    }
    RangeSelection selection =
        ranges.map(name -> RangeSelection.of(RangeMethod.of(name))).orElse(spec.ranges());
    for (int i = rangesOf.size() - 1; i >= 0; i--) {
      RangeSelection.Rule rule = RangeSelection.Rule.of(rangesOf.get(i));
      selection = selection.with(rule.tensors(), rule.method());
    }
    spec = spec.withRanges(selection).withIntegerHead(integerHead);
    return mode == QuantizationMode.INT8 ? spec.withExactPadding(exactPadding) : spec;
  }
}
