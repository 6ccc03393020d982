package io.github.deepxray.cli;

import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.train.FineTuningSpec;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code finetune}. */
@Command(
    name = "finetune",
    description = {
      "Fine-tunes the last layers of the backbone, or all layers, together with the head.",
      "",
      "Reads <out>/data and <out>/train (or <out>/prune); writes <out>/finetune. The "
          + "layers before the first trained block run once; their activations are cached "
          + "in <out>/cache. The epoch with the lowest loss on framed views of the "
          + "validation split is kept. With --prune-gradually, weights are pruned during "
          + "fine-tuning. An interrupted run is resumed at its last epoch.",
      ""
    },
    footer = {"", "Example: deepxray finetune --from block6a --out work"},
    sortOptions = false)
final class FineTuneCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;

  @Option(
      names = "--from",
      defaultValue = "block6a",
      paramLabel = "<block|file>",
      description =
          "First block to train, such as block6a, block7a, top (the last convolution) or "
              + "all; or a .yaml or .json file with the fields of a fine-tuning. Default: "
              + "${DEFAULT-VALUE}.")
  private String from;

  @Mixin private FineTuneOptions options;

  @Option(
      names = "--prune-gradually",
      paramLabel = "<share|file>",
      description = PruneOptions.GRADUALLY)
  private Optional<String> pruneGradually;

  @Option(
      names = "--resume",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Resume from a checkpoint of the same fine-tuning; --no-resume ignores it. "
              + "Default: ${DEFAULT-VALUE}.")
  private boolean resume;

  @Mixin private StageOptions stage;
  @Mixin private SeedOption seed;
  @Mixin private TrackingOptions trackingOptions;

  @Override
  public Integer call() throws Exception {
    FineTuningSpec fineTunerOptions =
        Usage.check(
            common,
            () ->
                new FineTuningSpec(
                    options.spec(from),
                    pruneGradually.isPresent()
                        ? Optional.of(PruningSpec.read(pruneGradually.get()))
                        : Optional.empty(),
                    seed.seed));
    return stage.tracked(
        common,
        trackingOptions,
        pipeline -> (resume ? pipeline : pipeline.withoutResuming()).fineTune(fineTunerOptions));
  }
}
