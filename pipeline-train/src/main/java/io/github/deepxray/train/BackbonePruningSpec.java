package io.github.deepxray.train;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.optimize.prune.ChannelPruningSpec;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Optional;

/**
 * One-shot pruning of a classifier.
 *
 * @param channels expansion channels to remove, if any
 * @param weights weights of backbone and head to set to zero after that, if any
 * @param images number of training images on which importance is measured
 * @param trainer options of head training; head and seed are those of the classifier
 */
@RecordBuilder
public record BackbonePruningSpec(
    Optional<ChannelPruningSpec> channels,
    Optional<PruningSpec> weights,
    int images,
    TrainingSpec trainer)
    implements BackbonePruningSpecBuilder.With {
  /** Checks that channels or weights are named. */
  public BackbonePruningSpec {
    if (channels.isEmpty() && weights.isEmpty()) {
      throw new DeepXrayException("There is nothing to prune; name weights or channels.");
    }
    if (images < 1) {
      throw new DeepXrayException("At least 1 image is needed to prune, not " + images + ".");
    }
  }
}
