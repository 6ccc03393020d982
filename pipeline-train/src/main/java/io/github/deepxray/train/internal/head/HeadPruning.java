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
 * Prunes the hidden layers of a trained head at once, by the rule that its backbone is pruned by:
 * weights that contribute least on the training images' feature vectors become zero, and those that
 * are left are fitted by least squares to the outputs there were.
 *
 * @param spec what to prune in the whole classifier; its timing plays no part
 * @param context the surroundings to prune in; the number of cores does not change the result
 */
public record HeadPruning(PruningSpec spec, Context context) {
  /**
   * Prunes; a head of which every layer is spared is left as it is.
   *
   * @param classifier the network that the head is the end of
   * @param head from feature vectors to the probability
   * @param train what the head was trained on; the images as they are count
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
