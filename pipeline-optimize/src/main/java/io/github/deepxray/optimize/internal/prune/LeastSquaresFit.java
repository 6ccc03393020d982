package io.github.deepxray.optimize.internal.prune;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.internal.concurrent.Workers;
import io.github.deepxray.core.internal.math.Cholesky;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Fits 1x1 convolutions and dense layers of a changed model to their outputs in the original, by
 * ridge regression on a sample of positions (a vector has one). The penalty keeps kernels near the
 * current ones, so that directions without data are unchanged.
 */
record LeastSquaresFit(EngineFactory engines, int cores, Progress progress) {
  /** Approximate number of sampled positions. */
  private static final int SAMPLES = 8192;

  // Relative to the inputs' mean variance.
  private static final double PENALTY = 1e-3;

  /**
   * Fits layers one after another, each on the outputs of the fitted layers before it.
   *
   * @param original the model of the target outputs
   * @param changed a model with the same layers and output shapes
   * @param layers the names of 1x1 convolutions of stride 1 and of dense layers, in the order of
   *     the network
   */
  Model fit(Model original, Model changed, List<String> layers, RepresentativeDataset examples)
      throws IOException {
    return fit(original, changed, layers, Masks.none(), examples);
  }

  /**
   * Fits pruned kernels, whose zeros are kept: each output is fitted by its unmasked inputs.
   *
   * @param masks the masks of the kernels; a kernel without a mask is fitted completely
   */
  Model fit(
      Model original,
      Model changed,
      List<String> layers,
      Masks masks,
      RepresentativeDataset examples)
      throws IOException {
    if (layers.isEmpty()) {
      return changed;
    }
    Map<String, float[][]> wanted = sample(original, layers, examples);
    Model fitted = changed;
    for (String layer : layers) {
      String input = fitted.network().layer(layer).inputs().get(0);
      float[][] inputs = sample(fitted, List.of(input), examples).get(input);
      Optional<FloatTensor> mask = Optional.ofNullable(masks.tensors().get(layer + "/kernel"));
      fitted = fit(fitted, layer, mask, inputs, wanted.remove(layer));
    }
    return fitted;
  }

  /** Samples the channels of each tensor at positions of all examples. */
  private Map<String, float[][]> sample(
      Model model, List<String> tensors, RepresentativeDataset examples) throws IOException {
    Network network = model.network();
    Model run = model.withOutputs(tensors);
    int perExample = Math.max(1, SAMPLES / examples.size());
    float[][][][] found = new float[examples.size()][tensors.size()][][];
    int workers = Math.max(1, Math.min(engines.parallelEngines(cores), examples.size()));
    try (Progress.Task task = progress.start("least squares", examples.size())) {
      Workers.run(
          workers,
          (worker, work) -> {
            try (InferenceEngine engine = engines.create(run, Math.max(1, cores / workers))) {
              for (int i = worker; i < examples.size() && !work.stopped(); i += workers) {
                float[][] outputs = engine.run(examples.example(i), 1);
                for (int t = 0; t < outputs.length; t++) {
                  List<Integer> shape = network.shape(tensors.get(t));
                  found[i][t] = positions(outputs[t], shape.get(shape.size() - 1), perExample, i);
                }
                task.advance(1);
              }
            }
          });
    }
    Map<String, float[][]> samples = new LinkedHashMap<>();
    for (int t = 0; t < tensors.size(); t++) {
      List<float[]> rows = new ArrayList<>();
      for (float[][][] example : found) {
        rows.addAll(Arrays.asList(example[t]));
      }
      samples.put(tensors.get(t), rows.toArray(new float[0][]));
    }
    return samples;
  }

  /** Returns evenly spaced positions, different in each example. */
  private static float[][] positions(float[] values, int channels, int count, int example) {
    int all = values.length / channels;
    int taken = Math.min(all, count);
    float[][] rows = new float[taken][];
    for (int j = 0; j < taken; j++) {
      int from = (int) ((long) j * all / taken);
      int to = (int) ((long) (j + 1) * all / taken);
      int position = from + example % (to - from);
      rows[j] = Arrays.copyOfRange(values, position * channels, (position + 1) * channels);
    }
    return rows;
  }

  private Model fit(
      Model model, String layer, Optional<FloatTensor> mask, float[][] inputs, float[][] wanted)
      throws IOException {
    Tensor kernel = model.weights().get(layer + "/kernel");
    float[] weights = kernel.toFloats();
    int in = inputs[0].length;
    int out = wanted[0].length;
    double[] inputMean = mean(inputs);
    double[] wantedMean = mean(wanted);
    double[][] gram = new double[in][in];
    double[][] right = new double[in][out];
    double[][] residual = residual(weights, inputs, inputMean, wanted, wantedMean);
    correlate(inputs, inputMean, residual, gram, right);
    penalize(gram);
    if (mask.isPresent()) {
      solve(gram, right, mask.get());
    } else {
      Cholesky.solve(gram, right);
    }
    double[] offset = wantedMean.clone();
    for (int i = 0; i < in; i++) {
      for (int o = 0; o < out; o++) {
        weights[i * out + o] = (float) (weights[i * out + o] + right[i][o]);
        offset[o] -= inputMean[i] * weights[i * out + o];
      }
    }
    float[] bias =
        model.weights().find(layer + "/bias").map(Tensor::toFloats).orElse(new float[out]);
    double[] factor = new double[out];
    for (int o = 0; o < out; o++) {
      offset[o] -= bias[o];
      factor[o] = 1;
    }
    Weights.Builder changed = Weights.builder();
    changed.put(layer + "/kernel", FloatTensor.of(weights, kernel.shape()));
    Model fitted =
        new Model(model.network(), model.weights().plus(changed.build()), model.quantization());
    return MomentCorrection.affine(fitted, layer, factor, offset);
  }

  /** Difference between target and current output, both centered. */
  private double[][] residual(
      float[] weights, float[][] inputs, double[] inputMean, float[][] wanted, double[] wantedMean)
      throws IOException {
    int out = wantedMean.length;
    double[][] residual = new double[inputs.length][out];
    Workers.run(
        cores,
        (worker, work) -> {
          for (int s = worker; s < inputs.length; s += cores) {
            for (int o = 0; o < out; o++) {
              residual[s][o] = wanted[s][o] - wantedMean[o];
            }
            for (int i = 0; i < inputMean.length; i++) {
              double x = inputs[s][i] - inputMean[i];
              for (int o = 0; o < out; o++) {
                residual[s][o] -= x * weights[i * out + o];
              }
            }
          }
        });
    return residual;
  }

  /** Accumulates the upper half of the inputs' products, and their products with the residuals. */
  private void correlate(
      float[][] inputs, double[] inputMean, double[][] residual, double[][] gram, double[][] right)
      throws IOException {
    int in = inputMean.length;
    int out = right[0].length;
    Workers.run(
        cores,
        (worker, work) -> {
          for (int s = 0; s < inputs.length; s++) {
            for (int i = worker; i < in; i += cores) {
              double x = inputs[s][i] - inputMean[i];
              double[] row = gram[i];
              for (int k = i; k < in; k++) {
                row[k] += x * (inputs[s][k] - inputMean[k]);
              }
              double[] target = right[i];
              for (int o = 0; o < out; o++) {
                target[o] += x * residual[s][o];
              }
            }
          }
        });
  }

  private static void penalize(double[][] gram) {
    double trace = 0;
    for (int i = 0; i < gram.length; i++) {
      trace += gram[i][i];
    }
    for (int i = 0; i < gram.length; i++) {
      // Not all inputs can be constant in a trained network; if they are, the kernel is unchanged.
      gram[i][i] += trace > 0 ? PENALTY * trace / gram.length : 1;
    }
  }

  private static double[] mean(float[][] rows) {
    double[] mean = new double[rows[0].length];
    for (float[] row : rows) {
      for (int i = 0; i < mean.length; i++) {
        mean[i] += row[i];
      }
    }
    for (int i = 0; i < mean.length; i++) {
      mean[i] /= rows.length;
    }
    return mean;
  }

  /**
   * Solves each column of the right side with the unmasked rows and columns of the matrix; the
   * other rows of the solution are 0.
   */
  private void solve(double[][] matrix, double[][] right, FloatTensor mask) throws IOException {
    int outputs = right[0].length;
    Workers.run(
        cores,
        (worker, work) -> {
          for (int o = worker; o < outputs && !work.stopped(); o += cores) {
            int output = o;
            int[] kept =
                IntStream.range(0, matrix.length)
                    .filter(i -> mask.at(i * outputs + output) != 0)
                    .toArray();
            double[][] part = new double[kept.length][kept.length];
            double[][] column = new double[kept.length][1];
            for (int i = 0; i < kept.length; i++) {
              for (int j = i; j < kept.length; j++) {
                part[i][j] = matrix[kept[i]][kept[j]];
              }
              column[i][0] = right[kept[i]][o];
            }
            Cholesky.solve(part, column);
            for (double[] row : right) {
              row[o] = 0;
            }
            for (int i = 0; i < kept.length; i++) {
              right[kept[i]][o] = column[i][0];
            }
          }
        });
  }
}
