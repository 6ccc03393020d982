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
 * Runs a model of floats on representative examples and keeps the distribution of every tensor.
 *
 * <p>The examples pass twice: first for the least and the largest value in each, then for a
 * histogram between them. Results do not depend on how many engines run side by side. Memory is
 * bounded: where the tensors of one example are too many to hold at once, the examples pass twice
 * for each group of tensors.
 */
public final class Calibrator {
  /** About how many bins a histogram has. */
  public static final int BINS = 4096;

  // 96 MiB of floats per engine; EfficientNetB0 needs about half of that.
  private static final long VALUES_AT_ONCE = 24L << 20;

  private final ExampleRunner runner;
  private final Progress progress;
  private final long valuesAtOnce;

  /**
   * Prepares a calibrator.
   *
   * @param engines what runs the model; engines may differ in the last digits, so results are the
   *     same for one engine only
   * @param cores how many processor cores to use
   * @param progress told of every example of each pass
   */
  public Calibrator(EngineFactory engines, int cores, Progress progress) {
    this(engines, cores, progress, VALUES_AT_ONCE);
  }

  /** As above with another bound on the values of one example that are held at once. */
  Calibrator(EngineFactory engines, int cores, Progress progress, long valuesAtOnce) {
    this.runner = new ExampleRunner(engines, cores);
    this.progress = progress;
    this.valuesAtOnce = valuesAtOnce;
  }

  /**
   * Calibrates a model.
   *
   * @param model in floats, folded by the passes that the quantized model will be, see {@link
   *     ModelQuantization#prepare}
   * @param examples the representative examples
   * @throws DeepXrayException if a tensor holds a value that is not finite
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

  /** The layers' tensors, in groups of at most so many values. */
  static List<List<String>> groups(Network network, long valuesAtOnce) {
    List<String> outputs =
        network.tensors().stream().filter(tensor -> !tensor.equals(network.input())).toList();
    return TensorGroups.of(network, outputs, valuesAtOnce);
  }

  /** Observes the model's outputs and, if one more tensor is named, its input. */
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

  /** The least value, or NaN if there is one. */
  private static float min(float[] values) {
    float min = Float.POSITIVE_INFINITY;
    for (float value : values) {
      min = Math.min(min, value);
    }
    return min;
  }

  /** The largest value, or NaN if there is one. */
  private static float max(float[] values) {
    float max = Float.NEGATIVE_INFINITY;
    for (float value : values) {
      max = Math.max(max, value);
    }
    return max;
  }
}
