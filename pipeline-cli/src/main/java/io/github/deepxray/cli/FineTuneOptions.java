package io.github.deepxray.cli;

import io.github.deepxray.train.recipe.FineTuningRecipe;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options of fine-tuning. */
final class FineTuneOptions {
  @Option(
      names = "--fine-tune-epochs",
      paramLabel = "<n>",
      description = "Maximum number of epochs of fine-tuning. Default: 5, or the file's.")
  private Optional<Integer> epochs;

  @Option(
      names = "--fine-tune-learning-rate",
      paramLabel = "<rate>",
      description = "Peak learning rate of AdamW. Default: 1e-4, or the file's.")
  private Optional<Double> learningRate;

  @Option(
      names = "--fine-tune-views",
      paramLabel = "<n>",
      description = "Number of augmented views of each training image. Default: 5, or the file's.")
  private Optional<Integer> views;

  /** Returns the settings of {@code --fine-tune} with these options. */
  FineTuningRecipe spec(String blockOrFile) throws IOException {
    return spec(FineTuningRecipe.of(blockOrFile));
  }

  /** Returns settings with these options. */
  FineTuningRecipe spec(FineTuningRecipe usual) {
    FineTuningRecipe spec = usual;
    if (epochs.isPresent()) {
      spec = spec.withEpochs(epochs.get());
    }
    if (learningRate.isPresent()) {
      spec = spec.withLearningRate(learningRate.get());
    }
    if (views.isPresent()) {
      spec = spec.withViews(views.get());
    }
    return spec;
  }
}
