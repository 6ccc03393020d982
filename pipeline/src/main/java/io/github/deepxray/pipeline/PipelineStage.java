package io.github.deepxray.pipeline;

import io.github.deepxray.track.Tracker;

/** The stages of a pipeline, in their order. */
public enum PipelineStage {
  /** Audits and splits the images and writes TFRecord shards and {@code dataset.json}. */
  DATA("data", "data"),
  /** Trains the head on the embeddings of the frozen backbone. */
  TRAIN("train", Tracker.TRAIN),
  /** Prunes the backbone and trains the head again. */
  PRUNE("prune", Tracker.PRUNE),
  /** Trains layers of the backbone together with the head. */
  FINE_TUNE("finetune", Tracker.FINE_TUNE),
  /** Measures the classifier on the validation and the test split. */
  EVALUATE("evaluation", Tracker.EVALUATION),
  /** Makes quantized forms of the classifier. */
  QUANTIZE("quantize", "quantize"),
  /** Writes and checks the bundle. */
  EXPORT("bundle", "export");

  private final String folder;
  private final String tracked;

  PipelineStage(String folder, String tracked) {
    this.folder = folder;
    this.tracked = tracked;
  }

  /** The name of its folder below the output folder. */
  public String folder() {
    return folder;
  }

  /** Its name for a {@link Tracker}. */
  String tracked() {
    return tracked;
  }
}
