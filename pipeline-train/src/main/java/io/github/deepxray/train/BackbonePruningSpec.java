package io.github.deepxray.train;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.optimize.prune.ChannelPruningSpec;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Optional;

/**
 * What of a classifier is pruned at once.
 *
 * @param channels which expansion channels to remove, if any
 * @param weights which weights to set to zero then, if any, in the backbone and in the head
 * @param images on how many training images importance is measured
 * @param trainer how the head is trained; its head and seed are those of the classifier
 */
@RecordBuilder
public record BackbonePruningSpec(
    Optional<ChannelPruningSpec> channels,
    Optional<PruningSpec> weights,
    int images,
    TrainingSpec trainer)
    implements BackbonePruningSpecBuilder.With {
  /** Checks that something is to be pruned. */
  public BackbonePruningSpec {
    if (channels.isEmpty() && weights.isEmpty()) {
      throw new DeepXrayException("Nothing is to be pruned; name weights or channels.");
    }
    if (images < 1) {
      throw new DeepXrayException("At least 1 image is needed to prune, not " + images + ".");
    }
  }
}
