package io.github.deepxray.cli;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.pipeline.Pipeline;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.recipe.Augmentation;
import io.github.deepxray.train.recipe.CalibrationMode;
import io.github.deepxray.train.recipe.GuardMode;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.recipe.Recipe;
import io.github.deepxray.train.recipe.ValidationViews;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options of head training. */
final class TrainOptions {
  /** Options for the choice of thresholds of two classes. */
  static final List<String> THRESHOLDS =
      List.of("--target-sensitivity", "--target-prevalence", "--threshold-views");

  @Option(
      names = "--recipe",
      defaultValue = "fast",
      paramLabel = "<name>",
      description =
          "Complete settings, which other options change: original (the Python project's "
              + "head on the unchanged images), fast (frozen backbone, framed views), best "
              + "(as fast, then fine-tuned). Default: ${DEFAULT-VALUE}.")
  Recipe recipe;

  @Option(
      names = "--head",
      paramLabel = "<name|file>",
      description =
          "Head: ensemble (logistic regression and a hidden layer, averaged), logistic, "
              + "mlp, original (the Python project's), or a .yaml or .json file. Default: the "
              + "recipe's.")
  Optional<String> head;

  @Option(
      names = "--views",
      paramLabel = "<n>",
      description =
          "Number of views of each training image, 1 for no augmentation. Default: the "
              + "head's.")
  Optional<Integer> views;

  @Option(
      names = "--augmentation",
      paramLabel = "<name>",
      description =
          "Changes in the other views: framing (another framing and aspect ratio, so that the "
              + "classifier learns less from the framing), mild, strong. Default: the head's.")
  Optional<Augmentation> augmentation;

  @Option(
      names = "--epochs",
      paramLabel = "<n>",
      description = "Maximum number of epochs. Default: the head's.")
  Optional<Integer> epochs;

  @Option(
      names = "--patience",
      paramLabel = "<n>",
      description =
          "Early stopping: number of epochs without a lower loss on the head's validation "
              + "images after which "
              + "training stops and the best weights are kept; 0 to train all epochs and keep "
              + "the last weights. Default: the head's.")
  Optional<Integer> patience;

  @Option(
      names = "--target-sensitivity",
      paramLabel = "<share>",
      description =
          "Sensitivity of the decision threshold on the validation split, for two "
              + "classes. Default: the recipe's.")
  Optional<Double> targetSensitivity;

  @Option(
      names = "--threshold-views",
      paramLabel = "<views>",
      description =
          "Validation images on which the decision threshold reaches its sensitivity, for two "
              + "classes: plain, or framed for randomly framed views. Default: the recipe's.")
  Optional<ValidationViews> thresholdViews;

  @Option(
      names = "--calibration",
      paramLabel = "<choice>",
      description =
          "Calibration of the probabilities on the validation images of --threshold-views: auto "
              + "for the method with the lowest cross-validated log loss (none, temperature, or "
              + "platt for two classes), or none. Decisions stay the same. Default: the recipe's.")
  Optional<CalibrationMode> calibration;

  @Option(
      names = "--guard",
      paramLabel = "<choice>",
      description =
          "Input guard of the exported models: auto for a second output that tells how unlike the "
              + "training images an input is, or none for models with one output. Default: the "
              + "recipe's; original has none.")
  Optional<GuardMode> guard;

  @Option(
      names = "--target-prevalence",
      defaultValue = "0.5",
      paramLabel = "<share>",
      description =
          "Prevalence where the classifier is used, for the prior-corrected threshold of "
              + "two classes. Default: ${DEFAULT-VALUE}.")
  double targetPrevalence;

  @Option(
      names = "--checkpoint-every",
      defaultValue = "10",
      paramLabel = "<epochs>",
      description = "Number of epochs between checkpoints. Default: ${DEFAULT-VALUE}.")
  int checkpointEvery;

  @Option(
      names = "--resume",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Resume from a checkpoint of the same training; --no-resume ignores it. "
              + "Default: ${DEFAULT-VALUE}.")
  boolean resume;

  TrainingSpec options(long seed) throws IOException {
    HeadSpec spec = head.isPresent() ? HeadSpec.of(head.get()) : recipe.head();
    if (views.isPresent()) {
      spec = spec.withViews(views.get());
    }
    if (augmentation.isPresent()) {
      spec = spec.withAugmentation(augmentation.get());
    }
    if (augmentation.isPresent() && spec.views() == 1) {
      throw new DeepXrayException(
          "--augmentation would be ignored: head "
              + spec.name()
              + " uses only the unchanged images; give more --views.");
    }
    if (epochs.isPresent()) {
      spec = spec.withEpochs(epochs.get());
    }
    if (patience.isPresent()) {
      spec = spec.withPatience(patience.get());
    }
    return new TrainingSpec(
        spec,
        seed,
        targetSensitivity.orElse(recipe.targetSensitivity()),
        targetPrevalence,
        thresholdViews.orElse(recipe.thresholdViews()),
        calibration.orElse(recipe.calibration()),
        guard.orElse(recipe.guard()));
  }

  /** Returns a pipeline with the checkpoint options. */
  Pipeline checkpoints(Pipeline pipeline) {
    Pipeline writing = pipeline.withCheckpointEvery(checkpointEvery);
    return resume ? writing : writing.withoutResuming();
  }
}
