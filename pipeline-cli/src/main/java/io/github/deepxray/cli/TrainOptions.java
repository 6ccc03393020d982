package io.github.deepxray.cli;

import io.github.deepxray.pipeline.Pipeline;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.recipe.HeadSpec;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How the head is trained. */
final class TrainOptions {
  /** Those that choose a threshold between two classes. */
  static final List<String> THRESHOLDS = List.of("--target-sensitivity", "--target-prevalence");

  @Option(
      names = "--head",
      defaultValue = "ensemble",
      paramLabel = "<name|file>",
      description =
          "The head: ensemble (logistic regression and a hidden layer, averaged), logistic, mlp,"
              + " original (the Python project's), or a .yaml or .json file."
              + " Default: ${DEFAULT-VALUE}.")
  String head;

  @Option(
      names = "--views",
      paramLabel = "<n>",
      description =
          "How many augmented views of each training image to use, 1 for none. Default: the"
              + " head's.")
  Optional<Integer> views;

  @Option(
      names = "--epochs",
      paramLabel = "<n>",
      description = "The most epochs. Default: the head's.")
  Optional<Integer> epochs;

  @Option(
      names = "--patience",
      paramLabel = "<n>",
      description =
          "Stop after so many epochs without a lower validation loss and take the best epoch's"
              + " weights; 0 to train all epochs and take the last. Default: the head's.")
  Optional<Integer> patience;

  @Option(
      names = "--target-sensitivity",
      defaultValue = "0.95",
      paramLabel = "<share>",
      description =
          "Of two classes, the share of the validation split's positives that the decision"
              + " threshold must find. Default: ${DEFAULT-VALUE}.")
  double targetSensitivity;

  @Option(
      names = "--target-prevalence",
      defaultValue = "0.5",
      paramLabel = "<share>",
      description =
          "Of two classes, the share of positives where the classifier is used, for the"
              + " prior-corrected threshold."
              + " Default: ${DEFAULT-VALUE}.")
  double targetPrevalence;

  @Option(
      names = "--checkpoint-every",
      defaultValue = "10",
      paramLabel = "<epochs>",
      description = "How often to write a checkpoint. Default: ${DEFAULT-VALUE}.")
  int checkpointEvery;

  @Option(
      names = "--resume",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Go on from a checkpoint of the same training; --no-resume starts anew."
              + " Default: ${DEFAULT-VALUE}.")
  boolean resume;

  TrainingSpec options(long seed) throws IOException {
    HeadSpec spec = HeadSpec.of(head);
    if (views.isPresent()) {
      spec = spec.withViews(views.get());
    }
    if (epochs.isPresent()) {
      spec = spec.withEpochs(epochs.get());
    }
    if (patience.isPresent()) {
      spec = spec.withPatience(patience.get());
    }
    return new TrainingSpec(spec, seed, targetSensitivity, targetPrevalence);
  }

  /** A pipeline that writes and uses checkpoints as the options say. */
  Pipeline checkpoints(Pipeline pipeline) {
    Pipeline writing = pipeline.withCheckpointEvery(checkpointEvery);
    return resume ? writing : writing.withoutResuming();
  }
}
