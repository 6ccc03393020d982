package io.github.deepxray.cli;

import io.github.deepxray.classify.GateLimits;
import io.github.deepxray.train.FormsSpec;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The stage between evaluation and export. */
@Command(
    name = "quantize",
    description = {
      "Makes smaller and faster forms of the trained classifier.",
      "",
      "Reads <out>/data and the trained classifier; writes <out>/quantize, from where export puts"
          + " the files into the bundle. Ranges are measured on training images; what there is to"
          + " choose, the threshold among it, is chosen on the validation split. --report (on"
          + " unless --no-report) writes layers-int8.html and .json, which answer why quantization"
          + " lost accuracy: per layer its range, what is clipped, and the noise it adds.",
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
      description = "Which forms: ${bundle:quantization.names}. Default: ${DEFAULT-VALUE}.")
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
