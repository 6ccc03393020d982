package io.github.deepxray.export.internal;

import io.github.deepxray.core.engine.InferenceEngine;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Latency of a model for one image. Models are measured in alternating turns, so that other load of
 * the machine affects all of them equally. Every second turn has the reverse order, and a model's
 * first image in a turn is not counted, because the processor's caches still have the data of the
 * previous model.
 *
 * @param name name of the model
 * @param milliseconds median latency of an image
 * @param speedup median, over the turns, of the first model's latency divided by this model's
 */
public record Latency(String name, double milliseconds, double speedup) {
  private static final float GREY = 100;

  /**
   * Measures latencies.
   *
   * @param engines models by name; the first is the reference of the speedup
   * @param turns number of turns, at least 1; the first is a warm-up and is not counted
   * @param calls number of counted images per model and turn
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
