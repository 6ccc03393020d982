package io.github.deepxray.pipeline;

import io.github.deepxray.core.backbone.Backbone;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.optimize.internal.LayerPatterns;
import io.github.deepxray.optimize.internal.prune.ChannelPruning;
import io.github.deepxray.optimize.internal.prune.Pruner;
import io.github.deepxray.optimize.prune.ChannelPruningSpec;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.train.BackbonePruningSpec;
import io.github.deepxray.train.FineTuningSpec;
import io.github.deepxray.train.internal.finetune.Blocks;
import io.github.deepxray.train.internal.head.HeadNetworks;
import io.github.deepxray.train.recipe.FineTuningRecipe;

/**
 * Checks of a run before training: layer names and prunable weights, from the network without its
 * weights.
 */
record Preflight(Backbone architecture, Network backbone, Network classifier) {
  /**
   * Checks a run.
   *
   * @throws io.github.deepxray.core.DeepXrayException if an option of a stage is impossible
   */
  static void check(RunSpec spec) {
    Backbone architecture = spec.backbone().backbone();
    Network backbone = architecture.network(architecture.imageSize());
    new Preflight(
            architecture,
            backbone,
            backbone.then(
                HeadNetworks.inference(
                    spec.training().head(), backbone.size(architecture.features()))))
        .stages(spec);
  }

  private void stages(RunSpec spec) {
    spec.fineTuning()
        .ifPresent(options -> Blocks.cut(architecture, classifier, options.recipe().from()));
    var channels = spec.pruning().flatMap(BackbonePruningSpec::channels);
    channels.ifPresent(this::channels);
    // Removed channels change the network.
    if (channels.isEmpty()) {
      spec.pruning()
          .flatMap(BackbonePruningSpec::weights)
          .ifPresent(weights -> prunable(weights, backbone));
      spec.fineTuning().ifPresent(this::gradualPruning);
    }
    spec.quantization().forms().forEach(form -> LayerPatterns.layers(classifier, form.keepFloat()));
  }

  private void channels(ChannelPruningSpec spec) {
    ChannelPruning.check(spec, backbone, architecture.expansionBlocks());
  }

  private void gradualPruning(FineTuningSpec options) {
    FineTuningRecipe tuning = options.recipe();
    options
        .pruning()
        .ifPresent(
            spec -> {
              boolean all =
                  spec.from().equals(PruningSpec.ALL) && !tuning.from().equals(Blocks.ALL);
              prunable(all ? spec.withFrom(tuning.from()) : spec, classifier);
            });
  }

  /** The number of prunable weights does not depend on the time of pruning. */
  private void prunable(PruningSpec spec, Network network) {
    Pruner.atOnce(spec.resolved(architecture), network);
  }
}
