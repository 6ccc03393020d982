package io.github.deepxray.export.internal;

import io.github.deepxray.core.engine.InferenceEngine;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * How long models take for one image, one after another in turns, so that whatever else the machine
 * does meets all of them alike. In every other turn the order is the other way round, and a model's
 * first image in a turn is not counted: what the one before left in the processor's caches would
 * favour some places over others.
 *
 * @param name of the model
 * @param milliseconds the median time of an image
 * @param speedup the median, over the turns, of the first model's time divided by this one's
 */
public record Latency(String name, double milliseconds, double speedup) {
  private static final float GREY = 100;

  /**
   * Measures.
   *
   * @param engines the models by name; speed is compared with the first
   * @param turns how many turns to take, at least 1; the first warms up and is not counted
   * @param calls how many images of each model count in a turn
   */
  public static List<Latency> measure(Map<String, InferenceEngine> engines, int turns, int calls) {
    List<String> names = List.copyOf(engines.keySet());
    double[][] times = new double[names.size()][turns];
    for (int turn = -1; turn < turns; turn++) {
      for (int place = 0; place < times.length; place++) {
        int m = turn % 2 == 0 ? place : times.length - 1 - place;
        InferenceEngine engine = engines.get(names.get(m));
        float[] input = new float[engine.inputShape().stream().reduce(1, Math::multiplyExact)];
        Arrays.fill(input, GREY);
        engine.run(input, 1);
        long start = System.nanoTime();
        for (int i = 0; i < calls; i++) {
          engine.run(input, 1);
        }
        if (turn >= 0) {
          times[m][turn] = (System.nanoTime() - start) / 1e6 / calls;
        }
      }
    }
    List<Latency> measured = new ArrayList<>();
    for (int m = 0; m < times.length; m++) {
      double[] ratios = new double[turns];
      for (int turn = 0; turn < turns; turn++) {
        ratios[turn] = times[0][turn] / times[m][turn];
      }
      measured.add(new Latency(names.get(m), median(times[m]), median(ratios)));
    }
    return measured;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
