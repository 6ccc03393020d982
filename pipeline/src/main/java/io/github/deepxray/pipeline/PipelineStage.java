package io.github.deepxray.pipeline;

import io.github.deepxray.track.Tracker;

/** Stage of a pipeline, in order of execution. */
public enum PipelineStage {
  /** Audits and splits the images and writes TFRecord shards and {@code dataset.json}. */
  DATA("data", "data"),
  /** Trains the head on the embeddings of the frozen backbone. */
  TRAIN("train", Tracker.TRAIN),
  /** Prunes the backbone and trains the head again. */
  PRUNE("prune", Tracker.PRUNE),
  /** Trains layers of the backbone together with the head. */
  FINE_TUNE("finetune", Tracker.FINE_TUNE),
  /** Evaluates the classifier on the validation and the test split. */
  EVALUATE("evaluation", Tracker.EVALUATION),
  /** Fits the input guard of the classifier. */
  GUARD("guard", "guard"),
  /** Creates quantized forms of the classifier. */
  QUANTIZE("quantize", "quantize"),
  /** Writes and verifies the bundle. */
  EXPORT("bundle", "export");

  private final String folder;
  private final String tracked;

  PipelineStage(String folder, String tracked) {
    this.folder = folder;
    this.tracked = tracked;
  }

  /** Name of the stage's folder below the output folder. */
  public String folder() {
    return folder;
  }

  /** Name of the stage for a {@link Tracker}. */
  String tracked() {
    return tracked;
  }
}
