package io.github.deepxray.train.finetune;

import io.github.deepxray.core.concurrent.Workers;
import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.optimize.Passes;
import io.github.deepxray.train.embedding.Embeddings;
import io.github.deepxray.train.embedding.View;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Runs the trained part of a classifier on the images of a split. */
final class Scoring {
  private Scoring() {}

  /**
   * The probability of every image in every view.
   *
   * @param model from what the source gives to the probability
   * @return for each view in order all images
   * @throws IOException if an example cannot be read
   */
  static List<ScoredExample> score(
      EngineFactory engines, int cores, Model model, Source source, List<View> views)
      throws IOException {
    Model folded = Passes.forInference().apply(model);
    int images = source.images().size();
    int all = images * views.size();
    float[] probabilities = new float[all];
    int parallel = Math.max(1, Math.min(engines.parallelEngines(cores), all));
    int threads = Math.max(1, cores / parallel);
    int size = model.network().size(model.network().input());
    Workers.run(
        parallel,
        (worker, workers) -> {
          try (InferenceEngine engine = engines.create(folded, threads)) {
            int batch = engine.preferredBatch();
            // Batches do not depend on the number of workers.
            for (int b = worker; b * batch < all && !workers.stopped(); b += parallel) {
              int from = b * batch;
              int count = Math.min(batch, all - from);
              float[] examples = new float[count * size];
              for (int i = 0; i < count; i++) {
                source.read(
                    (from + i) % images, views.get((from + i) / images), examples, i * size);
              }
              System.arraycopy(engine.run(examples, count)[0], 0, probabilities, from, count);
            }
          }
        });
    List<ScoredExample> scored = new ArrayList<>();
    for (int i = 0; i < all; i++) {
      Embeddings.Image image = source.images().get(i % images);
      scored.add(
          new ScoredExample(image.filename(), image.patient(), image.positive(), probabilities[i]));
    }
    return scored;
  }
}
