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

/** How quantized forms are made. */
final class QuantizeOptions {
  @Option(
      names = "--calibration-images",
      defaultValue = "200",
      paramLabel = "<n>",
      description =
          "On how many training images the ranges of activations are measured. Default:"
              + " ${DEFAULT-VALUE}.")
  private int calibrationImages;

  @Option(
      names = "--ranges",
      paramLabel = "<method>",
      description =
          "How the range of an activation follows from what was measured: min-max,"
              + " percentile[:<share>], mse, entropy or moving-average[:<momentum>]. Default:"
              + " percentile:0.9998 for int8, min-max for int16x8.")
  private Optional<String> ranges;

  @Option(
      names = "--range-of",
      split = ",",
      paramLabel = "<layers>=<method>",
      description = "Another method for some layers, such as stem=percentile:0.999,block2a=mse.")
  private List<String> rangesOf = List.of();

  @Option(
      names = "--keep-float",
      split = ",",
      paramLabel = "<layers>",
      description =
          "Layers that stay in floats: names, blocks (stem, block2a) or patterns with * and ?.")
  private List<String> keepFloat = List.of();

  @Option(
      names = "--auto-keep-float",
      defaultValue = "0",
      paramLabel = "<n>",
      description =
          "Search for the fewest layers, at most so many, whose stay in floats brings an int8 or"
              + " int16x8 model through the gate on the validation split; 0 for no search. Default:"
              + " ${DEFAULT-VALUE}.")
  private int autoKeepFloat;

  @Option(
      names = "--max-slowdown",
      defaultValue = "1.15",
      paramLabel = "<factor>",
      description =
          "How much slower, by estimate, that search may make the model. Default:"
              + " ${DEFAULT-VALUE}.")
  private double maxSlowdown;

  @Option(
      names = "--integer-head",
      description =
          "Put the head into integers too. It is a thousandth of the work; in floats confident"
              + " cases keep their order.")
  private boolean integerHead;

  @Option(
      names = "--exact-padding",
      description =
          "Pad the stem with each channel's mean instead of one grey, at the cost of subtracting it"
              + " in floats and rounding to steps a little wider than a grey.")
  private boolean exactPadding;

  @Option(
      names = "--refit-head",
      defaultValue = "auto",
      paramLabel = "<when>",
      description =
          "Train the head anew on what the integer backbone computes: auto (if the validation"
              + " probabilities get closer to the trained model's; int16x8 never, where it takes"
              + " hours), always or never. Default: ${DEFAULT-VALUE}.")
  private FormsSpec.Refit refitHead;

  @Option(
      names = "--integer-input",
      defaultValue = "float32",
      paramLabel = "<type>",
      description =
          "What int8 models read: float32, or pixels as int8 or uint8 by the input's scale and zero"
              + " point. Default: ${DEFAULT-VALUE}.")
  private ElementType input;

  @Option(
      names = "--integer-output",
      defaultValue = "float32",
      paramLabel = "<type>",
      description =
          "What int8 models write: float32, int8 or uint8. Integers are steps of 1/256; without"
              + " --integer-head the head computes in floats and only its result is rounded."
              + " Default: ${DEFAULT-VALUE}.")
  private ElementType output;

  @Option(
      names = "--bias-correction",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Correct the biases of int8 models so that each channel keeps the mean it has in floats;"
              + " takes a minute or two. Default: ${DEFAULT-VALUE}.")
  private boolean biasCorrection;

  @Option(
      names = {"--report", "--layer-report"},
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Write what each layer of int8 and int16x8 models loses: the page layers-<form>.html and"
              + " layers-<form>.json, in the bundle's folder reports. Default: ${DEFAULT-VALUE}.")
  private boolean report;

  /** Of the options, those that say nothing to forms without integer activations. */
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

  /** Those that say something to int8 only. */
  private static final List<String> INT8 =
      List.of("--exact-padding", "--integer-input", "--integer-output", "--bias-correction");

  /**
   * Refuses what is given on the command line and would be ignored with these forms.
   *
   * @param all the names of all these options
   * @param forms the option that names forms
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

  /** The options for some forms. */
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

  /** Options that say nothing to a form are for the other forms. */
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
