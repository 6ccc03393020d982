package io.github.deepxray.cli;

import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.train.FineTuningSpec;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A stage between training and evaluation. */
@Command(
    name = "finetune",
    description = {
      "Trains the last layers of the backbone, or all of it, together with the head.",
      "",
      "Reads <out>/data and <out>/train (or <out>/prune); writes <out>/finetune. What comes before"
          + " the first trained block runs once; its activations are kept in <out>/cache. The epoch"
          + " with the lowest loss on augmented views of the validation split is kept. With"
          + " --prune-gradually, weights are removed on the way. A run that was interrupted goes on"
          + " at its last epoch.",
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
          "The first block to train, such as block6a, block7a, top (the last convolution) or all;"
              + " or a .yaml or .json file with the fields of a fine-tuning. Default:"
              + " ${DEFAULT-VALUE}.")
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
          "Go on from a checkpoint of the same fine-tuning; --no-resume starts anew."
              + " Default: ${DEFAULT-VALUE}.")
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
