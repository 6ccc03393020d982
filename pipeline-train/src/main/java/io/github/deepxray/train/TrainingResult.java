package io.github.deepxray.train;

/**
 * What a training came to.
 *
 * @param model the classifier, saved in the training's folder
 * @param vectors how many embeddings were computed; the others came from the cache
 * @param vectorsPerSecond how fast, reading and decoding included; NaN if none was
 * @param headSeconds how long the head's training took
 * @param epochSeconds the mean time of one of its epochs; NaN if none was trained
 */
public record TrainingResult(
    TrainedModel model,
    long vectors,
    double vectorsPerSecond,
    double headSeconds,
    double epochSeconds) {
  /** The same with what else is known about the classifier. */
  public TrainingResult with(TrainedModel described) {
    return new TrainingResult(described, vectors, vectorsPerSecond, headSeconds, epochSeconds);
  }
}
