package io.github.deepxray.train;

/**
 * Result of training.
 *
 * @param model trained classifier, saved in the training folder
 * @param vectors number of embeddings that were computed; the others came from the cache
 * @param vectorsPerSecond embeddings per second, reading and decoding included; NaN if none was
 *     computed
 * @param headSeconds seconds of head training
 * @param epochSeconds mean seconds of an epoch; NaN if none was trained
 */
public record TrainingResult(
    TrainedModel model,
    long vectors,
    double vectorsPerSecond,
    double headSeconds,
    double epochSeconds) {
  /** Returns a copy with another classifier. */
  public TrainingResult with(TrainedModel described) {
    return new TrainingResult(described, vectors, vectorsPerSecond, headSeconds, epochSeconds);
  }
}
