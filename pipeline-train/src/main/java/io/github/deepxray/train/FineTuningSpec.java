package io.github.deepxray.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.train.recipe.FineTuningRecipe;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Optional;

/**
 * Specification of fine-tuning.
 *
 * @param recipe training settings
 * @param pruning weights to prune during fine-tuning, if any; if its {@code from} means all layers,
 *     all trained layers are pruned
 * @param seed seed of all random numbers
 */
@RecordBuilder
public record FineTuningSpec(
    @JsonProperty("spec") FineTuningRecipe recipe, Optional<PruningSpec> pruning, long seed)
    implements FineTuningSpecBuilder.With {
  /** Returns a specification without pruning. */
  public static FineTuningSpec of(FineTuningRecipe recipe, long seed) {
    return new FineTuningSpec(recipe, Optional.empty(), seed);
  }

  /** Returns a copy that prunes weights during fine-tuning. */
  public FineTuningSpec withPruning(PruningSpec removed) {
    return withPruning(Optional.of(removed));
  }
}
