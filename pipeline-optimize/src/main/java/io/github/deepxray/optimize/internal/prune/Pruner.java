package io.github.deepxray.optimize.internal.prune;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.optimize.internal.Kernels;
import io.github.deepxray.optimize.prune.PruningSchedule;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.optimize.prune.PruningSpec.Scope;
import io.github.deepxray.optimize.prune.PruningSpec.Structure;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Magnitude pruning: computes masks from the current weights at each update of a schedule.
 *
 * <p>The number of zeros is the sparsity times the number of base weights, rounded (to whole
 * blocks); {@link PruningSpec.Scope#LAYER} rounds so that this holds for each kernel and for all
 * together. Each dense layer has its own share, see {@link PruningSpec}. tfmot prunes by a
 * threshold instead, which removes more or fewer weights if magnitudes are equal; here the weight
 * with the smaller index is removed first. Results depend only on the weights.
 *
 * <p>Masks depend only on magnitudes, not on earlier masks. If masked weights are kept at zero, as
 * in tfmot, they stay masked while the sparsity does not decrease, since nothing is smaller than
 * zero; a masked weight that is still trained returns when it is large enough.
 */
public final class Pruner {
  private final PruningSpec spec;
  private final PruningSchedule schedule;
  private final Map<String, List<Integer>> kernels = new LinkedHashMap<>();
  // Kernels of dense layers, which do not compete or count with the others.
  private final Map<String, Integer> dense = new LinkedHashMap<>();
  private final long base;
  private final long prunable;

  /**
   * Creates a pruner with a schedule.
   *
   * @param spec the options; the schedule replaces their timing
   * @param network the whole network, which determines the number of weights to prune, even if only
   *     a part of it is trained
   * @throws DeepXrayException if the layers that may be pruned have too few weights
   */
  public Pruner(PruningSpec spec, PruningSchedule schedule, Network network) {
    this.spec = spec;
    this.schedule = schedule;
    Map<String, List<Integer>> shapes =
        network.weightSpecs().stream()
            .collect(Collectors.toMap(WeightSpec::name, WeightSpec::shape));
    long counted = 0;
    for (Layer layer : spec.base(network)) {
      counted += shapes.get(Kernels.name(layer)).stream().reduce(1, Math::multiplyExact);
    }
    this.base = counted;
    long units = 0;
    for (Layer layer : spec.prunable(network)) {
      if (layer instanceof DepthwiseConv2D && spec.structure() != Structure.UNSTRUCTURED) {
        throw new DeepXrayException(
            ("Pruning: layer %s is depthwise: its outputs have one input channel each, so "
                    + "there are no groups of 4; exclude it with spare.")
                .formatted(layer.name()));
      }
      List<Integer> shape = shapes.get(Kernels.name(layer));
      kernels.put(Kernels.name(layer), shape);
      if (layer instanceof Dense) {
        dense.put(Kernels.name(layer), shape.stream().reduce(1, Math::multiplyExact));
      } else {
        units += PruningUnitSelector.units(shape, spec.structure());
      }
    }
    this.prunable = units * spec.structure().zeros();
    long wanted = Math.round(schedule.targetSparsity() * base);
    if (base > 0 && spec.structure() != Structure.TWO_OF_FOUR && wanted >= prunable) {
      throw new DeepXrayException(
          String.format(
              Locale.ROOT,
              "Pruning: a sparsity of %s needs %,d zeros, but the layers that are not spared have"
                  + " %,d weights; give a lower sparsity, begin at an earlier layer or spare"
                  + " fewer.",
              schedule.targetSparsity(),
              wanted,
              prunable));
    }
  }

  /**
   * Creates a pruner for a number of optimizer steps.
   *
   * @throws DeepXrayException if the layers that may be pruned have too few weights
   */
  public static Pruner of(PruningSpec spec, Network network, long steps) {
    return new Pruner(spec, spec.timing().schedule(spec.sparsity(), steps), network);
  }

  /**
   * Creates a pruner that prunes in one step, regardless of the timing.
   *
   * @throws DeepXrayException if the layers that may be pruned have too few weights
   */
  public static Pruner atOnce(PruningSpec spec, Network network) {
    return new Pruner(spec, new PruningSchedule.ConstantSparsity(spec.sparsity(), 0), network);
  }

  /** Schedule of the updates of masks and of the sparsity. */
  public PruningSchedule schedule() {
    return schedule;
  }

  /** Names of the pruned weights, in the order of the layers. */
  public List<String> weights() {
    return List.copyOf(kernels.keySet());
  }

  /** Number of the base weights of the sparsity, in convolutions and dense layers. */
  public long baseWeights() {
    return base + dense.values().stream().mapToLong(Integer::longValue).sum();
  }

  /** Share of masked weights among the base weights, 0..1. */
  public double sparsity(Masks masks) {
    return (double) masks.zeros() / baseWeights();
  }

  /**
   * Computes the masks for a step: one for each of {@link #weights()}.
   *
   * @param step the number of finished optimizer steps, from 0
   * @param current the model with the current weights, or a part of it with all pruned weights
   * @throws DeepXrayException if a pruned weight is missing
   */
  public Masks masks(long step, Model current) {
    List<PruningUnitSelector.ScoredKernel> candidates = new ArrayList<>();
    kernels.forEach(
        (name, shape) -> {
          float[] values = current.weights().floats(name);
          for (int i = 0; i < values.length; i++) {
            values[i] = Math.abs(values[i]);
          }
          candidates.add(
              new PruningUnitSelector.ScoredKernel(name, shape, FloatTensor.of(values, shape)));
        });
    return choose(candidates, schedule.sparsity(step), true);
  }

  /** Chooses the masks that remove the smallest scores. */
  Masks choose(
      List<PruningUnitSelector.ScoredKernel> candidates, double sparsity, boolean layerAdaptive) {
    long zeros = Math.round(sparsity * base);
    long units = Math.round((double) Math.min(zeros, prunable) / spec.structure().zeros());
    List<PruningUnitSelector.ScoredKernel> competing = new ArrayList<>();
    Map<String, FloatTensor> masks = new HashMap<>();
    for (PruningUnitSelector.ScoredKernel candidate : candidates) {
      Integer size = dense.get(candidate.name());
      if (size == null) {
        competing.add(candidate);
      } else {
        masks.putAll(
            PruningUnitSelector.choose(
                    List.of(candidate),
                    spec.structure(),
                    Scope.LAYER,
                    layerAdaptive,
                    Math.min(
                        Math.round(sparsity * size / spec.structure().zeros()),
                        PruningUnitSelector.units(candidate.shape(), spec.structure())))
                .tensors());
      }
    }
    masks.putAll(
        PruningUnitSelector.choose(competing, spec.structure(), spec.scope(), layerAdaptive, units)
            .tensors());
    return new Masks(masks);
  }
}
