package io.github.deepxray.train.internal;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.features.Matrix;

/** Runs a head on feature vectors. */
public final class Scorer {
  private Scorer() {}

  /** Returns the probabilities of each image from its feature vector in the first view. */
  public static SplitScores score(EngineFactory engines, Model head, Embeddings embeddings) {
    Matrix features = embeddings.views().get(0);
    try (InferenceEngine engine = engines.create(Passes.forInference().apply(head), 1)) {
      return SplitScores.of(
          embeddings.images().stream().map(Embeddings.Image::truth).toList(),
          engine.run(features.toFloats(), features.rows())[0]);
    }
  }
}
