package io.github.deepxray.cli;

import io.github.deepxray.classify.GateLimits;
import io.github.deepxray.train.FormsSpec;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code quantize}. */
@Command(
    name = "quantize",
    description = {
      "Creates smaller and faster quantized forms of the trained classifier.",
      "",
      "Reads <out>/data and the trained classifier; writes <out>/quantize, whose "
          + "files export copies into the bundle. Ranges are calibrated on training "
          + "images; the threshold and float layers are chosen on the validation split. "
          + "--report (default; --no-report omits it) writes layers-int8.html and .json "
          + "with the range, clipping and noise of each layer, to analyse a loss of "
          + "accuracy.",
      "",
      "The dynamic form needs no calibration and is in every bundle.",
      ""
    },
    footer = {"", "Example: deepxray quantize --forms int8 --out work"},
    sortOptions = false)
final class QuantizeCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;

  @Option(
      names = "--forms",
      split = ",",
      defaultValue = "int8",
      paramLabel = "<forms>",
      description = "Forms: ${bundle:quantization.names}. Default: ${DEFAULT-VALUE}.")
  private List<String> forms;

  @Mixin private StageOptions stage;
  @Mixin private QuantizeOptions options;
  @Mixin private SparseOption sparse;
  @Mixin private SeedOption seed;

  @Override
  public Integer call() throws Exception {
    options.refuseIgnored(common, Usage.names(common, "options"), forms, "--forms");
    FormsSpec quantizerOptions =
        Usage.check(
            common,
            () -> options.options(forms, sparse.sparse, GateLimits.QUANTIZATION, seed.seed));
    Usage.check(common, () -> stage.pipeline(common, new ResultPrinter(common)))
        .quantize(quantizerOptions);
    stage.place.keepConfig(common);
    return 0;
  }
}
