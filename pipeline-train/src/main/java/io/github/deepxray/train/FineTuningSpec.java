package io.github.deepxray.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.train.recipe.FineTuningRecipe;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Optional;

/**
 * How a classifier is fine-tuned.
 *
 * @param recipe with which settings of the training
 * @param pruning which weights to remove while training, if any; its {@code from}, if it means all
 *     layers, means all that are trained
 * @param seed of everything random
 */
@RecordBuilder
public record FineTuningSpec(
    @JsonProperty("spec") FineTuningRecipe recipe, Optional<PruningSpec> pruning, long seed)
    implements FineTuningSpecBuilder.With {
  /** A recipe and a seed, no pruning. */
  public static FineTuningSpec of(FineTuningRecipe recipe, long seed) {
    return new FineTuningSpec(recipe, Optional.empty(), seed);
  }

  /** The same, pruning weights on the way. */
  public FineTuningSpec withPruning(PruningSpec removed) {
    return withPruning(Optional.of(removed));
  }
}
