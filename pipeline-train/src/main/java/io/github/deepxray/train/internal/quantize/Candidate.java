package io.github.deepxray.train.internal.quantize;

import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.network.Model;

/** Quantized model with its file and its validation scores. */
final class Candidate {
  private final Model model;
  private final byte[] file;
  private final SplitScores scores;

  /**
   * Creates a candidate.
   *
   * @param model the model
   * @param file bytes of its file
   * @param scores scores of the validation images
   */
  Candidate(Model model, byte[] file, SplitScores scores) {
    this.model = model;
    this.file = file;
    this.scores = scores;
  }

  Model model() {
    return model;
  }

  byte[] file() {
    return file;
  }

  SplitScores scores() {
    return scores;
  }
}
