package io.github.deepxray.train.internal.head;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import io.github.deepxray.optimize.internal.prune.OneShotPruning;
import io.github.deepxray.optimize.internal.prune.Pruner;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.features.Matrix;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.util.List;

/**
 * One-shot pruning of the hidden layers of a trained head, by the same criterion as the backbone:
 * weights that contribute least on the feature vectors of the training images are set to zero, and
 * the remaining weights are fitted to the original outputs by least squares.
 *
 * @param spec pruning options of the whole classifier; the timing is ignored
 * @param context execution context; the number of cores does not change the result
 */
public record HeadPruning(PruningSpec spec, Context context) {
  /**
   * Prunes the head; a head without layers to prune is returned unchanged.
   *
   * @param classifier network that ends with the head
   * @param head head from feature vectors to probabilities
   * @param train embeddings of the head's training; only the unchanged images are used
   * @throws IOException if a vector cannot be read
   */
  public Model prune(Network classifier, Model head, Embeddings train) throws IOException {
    List<String> pruned = Pruner.atOnce(spec, classifier).weights();
    List<String> spared =
        head.network().layers().stream()
            .map(Layer::name)
            .filter(name -> !pruned.contains(name + "/kernel"))
            .toList();
    if (spared.size() == head.network().layers().size()) {
      return head;
    }
    return new OneShotPruning(
            spec.withFrom(PruningSpec.ALL).withSpare(spared),
            OneShotPruning.Compensation.LEAST_SQUARES,
            context.engines(),
            context.cores(),
            context.progress())
        .prune(head, vectors(train.views().get(0)))
        .model();
  }

  private static RepresentativeDataset vectors(Matrix features) {
    return new RepresentativeDataset() {
      @Override
      public int size() {
        return features.rows();
      }

      @Override
      public float[] example(int index) {
        float[] vector = new float[features.columns()];
        features.copyRow(index, vector, 0);
        return vector;
      }
    };
  }
}
