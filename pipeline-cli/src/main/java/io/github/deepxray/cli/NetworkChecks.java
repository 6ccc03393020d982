package io.github.deepxray.cli;

import io.github.deepxray.core.network.EfficientNet;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.optimize.prune.ChannelPruning;
import io.github.deepxray.optimize.prune.ChannelPruningSpec;
import io.github.deepxray.optimize.prune.Pruner;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.optimize.quantize.LayerPatterns;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.train.FineTuneSpec;
import io.github.deepxray.train.finetune.Blocks;
import io.github.deepxray.train.head.HeadNetworks;
import io.github.deepxray.train.head.HeadSpec;

/**
 * Whether later stages can do what they are asked, as far as the network without its weights tells.
 * All methods throw {@link io.github.deepxray.core.DeepXrayException} if not.
 */
record NetworkChecks(Network backbone, Network classifier) {
  static NetworkChecks of(EfficientNet variant, HeadSpec head) {
    Network backbone = variant.network();
    return new NetworkChecks(
        backbone,
        backbone.then(HeadNetworks.inference(head, backbone.size(EfficientNet.FEATURES))));
  }

  void fineTuning(FineTuneSpec spec) {
    Blocks.cut(classifier, spec.from());
  }

  void pruning(PruningSpec spec) {
    prunable(spec, backbone);
  }

  void gradualPruning(PruningSpec spec, FineTuneSpec tuning) {
    boolean all = spec.from().equals(PruningSpec.ALL) && !tuning.from().equals(Blocks.ALL);
    prunable(all ? spec.withFrom(tuning.from()) : spec, classifier);
  }

  /** How many weights can be pruned does not depend on when. */
  private static void prunable(PruningSpec spec, Network network) {
    Pruner.atOnce(spec, network);
  }

  void channels(ChannelPruningSpec spec) {
    ChannelPruning.check(spec, backbone);
  }

  void quantization(QuantizationSpec spec) {
    LayerPatterns.layers(classifier, spec.keepFloat());
  }
}
