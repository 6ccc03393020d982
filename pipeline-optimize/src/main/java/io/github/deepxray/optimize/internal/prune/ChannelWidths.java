package io.github.deepxray.optimize.internal.prune;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.backbone.ExpansionBlock;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.optimize.prune.ChannelPruningSpec;
import io.github.deepxray.optimize.prune.ChannelPruningSpec.Allocation;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Chooses the number of expanded channels of each block. */
final class ChannelWidths {
  private static final double STEP = 1.0 / 256;

  private final ChannelPruningSpec spec;
  private final List<Expansion> blocks;
  private final long all;
  private final long target;

  ChannelWidths(ChannelPruningSpec spec, Network network, List<ExpansionBlock> expansions) {
    this.spec = spec;
    this.blocks = Expansion.of(network, expansions, spec.cost());
    this.all = spec.cost().of(network);
    this.target = (long) Math.floor(spec.share() * all);
    spec.widths()
        .forEach(
            (name, width) -> {
              Expansion block =
                  blocks.stream()
                      .filter(b -> b.name().equals(name))
                      .findFirst()
                      .orElseThrow(
                          () ->
                              new DeepXrayException(
                                  "Channel pruning: %s has no block %s with an expansion."
                                      .formatted(network.name(), name)));
              if (width < 1 || width > block.channels()) {
                throw new DeepXrayException(
                    "Channel pruning: block %s cannot have %s channels; give 1 to %s."
                        .formatted(name, width, block.channels()));
              }
            });
  }

  /**
   * Chooses the width of every block.
   *
   * @param damage the damage of removing each channel of each block, 0 or more
   */
  Map<String, Integer> choose(Map<String, double[]> damage) {
    Map<String, Integer> widths = new LinkedHashMap<>();
    for (Expansion block : blocks) {
      widths.put(block.name(), spec.widths().getOrDefault(block.name(), block.channels()));
    }
    if (spec.share() == 0) {
      return widths;
    }
    if (spec.allocation() == Allocation.UNIFORM) {
      shrinkAlike(widths);
    } else {
      shrinkCheapest(widths, damage);
    }
    return widths;
  }

  private void shrinkAlike(Map<String, Integer> widths) {
    for (double share = 1; cost(widths) > target; share -= STEP) {
      if (share <= 0) {
        throw tooFew(widths);
      }
      for (Expansion block : blocks) {
        if (spec.decides(block.name())) {
          int width = (int) Math.round(share * block.channels() / spec.multiple());
          int least = Math.max(spec.least(block.channels()), width * spec.multiple());
          widths.put(block.name(), Math.min(block.channels(), least));
        }
      }
    }
  }

  private void shrinkCheapest(Map<String, Integer> widths, Map<String, double[]> damage) {
    Map<String, double[]> ascending = new LinkedHashMap<>();
    damage.forEach((name, values) -> ascending.put(name, values.clone()));
    ascending.values().forEach(Arrays::sort);
    while (cost(widths) > target) {
      Expansion cheapest = null;
      double lowest = 0;
      for (Expansion block : blocks) {
        int next = narrower(widths.get(block.name()));
        if (!spec.decides(block.name()) || next < spec.least(block.channels())) {
          continue;
        }
        double price = price(block, ascending.get(block.name()), widths.get(block.name()), next);
        if (cheapest == null || price < lowest) {
          cheapest = block;
          lowest = price;
        }
      }
      if (cheapest == null) {
        throw tooFew(widths);
      }
      widths.put(cheapest.name(), narrower(widths.get(cheapest.name())));
    }
  }

  private int narrower(int width) {
    return (width - 1) / spec.multiple() * spec.multiple();
  }

  /** Damage per saved cost of the step from one width to the next. */
  private static double price(Expansion block, double[] ascending, int width, int next) {
    double damage = 0;
    for (int i = block.channels() - width; i < block.channels() - next; i++) {
      damage += ascending[i];
    }
    return damage / ((width - next) * (double) block.costPerChannel());
  }

  private long cost(Map<String, Integer> widths) {
    long left = all;
    for (Expansion block : blocks) {
      left -= (block.channels() - widths.get(block.name())) * block.costPerChannel();
    }
    return left;
  }

  private DeepXrayException tooFew(Map<String, Integer> widths) {
    return new DeepXrayException(
        String.format(
            Locale.ROOT,
            "Channel pruning: %.3f of the cost remains with every block"
                + " at its minimum width; give a share above %s, more blocks or"
                + " a lower minimum.",
            (double) cost(widths) / all,
            spec.share()));
  }
}
