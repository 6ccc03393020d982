package io.github.deepxray.optimize.internal.quantize;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.optimize.internal.Histogram;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import io.github.deepxray.optimize.internal.TensorGroups;
import io.github.deepxray.optimize.internal.TensorStatistics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Calibrates a float model: runs it on representative examples and collects the distribution of
 * every tensor.
 *
 * <p>The examples are run twice: first for the range of values in each, then for a histogram of
 * that range. Results do not depend on the number of engines. Memory is bounded: if the tensors of
 * one example are too large, the examples are run twice for each group of tensors.
 */
public final class Calibrator {
  /** Approximate number of histogram bins. */
  public static final int BINS = 4096;

  // 96 MiB of floats per engine; EfficientNetB0 needs about half of that.
  private static final long VALUES_AT_ONCE = 24L << 20;

  private final ExampleRunner runner;
  private final Progress progress;
  private final long valuesAtOnce;

  /**
   * Creates a calibrator.
   *
   * @param engines the engine that runs the model; results are reproducible with the same engine
   *     only, since engines differ in the last digits
   * @param cores the number of processor cores
   * @param progress notified of every example of each pass
   */
  public Calibrator(EngineFactory engines, int cores, Progress progress) {
    this(engines, cores, progress, VALUES_AT_ONCE);
  }

  /** Creates a calibrator with another limit of the values held per example. */
  Calibrator(EngineFactory engines, int cores, Progress progress, long valuesAtOnce) {
    this.runner = new ExampleRunner(engines, cores);
    this.progress = progress;
    this.valuesAtOnce = valuesAtOnce;
  }

  /**
   * Calibrates a model.
   *
   * @param model in floats, folded like the quantized model, see {@link ModelQuantization#prepare}
   * @param examples the representative examples
   * @throws DeepXrayException if a tensor has a value that is not finite
   * @throws IOException if an example cannot be read
   */
  public Calibration calibrate(Model model, RepresentativeDataset examples) throws IOException {
    if (examples.size() < 1) {
      throw new DeepXrayException(
          "There is no example to calibrate " + model.network().name() + " with; give at least 1.");
    }
    List<List<String>> groups = groups(model.network(), valuesAtOnce);
    Map<String, TensorStatistics> statistics = new TreeMap<>();
    try (Progress.Task task = progress.start("calibration", 2L * groups.size() * examples.size())) {
      for (int g = 0; g < groups.size(); g++) {
        List<String> outputs = groups.get(g);
        List<String> tensors = new ArrayList<>(outputs);
        if (g == 0) {
          tensors.add(model.network().input());
        }
        observe(model.withOutputs(outputs), tensors, examples, task, statistics);
      }
    }
    return new Calibration(model.network().name(), statistics);
  }

  /** Groups the layers' tensors by a limit of values. */
  static List<List<String>> groups(Network network, long valuesAtOnce) {
    List<String> outputs =
        network.tensors().stream().filter(tensor -> !tensor.equals(network.input())).toList();
    return TensorGroups.of(network, outputs, valuesAtOnce);
  }

  /** Observes the model's outputs and, if an additional tensor is given, its input. */
  private void observe(
      Model model,
      List<String> tensors,
      RepresentativeDataset examples,
      Progress.Task task,
      Map<String, TensorStatistics> statistics)
      throws IOException {
    int count = tensors.size();
    float[][] minima = new float[count][examples.size()];
    float[][] maxima = new float[count][examples.size()];
    runner.run(
        model,
        examples,
        (worker, example, input, outputs) -> {
          for (int t = 0; t < count; t++) {
            float[] values = t < outputs.length ? outputs[t] : input;
            minima[t][example] = min(values);
            maxima[t][example] = max(values);
            if (!Float.isFinite(minima[t][example]) || !Float.isFinite(maxima[t][example])) {
              throw new DeepXrayException(
                  ("Tensor %s of %s is not finite for calibration example %s; check the weights and"
                          + " the example.")
                      .formatted(tensors.get(t), model.network().name(), example));
            }
          }
          task.advance(1);
        });
    List<Histogram> histograms = histograms(model, examples, task, minima, maxima);
    for (int t = 0; t < count; t++) {
      statistics.put(tensors.get(t), TensorStatistics.of(minima[t], maxima[t], histograms.get(t)));
    }
  }

  private List<Histogram> histograms(
      Model model,
      RepresentativeDataset examples,
      Progress.Task task,
      float[][] minima,
      float[][] maxima)
      throws IOException {
    int count = minima.length;
    Histogram.Collector[][] collectors =
        new Histogram.Collector[runner.workers(examples.size())][count];
    for (Histogram.Collector[] worker : collectors) {
      for (int t = 0; t < count; t++) {
        worker[t] = new Histogram.Collector(min(minima[t]), max(maxima[t]), BINS);
      }
    }
    runner.run(
        model,
        examples,
        (worker, example, input, outputs) -> {
          for (int t = 0; t < count; t++) {
            collectors[worker][t].add(t < outputs.length ? outputs[t] : input);
          }
          task.advance(1);
        });
    List<Histogram> histograms = new ArrayList<>();
    for (int t = 0; t < count; t++) {
      for (int w = 1; w < collectors.length; w++) {
        collectors[0][t].add(collectors[w][t]);
      }
      histograms.add(collectors[0][t].histogram());
    }
    return histograms;
  }

  /** Smallest value, or NaN if there is a NaN. */
  private static float min(float[] values) {
    float min = Float.POSITIVE_INFINITY;
    for (float value : values) {
      min = Math.min(min, value);
    }
    return min;
  }

  /** Largest value, or NaN if there is a NaN. */
  private static float max(float[] values) {
    float max = Float.NEGATIVE_INFINITY;
    for (float value : values) {
      max = Math.max(max, value);
    }
    return max;
  }
}
