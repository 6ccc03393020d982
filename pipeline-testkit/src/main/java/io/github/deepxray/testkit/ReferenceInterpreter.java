package io.github.deepxray.testkit;

import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.LayerVisitor;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;

/**
 * Reference implementation of all layers in double precision without any library, slow and simple,
 * to test engines.
 */
public final class ReferenceInterpreter {
  private final Model model;

  /** Creates an interpreter of a model. */
  public ReferenceInterpreter(Model model) {
    this.model = model;
  }

  /**
   * Runs one example.
   *
   * @param input the example, row-major
   * @return the values of every tensor by its name
   */
  public Map<String, double[]> run(float[] input) {
    Network network = model.network();
    Map<String, double[]> tensors = new HashMap<>();
    double[] start = new double[input.length];
    for (int i = 0; i < start.length; i++) {
      start[i] = input[i];
    }
    tensors.put(network.input(), start);
    for (Layer layer : network.layers()) {
      tensors.put(layer.name(), apply(layer, tensors));
    }
    return tensors;
  }

  /**
   * Runs one layer of the model.
   *
   * @param tensors at least the values of its inputs, by name
   * @return the values of its output
   */
  public double[] apply(Layer layer, Map<String, double[]> tensors) {
    return layer.accept(new Step(layer, tensors));
  }

  /** One layer with its inputs. */
  private final class Step implements LayerVisitor<double[]> {
    private final Network network = model.network();
    private final Map<String, double[]> tensors;
    private final double[] x;
    private final List<Integer> shape;
    private final int channels;

    Step(Layer layer, Map<String, double[]> tensors) {
      this.tensors = tensors;
      x = tensors.get(layer.inputs().get(0));
      shape = network.shape(layer.inputs().get(0));
      channels = shape.get(shape.size() - 1);
    }

    @Override
    public double[] visit(Layer.Rescaling l) {
      double[] y = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        y[i] = x[i] * pick(l.scale(), i % channels) + pick(l.offset(), i % channels);
      }
      return y;
    }

    @Override
    public double[] visit(Layer.Normalization l) {
      double[] mean = weight(l.name() + "/mean");
      double[] variance = weight(l.name() + "/variance");
      double[] y = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        int c = i % channels;
        y[i] = (x[i] - mean[c]) / Math.max(Math.sqrt(variance[c]), Layer.Normalization.EPSILON);
      }
      return y;
    }

    @Override
    public double[] visit(Layer.BatchNormalization l) {
      double[] gamma = weight(l.name() + "/gamma");
      double[] beta = weight(l.name() + "/beta");
      double[] mean = weight(l.name() + "/moving_mean");
      double[] variance = weight(l.name() + "/moving_variance");
      double[] y = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        int c = i % channels;
        y[i] = gamma[c] * (x[i] - mean[c]) / Math.sqrt(variance[c] + l.epsilon()) + beta[c];
      }
      return y;
    }

    @Override
    public double[] visit(Layer.Conv2D l) {
      double[] kernel = weight(l.name() + "/kernel");
      double[] bias = l.useBias() ? weight(l.name() + "/bias") : new double[l.filters()];
      return convolve(
          x,
          shape,
          network.shape(l.name()),
          l.kernelSize(),
          l.stride(),
          l.padding(),
          bias,
          (ky, kx, in, out) ->
              kernel[((ky * l.kernelSize() + kx) * channels + in) * l.filters() + out]);
    }

    @Override
    public double[] visit(Layer.DepthwiseConv2D l) {
      double[] kernel = weight(l.name() + "/depthwise_kernel");
      double[] bias = l.useBias() ? weight(l.name() + "/bias") : new double[channels];
      return convolve(
          x,
          shape,
          network.shape(l.name()),
          l.kernelSize(),
          l.stride(),
          l.padding(),
          bias,
          (ky, kx, in, out) -> in == out ? kernel[(ky * l.kernelSize() + kx) * channels + in] : 0);
    }

    @Override
    public double[] visit(Layer.Activation l) {
      return l.function() == Layer.Function.SOFTMAX
          ? softmax(x, channels)
          : map(x, function(l.function()));
    }

    @Override
    public double[] visit(Layer.GlobalAveragePooling2D l) {
      double[] y = new double[channels];
      for (int i = 0; i < x.length; i++) {
        y[i % channels] += x[i] * channels / x.length;
      }
      return y;
    }

    @Override
    public double[] visit(Layer.Multiply l) {
      double[] gate = tensors.get(l.second());
      double[] y = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        y[i] = x[i] * gate[i % gate.length];
      }
      return y;
    }

    @Override
    public double[] visit(Layer.Add l) {
      double[] other = tensors.get(l.second());
      double[] y = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        y[i] = x[i] + other[i];
      }
      return y;
    }

    @Override
    public double[] visit(Layer.Dense l) {
      double[] kernel = weight(l.name() + "/kernel");
      double[] y = l.useBias() ? weight(l.name() + "/bias") : new double[l.units()];
      for (int i = 0; i < x.length; i++) {
        for (int o = 0; o < y.length; o++) {
          y[o] += x[i] * kernel[i * y.length + o];
        }
      }
      return y;
    }

    @Override
    public double[] visit(Layer.Dropout l) {
      return x;
    }
  }

  @FunctionalInterface
  private interface Kernel {
    double at(int ky, int kx, int in, int out);
  }

  private static double[] convolve(
      double[] x,
      List<Integer> in,
      List<Integer> out,
      int kernelSize,
      int stride,
      Padding padding,
      double[] bias,
      Kernel kernel) {
    int top = 0;
    int left = 0;
    if (padding == Padding.SAME) {
      top = Math.max(0, (out.get(0) - 1) * stride + kernelSize - in.get(0)) / 2;
      left = Math.max(0, (out.get(1) - 1) * stride + kernelSize - in.get(1)) / 2;
    }
    double[] y = new double[out.get(0) * out.get(1) * out.get(2)];
    int o = 0;
    for (int oy = 0; oy < out.get(0); oy++) {
      for (int ox = 0; ox < out.get(1); ox++) {
        for (int oc = 0; oc < out.get(2); oc++) {
          double sum = bias[oc];
          for (int ky = 0; ky < kernelSize; ky++) {
            for (int kx = 0; kx < kernelSize; kx++) {
              int iy = oy * stride - top + ky;
              int ix = ox * stride - left + kx;
              if (iy >= 0 && iy < in.get(0) && ix >= 0 && ix < in.get(1)) {
                for (int ic = 0; ic < in.get(2); ic++) {
                  sum += x[(iy * in.get(1) + ix) * in.get(2) + ic] * kernel.at(ky, kx, ic, oc);
                }
              }
            }
          }
          y[o++] = sum;
        }
      }
    }
    return y;
  }

  private static DoubleUnaryOperator function(Layer.Function function) {
    return switch (function) {
      case LINEAR -> v -> v;
      case RELU -> v -> Math.max(0, v);
      case SIGMOID -> v -> 1 / (1 + Math.exp(-v));
      case SWISH -> v -> v / (1 + Math.exp(-v));
      case SOFTMAX -> throw new IllegalStateException("softmax is no function of one value");
    };
  }

  private static double[] softmax(double[] x, int channels) {
    double[] y = new double[x.length];
    for (int from = 0; from < x.length; from += channels) {
      double greatest = Double.NEGATIVE_INFINITY;
      for (int c = 0; c < channels; c++) {
        greatest = Math.max(greatest, x[from + c]);
      }
      double sum = 0;
      for (int c = 0; c < channels; c++) {
        // Numerator and denominator are divided by the largest exponential, so that none is
        // infinite.
        y[from + c] = Math.exp(x[from + c] - greatest);
        sum += y[from + c];
      }
      for (int c = 0; c < channels; c++) {
        y[from + c] /= sum;
      }
    }
    return y;
  }

  private static double[] map(double[] x, DoubleUnaryOperator function) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = function.applyAsDouble(x[i]);
    }
    return y;
  }

  private static double pick(List<Double> values, int channel) {
    return values.get(values.size() == 1 ? 0 : channel);
  }

  private double[] weight(String name) {
    float[] floats = model.weights().floats(name);
    double[] values = new double[floats.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = floats[i];
    }
    return values;
  }
}
