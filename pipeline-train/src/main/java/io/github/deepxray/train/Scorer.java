package io.github.deepxray.train;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.optimize.Passes;
import io.github.deepxray.train.embedding.Embeddings;
import io.github.deepxray.train.embedding.Matrix;
import java.util.ArrayList;
import java.util.List;

/** Runs a head on feature vectors. */
public final class Scorer {
  private Scorer() {}

  /** The probability of each image from its vector in the first view. */
  public static List<ScoredExample> score(
      EngineFactory engines, Model head, Embeddings embeddings) {
    Matrix features = embeddings.views().get(0);
    List<ScoredExample> scored = new ArrayList<>();
    try (InferenceEngine engine = engines.create(Passes.forInference().apply(head), 1)) {
      float[] probabilities = engine.run(features.toFloats(), features.rows())[0];
      for (int i = 0; i < probabilities.length; i++) {
        Embeddings.Image image = embeddings.images().get(i);
        scored.add(
            new ScoredExample(
                image.filename(), image.patient(), image.positive(), probabilities[i]));
      }
    }
    return scored;
  }
}
