package io.github.deepxray.optimize.internal.prune;

import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.optimize.prune.PruningSpec.Scope;
import io.github.deepxray.optimize.prune.PruningSpec.Structure;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Chooses the least important weights, in units: single weights, whole blocks or the less important
 * half of a group. Of equally important units, those of earlier kernels and positions are removed
 * first.
 */
final class PruningUnitSelector {
  private PruningUnitSelector() {}

  /**
   * Kernel to choose from.
   *
   * @param name the name of the weight
   * @param shape the weight's shape, input and output channels last
   * @param scores the importance of each weight, 0 or more
   */
  record ScoredKernel(String name, List<Integer> shape, FloatTensor scores) {}

  /** Number of units of a kernel of a shape; channels of incomplete groups belong to none. */
  static long units(List<Integer> shape, Structure structure) {
    int size = shape.stream().reduce(1, Math::multiplyExact);
    int inputs = shape.get(shape.size() - 2);
    return (long) size / inputs * (inputs / structure.group());
  }

  /**
   * Chooses masks with a number of zero units.
   *
   * @param count the number of units of all kernels together
   * @param layerAdaptive with {@link Scope#GLOBAL}, whether to make scores of different kernels
   *     comparable first
   */
  static Masks choose(
      List<ScoredKernel> kernels,
      Structure structure,
      Scope scope,
      boolean layerAdaptive,
      long count) {
    long available = kernels.stream().mapToLong(k -> units(k.shape, structure)).sum();
    if (scope == Scope.LAYER) {
      return chooseInEach(kernels, structure, count);
    }
    List<Units> all = kernels.stream().map(k -> new Units(k, structure)).toList();
    long[] order = new long[Math.toIntExact(available)];
    int position = 0;
    for (Units units : all) {
      float[] scores = layerAdaptive ? layerAdaptive(units) : units.scores();
      for (float score : scores) {
        order[position] = key(score, position);
        position++;
      }
    }
    Arrays.sort(order);
    boolean[] removed = new boolean[order.length];
    for (int i = 0; i < count; i++) {
      removed[(int) order[i]] = true;
    }
    Map<String, FloatTensor> masks = new LinkedHashMap<>();
    position = 0;
    for (int k = 0; k < kernels.size(); k++) {
      Units units = all.get(k);
      for (int u = 0; u < units.size(); u++) {
        if (removed[position++]) {
          units.remove(u);
        }
      }
      masks.put(kernels.get(k).name, units.mask());
    }
    return new Masks(masks);
  }

  private static Masks chooseInEach(List<ScoredKernel> kernels, Structure structure, long count) {
    long available = kernels.stream().mapToLong(k -> units(k.shape, structure)).sum();
    Map<String, FloatTensor> masks = new LinkedHashMap<>();
    long before = 0;
    for (ScoredKernel kernel : kernels) {
      // Rounding the running total, not each share, makes the sum exact.
      long after = before + units(kernel.shape, structure);
      long share = share(count, after, available) - share(count, before, available);
      masks.putAll(choose(List.of(kernel), structure, Scope.GLOBAL, false, share).tensors());
      before = after;
    }
    return new Masks(masks);
  }

  /** {@code count * part / whole}, rounded. */
  private static long share(long count, long part, long whole) {
    return (2 * count * part + whole) / (2 * whole);
  }

  /** Sort key of score and position: floats of 0 and more sort like their bits. */
  private static long key(float score, int position) {
    return ((long) Float.floatToIntBits(score) << 32) | position;
  }

  /**
   * Square of each score divided by the sum of the squares from it on, in ascending order (LAMP).
   */
  private static float[] layerAdaptive(Units units) {
    long[] order = new long[units.size()];
    for (int u = 0; u < order.length; u++) {
      order[u] = key(units.score(u), u);
    }
    Arrays.sort(order);
    float[] adapted = new float[order.length];
    double left = 0;
    for (int i = order.length - 1; i >= 0; i--) {
      int u = (int) order[i];
      double square = (double) units.score(u) * units.score(u);
      left += square;
      adapted[u] = square == 0 ? 0 : (float) (square / left);
    }
    return adapted;
  }

  /** Units of a kernel, in the order of their first weights, and the removed ones. */
  private static final class Units {
    private final ScoredKernel kernel;
    private final Structure structure;
    private final int inputs;
    private final int outputs;
    private final int groups;
    private final float[] scores;
    private final float[] mask;

    Units(ScoredKernel kernel, Structure structure) {
      this.kernel = kernel;
      this.structure = structure;
      int rank = kernel.shape.size();
      this.inputs = kernel.shape.get(rank - 2);
      this.outputs = kernel.shape.get(rank - 1);
      this.groups = inputs / structure.group();
      this.scores = new float[Math.toIntExact(units(kernel.shape, structure))];
      this.mask = new float[kernel.scores.size()];
      Arrays.fill(mask, 1);
      for (int u = 0; u < scores.length; u++) {
        float sum = 0;
        for (int i : weakest(u)) {
          sum += kernel.scores.at(i);
        }
        scores[u] = sum / structure.zeros();
      }
    }

    int size() {
      return scores.length;
    }

    float score(int unit) {
      return scores[unit];
    }

    float[] scores() {
      return scores;
    }

    void remove(int unit) {
      for (int i : weakest(unit)) {
        mask[i] = 0;
      }
    }

    FloatTensor mask() {
      return FloatTensor.of(mask, kernel.shape);
    }

    /** Positions of the weights that the unit would lose. */
    private int[] weakest(int unit) {
      int output = unit % outputs;
      int group = unit / outputs % groups;
      int spatial = unit / outputs / groups;
      int size = structure.group();
      int first = (spatial * inputs + group * size) * outputs + output;
      if (size == 1) {
        return new int[] {first};
      }
      long[] order = new long[size];
      for (int i = 0; i < size; i++) {
        order[i] = key(kernel.scores.at(first + i * outputs), first + i * outputs);
      }
      Arrays.sort(order);
      int[] weakest = new int[structure.zeros()];
      for (int i = 0; i < weakest.length; i++) {
        weakest[i] = (int) order[i];
      }
      return weakest;
    }
  }
}
