package io.github.deepxray.train.internal.finetune;

import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.internal.concurrent.Workers;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.train.internal.embedding.View;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Scoring of the images of a split with the trained part of a classifier. */
final class Scoring {
  private Scoring() {}

  /**
   * Returns the probabilities of every image in every view.
   *
   * @param model model from the examples of the source to the probabilities
   * @return scores of all images for each view, in order
   * @throws IOException if an example cannot be read
   */
  static SplitScores score(Context context, Model model, Source source, List<View> views)
      throws IOException {
    Model folded = Passes.forInference().apply(model);
    int images = source.images().size();
    int all = images * views.size();
    int width = model.network().size(model.network().outputs().get(0));
    float[] probabilities = new float[all * width];
    int parallel = Math.max(1, Math.min(context.engines().parallelEngines(context.cores()), all));
    int threads = Math.max(1, context.cores() / parallel);
    int size = model.network().size(model.network().input());
    Workers.run(
        parallel,
        (worker, workers) -> {
          try (InferenceEngine engine = context.engines().create(folded, threads)) {
            int batch = engine.preferredBatch();
            // The batch size does not depend on the number of workers.
            for (int b = worker; b * batch < all && !workers.stopped(); b += parallel) {
              int from = b * batch;
              int count = Math.min(batch, all - from);
              float[] examples = new float[count * size];
              for (int i = 0; i < count; i++) {
                source.read(
                    (from + i) % images, views.get((from + i) / images), examples, i * size);
              }
              System.arraycopy(
                  engine.run(examples, count)[0], 0, probabilities, from * width, count * width);
            }
          }
        });
    List<SplitScores.Truth> scored = new ArrayList<>();
    for (int i = 0; i < all; i++) {
      scored.add(source.images().get(i % images).truth());
    }
    return SplitScores.of(scored, probabilities);
  }
}
