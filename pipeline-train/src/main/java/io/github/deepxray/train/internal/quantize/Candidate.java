package io.github.deepxray.train.internal.quantize;

import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.network.Model;

/** A quantized model as it would be written. */
final class Candidate {
  private final Model model;
  private final byte[] file;
  private final SplitScores scores;

  /**
   * A candidate.
   *
   * @param model the model
   * @param file the bytes of its file
   * @param scores what it says of the validation images
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
