package io.github.deepxray.optimize.internal.prune;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.internal.concurrent.Workers;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.optimize.internal.Range;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import io.github.deepxray.optimize.internal.TensorGroups;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.DoubleStream;

/**
 * Mean and mean square of each channel of a tensor, over all positions of all examples.
 *
 * @param means the mean of each channel
 * @param meanSquares the mean of the squares of each channel
 */
record ChannelStatistics(List<Double> means, List<Double> meanSquares) {
  // Number of partial sums of examples, fixed so that results do not depend on the number of
  // threads.
  private static final int LANES = 16;

  // 96 MiB of floats for each engine.
  private static final long VALUES_AT_ONCE = 24L << 20;

  private static final Range EVERYTHING = new Range(-Double.MAX_VALUE, Double.MAX_VALUE);

  /** Copies the lists. */
  public ChannelStatistics {
    means = List.copyOf(means);
    meanSquares = List.copyOf(meanSquares);
  }

  /** Root mean square of a channel. */
  public double rms(int channel) {
    return Math.sqrt(meanSquares.get(channel));
  }

  /** Variance of a channel, over positions and examples. */
  public double variance(int channel) {
    double mean = means.get(channel);
    return Math.max(0, meanSquares.get(channel) - mean * mean);
  }

  /**
   * Runs a model on examples and collects the statistics of some tensors.
   *
   * @param engines the engine that runs the model
   * @param cores the number of processor cores; results do not depend on it
   * @param model the model, in floats
   * @param tensors the names of the tensors, possibly with the network's input
   * @param examples the examples, at least 1
   * @param progress notified of every example
   * @return the statistics by the tensor's name
   * @throws DeepXrayException if there is no example, or no such tensor
   * @throws IOException if an example cannot be read
   */
  public static Map<String, ChannelStatistics> collect(
      EngineFactory engines,
      int cores,
      Model model,
      Collection<String> tensors,
      RepresentativeDataset examples,
      Progress progress)
      throws IOException {
    return collect(engines, cores, model, tensors, Map.of(), examples, progress);
  }

  /**
   * Collects statistics with clipped values of some tensors.
   *
   * @param limits the ranges of the clipped tensors by their names
   */
  static Map<String, ChannelStatistics> collect(
      EngineFactory engines,
      int cores,
      Model model,
      Collection<String> tensors,
      Map<String, Range> limits,
      RepresentativeDataset examples,
      Progress progress)
      throws IOException {
    if (examples.size() < 1) {
      throw new DeepXrayException(
          "There is no example to run " + model.network().name() + " on; give at least 1.");
    }
    Map<String, ChannelStatistics> statistics = new TreeMap<>();
    List<List<String>> groups =
        TensorGroups.of(model.network(), new LinkedHashSet<>(tensors), VALUES_AT_ONCE);
    try (Progress.Task task =
        progress.start("channel statistics", (long) groups.size() * examples.size())) {
      Collector collector = new Collector(engines, cores, examples, limits, task);
      for (List<String> group : groups) {
        collector.collect(model, group, statistics);
      }
    }
    return statistics;
  }

  private record Collector(
      EngineFactory engines,
      int cores,
      RepresentativeDataset examples,
      Map<String, Range> limits,
      Progress.Task task) {
    void collect(Model model, List<String> tensors, Map<String, ChannelStatistics> statistics)
        throws IOException {
      Network network = model.network();
      List<String> outputs = tensors.stream().filter(t -> !t.equals(network.input())).toList();
      List<String> read = new ArrayList<>(outputs);
      if (outputs.size() < tensors.size()) {
        read.add(network.input());
      }
      // An engine must have an output, even if only the input is needed.
      Model run = outputs.isEmpty() ? model : model.withOutputs(outputs);
      Sums[][] lanes = new Sums[Math.min(LANES, examples.size())][read.size()];
      for (Sums[] lane : lanes) {
        Arrays.setAll(lane, t -> new Sums(network, read.get(t), limits));
      }
      int workers = Math.max(1, Math.min(engines.parallelEngines(cores), lanes.length));
      Workers.run(
          workers,
          (worker, work) -> {
            try (InferenceEngine engine = engines.create(run, Math.max(1, cores / workers))) {
              for (int l = worker; l < lanes.length; l += workers) {
                for (int i = l; i < examples.size() && !work.stopped(); i += lanes.length) {
                  float[] input = examples.example(i);
                  float[][] results = engine.run(input, 1);
                  for (int t = 0; t < read.size(); t++) {
                    lanes[l][t].add(t < outputs.size() ? results[t] : input);
                  }
                  task.advance(1);
                }
              }
            }
          });
      for (int t = 0; t < read.size(); t++) {
        for (int l = 1; l < lanes.length; l++) {
          lanes[0][t].add(lanes[l][t]);
        }
        statistics.put(read.get(t), lanes[0][t].over(network.size(read.get(t)), examples.size()));
      }
    }
  }

  /** Sums of one tensor by channel. */
  private static final class Sums {
    private final Range limits;
    private final double[] values;
    private final double[] squares;

    Sums(Network network, String tensor, Map<String, Range> limits) {
      this.limits = limits.getOrDefault(tensor, EVERYTHING);
      List<Integer> shape = network.shape(tensor);
      values = new double[shape.get(shape.size() - 1)];
      squares = new double[values.length];
    }

    void add(float[] tensor) {
      for (int start = 0; start < tensor.length; start += values.length) {
        for (int c = 0; c < values.length; c++) {
          double value = limits.clip(tensor[start + c]);
          values[c] += value;
          squares[c] += value * value;
        }
      }
    }

    void add(Sums other) {
      for (int c = 0; c < values.length; c++) {
        values[c] += other.values[c];
        squares[c] += other.squares[c];
      }
    }

    ChannelStatistics over(long size, int examples) {
      double positions = (double) size / values.length * examples;
      return new ChannelStatistics(divide(values, positions), divide(squares, positions));
    }

    private static List<Double> divide(double[] sums, double positions) {
      return DoubleStream.of(sums).map(sum -> sum / positions).boxed().toList();
    }
  }
}
