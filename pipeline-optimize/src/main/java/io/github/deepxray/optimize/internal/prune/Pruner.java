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
 * Prunes by magnitude: computes masks from the weights as they are at each update of a schedule.
 *
 * <p>The number of zeros is the sparsity asked for times the number of weights it is a share of,
 * rounded (to whole blocks); {@link PruningSpec.Scope#LAYER} rounds so that this holds for each
 * kernel and for all together. Each dense layer has a share of its own, see {@link PruningSpec}.
 * tfmot prunes by a threshold instead, so equal magnitudes make it prune more or fewer; here the
 * weight that is stored earlier is removed first. Results depend on the weights alone.
 *
 * <p>Masks do not remember: they are made from magnitudes only. Whoever keeps masked weights at
 * zero, as tfmot does, keeps them masked while the sparsity does not fall, since nothing is smaller
 * than zero; a weight that is trained on behind its mask comes back as soon as it is large enough.
 */
public final class Pruner {
  private final PruningSpec spec;
  private final PruningSchedule schedule;
  private final Map<String, List<Integer>> kernels = new LinkedHashMap<>();
  // Those of dense layers, which neither compete nor count with the others.
  private final Map<String, Integer> dense = new LinkedHashMap<>();
  private final long base;
  private final long prunable;

  /**
   * Prepares to prune by a schedule.
   *
   * @param spec what to prune; the schedule is used in place of its timing
   * @param network the whole network, by which it is decided how many weights to prune, even if
   *     only a part of it is trained
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
                    + "there are no groups of 4; spare it.")
                .formatted(layer.name()));
      }
      List<Integer> shape = shapes.get(Kernels.name(layer));
      kernels.put(Kernels.name(layer), shape);
      if (layer instanceof Dense) {
        dense.put(Kernels.name(layer), shape.stream().reduce(1, Math::multiplyExact));
      } else {
        units += Selection.units(shape, spec.structure());
      }
    }
    this.prunable = units * spec.structure().zeros();
    long wanted = Math.round(schedule.targetSparsity() * base);
    if (base > 0 && spec.structure() != Structure.TWO_OF_FOUR && wanted >= prunable) {
      throw new DeepXrayException(
          String.format(
              Locale.ROOT,
              "Pruning: a sparsity of %s means %,d zeros, but the layers that are not spared have"
                  + " %,d weights; ask for less, start earlier or spare fewer.",
              schedule.targetSparsity(),
              wanted,
              prunable));
    }
  }

  /**
   * Prepares to prune while so many optimizer steps are made.
   *
   * @throws DeepXrayException if the layers that may be pruned have too few weights
   */
  public static Pruner of(PruningSpec spec, Network network, long steps) {
    return new Pruner(spec, spec.timing().schedule(spec.sparsity(), steps), network);
  }

  /**
   * Prepares to prune at once, whatever the timing.
   *
   * @throws DeepXrayException if the layers that may be pruned have too few weights
   */
  public static Pruner atOnce(PruningSpec spec, Network network) {
    return new Pruner(spec, new PruningSchedule.ConstantSparsity(spec.sparsity(), 0), network);
  }

  /** When masks are updated, and how many weights they then keep. */
  public PruningSchedule schedule() {
    return schedule;
  }

  /** The names of the weights that are pruned, in the order of the layers. */
  public List<String> weights() {
    return List.copyOf(kernels.keySet());
  }

  /** The number of weights that the sparsity is a share of, in convolutions and dense layers. */
  public long baseWeights() {
    return base + dense.values().stream().mapToLong(Integer::longValue).sum();
  }

  /** The share of zeros that the masks make among the weights the sparsity is a share of, 0..1. */
  public double sparsity(Masks masks) {
    return (double) masks.zeros() / baseWeights();
  }

  /**
   * The masks for a step: one for each of {@link #weights()}.
   *
   * @param step the number of optimizer steps done before, from 0
   * @param current the model with the weights as they are now; it may be a part of the network as
   *     long as it has all weights that are pruned
   * @throws DeepXrayException if it lacks one of them
   */
  public Masks masks(long step, Model current) {
    List<Selection.Candidate> candidates = new ArrayList<>();
    kernels.forEach(
        (name, shape) -> {
          float[] values = current.weights().floats(name);
          for (int i = 0; i < values.length; i++) {
            values[i] = Math.abs(values[i]);
          }
          candidates.add(new Selection.Candidate(name, shape, FloatTensor.of(values, shape)));
        });
    return choose(candidates, schedule.sparsity(step), true);
  }

  /** The masks that remove the least of these scores. */
  Masks choose(List<Selection.Candidate> candidates, double sparsity, boolean layerAdaptive) {
    long zeros = Math.round(sparsity * base);
    long units = Math.round((double) Math.min(zeros, prunable) / spec.structure().zeros());
    List<Selection.Candidate> competing = new ArrayList<>();
    Map<String, FloatTensor> masks = new HashMap<>();
    for (Selection.Candidate candidate : candidates) {
      Integer size = dense.get(candidate.name());
      if (size == null) {
        competing.add(candidate);
      } else {
        masks.putAll(
            Selection.choose(
                    List.of(candidate),
                    spec.structure(),
                    Scope.LAYER,
                    layerAdaptive,
                    Math.min(
                        Math.round(sparsity * size / spec.structure().zeros()),
                        Selection.units(candidate.shape(), spec.structure())))
                .tensors());
      }
    }
    masks.putAll(
        Selection.choose(competing, spec.structure(), spec.scope(), layerAdaptive, units)
            .tensors());
    return new Masks(masks);
  }
}
