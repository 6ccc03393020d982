package io.github.deepxray.cli;

import io.github.deepxray.train.recipe.FineTuningRecipe;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How the backbone is trained further. */
final class FineTuneOptions {
  @Option(
      names = "--fine-tune-epochs",
      paramLabel = "<n>",
      description = "The most epochs of fine-tuning. Default: 5, or the file's.")
  private Optional<Integer> epochs;

  @Option(
      names = "--fine-tune-learning-rate",
      paramLabel = "<rate>",
      description = "AdamW's learning rate at its peak. Default: 1e-4, or the file's.")
  private Optional<Double> learningRate;

  @Option(
      names = "--fine-tune-views",
      paramLabel = "<n>",
      description =
          "How many augmented views of each training image to fine-tune on. Default: 5, or the"
              + " file's.")
  private Optional<Integer> views;

  /** What {@code --fine-tune} says, with these options. */
  FineTuningRecipe spec(String blockOrFile) throws IOException {
    FineTuningRecipe spec = FineTuningRecipe.of(blockOrFile);
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
