package io.github.deepxray.cli;

import io.github.deepxray.pipeline.Pipeline;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The command {@code evaluate}. */
@Command(
    name = "evaluate",
    description = {
      "Evaluates the trained classifier on the validation and test splits.",
      "",
      "Reads <out>/data and the last of the classifiers in <out>/train, <out>/prune "
          + "and <out>/finetune; writes <out>/evaluation with metrics.json and the "
          + "predictions. Each metric has a 95 %% bootstrap interval by patient. The "
          + "thresholds were chosen on validation during training.",
      ""
    },
    footer = {"", "Example: deepxray evaluate --out work"},
    sortOptions = false)
final class EvaluateCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;
  @Mixin private StageOptions stage;
  @Mixin private TrackingOptions trackingOptions;

  @Override
  public Integer call() throws Exception {
    return stage.tracked(common, trackingOptions, Pipeline::evaluate);
  }
}
