package io.github.deepxray.train.internal;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.features.Matrix;
import io.github.deepxray.train.internal.embedding.View;
import io.github.deepxray.train.recipe.ValidationViews;
import java.util.ArrayList;
import java.util.List;

/** Runs a head on feature vectors. */
public final class Scorer {
  private Scorer() {}

  /** Returns the probabilities of all images in the first view, then in the next, and so on. */
  public static SplitScores score(EngineFactory engines, Model head, Embeddings embeddings) {
    List<ScoredExample> scored = new ArrayList<>();
    try (InferenceEngine engine = engines.create(Passes.forInference().apply(head), 1)) {
      for (Matrix features : embeddings.views()) {
        scored.addAll(
            SplitScores.of(
                    embeddings.images().stream().map(Embeddings.Image::truth).toList(),
                    engine.run(features.toFloats(), features.rows())[0])
                .examples());
      }
    }
    return new SplitScores(scored);
  }

  /**
   * Returns the scores of the validation images by which something is chosen.
   *
   * @param validation embeddings of {@link View#validation}
   */
  public static SplitScores score(
      EngineFactory engines, Model head, Embeddings validation, ValidationViews views) {
    return score(engines, head, of(validation, views));
  }

  /** Returns some of the views of {@link View#validation}. */
  public static Embeddings of(Embeddings validation, ValidationViews views) {
    List<View> all = View.validation();
    List<View> wanted = View.of(views);
    int from = all.indexOf(wanted.get(0));
    return validation.withViews(from, from + wanted.size());
  }
}
