package io.github.deepxray.core.network;

import io.github.deepxray.core.DeepXrayException;
import java.util.List;
import java.util.Locale;

/**
 * Operation of a {@link Network}. A layer's output tensor has the layer's name; names, parameters
 * and weight layouts are those of Keras.
 *
 * <p>Shapes have no batch dimension: an image is {@code [H, W, C]}, a feature vector {@code [C]}.
 * Weights of a layer are stored under {@code <layer>/<variable>}, for example {@code
 * stem_conv/kernel}.
 */
public sealed interface Layer {

  /** Name of the layer, unique in its network, and of its output tensor. */
  String name();

  /** Names of the input tensors, in order. */
  List<String> inputs();

  /**
   * Output shape for these input shapes; by default the first input shape.
   *
   * @throws DeepXrayException if the shapes do not fit this layer
   */
  default List<Integer> outputShape(List<List<Integer>> inputShapes) {
    return inputShapes.get(0);
  }

  /** Weights for these input shapes, in Keras' order; none by default. */
  default List<WeightSpec> weights(List<List<Integer>> inputShapes) {
    return List.of();
  }

  /** Returns the layer with an input tensor replaced by another. */
  Layer reading(String from, String to);

  /**
   * Calls the visitor's method for this kind of layer; a new kind compiles only if all visitors
   * support it.
   */
  <R> R accept(LayerVisitor<R> visitor);

  /** Layer with one input. */
  sealed interface OfOne extends Layer {
    /** Name of the input tensor. */
    String input();

    @Override
    default List<String> inputs() {
      return List.of(input());
    }
  }

  /** Spatial padding, as in TensorFlow. */
  enum Padding {
    /** Zero padding so that the output has {@code ceil(n / stride)} positions. */
    SAME,
    /** No padding. */
    VALID;

    int outputSize(int size, int kernel, int stride) {
      return this == SAME ? (size + stride - 1) / stride : (size - kernel) / stride + 1;
    }
  }

  /** Activation functions. */
  enum Function {
    /** Identity, {@code x}. */
    LINEAR,
    /** Rectified linear unit, {@code max(x, 0)}. */
    RELU,
    /** Logistic function, {@code 1 / (1 + exp(-x))}. */
    SIGMOID,
    /** Swish or SiLU, {@code x * sigmoid(x)} (Ramachandran et al. 2017). */
    SWISH,
    /**
     * Softmax over the last axis, {@code exp(x_k) / sum_j exp(x_j)}: the probabilities of {@code K}
     * classes from logits {@code [K]}.
     */
    SOFTMAX;

    /** Whether all outputs lie between 0 and 1. */
    public boolean writesProbabilities() {
      return this == SIGMOID || this == SOFTMAX;
    }

    /** Keras' name of the function. */
    public String kerasName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Rescaling, {@code y = x * scale + offset}; scale and offset have one value for all channels or
   * one per channel.
   */
  record Rescaling(String name, String input, List<Double> scale, List<Double> offset)
      implements OfOne {
    /** Copies the lists. */
    public Rescaling {
      scale = List.copyOf(scale);
      offset = List.copyOf(offset);
    }

    @Override
    public List<Integer> outputShape(List<List<Integer>> inputShapes) {
      List<Integer> shape = inputShapes.get(0);
      int channels = shape.get(shape.size() - 1);
      Shapes.check(
          (scale.size() == 1 || scale.size() == channels)
              && (offset.size() == 1 || offset.size() == channels),
          this,
          "scale and offset must hold 1 or %d values",
          channels);
      return shape;
    }

    @Override
    public Rescaling reading(String from, String to) {
      return new Rescaling(name, other(input, from, to), scale, offset);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visit(this);
    }
  }

  /**
   * Normalization, {@code y = (x - mean) / max(sqrt(variance), 1e-7)} per channel; weights {@code
   * mean} and {@code variance}, both {@code [C]}.
   */
  record Normalization(String name, String input) implements OfOne {
    /** Smallest divisor, Keras' epsilon. */
    public static final double EPSILON = 1e-7;

    @Override
    public List<WeightSpec> weights(List<List<Integer>> inputShapes) {
      int channels = Shapes.channels(inputShapes.get(0));
      return List.of(
          WeightSpec.of(name + "/mean", channels), WeightSpec.of(name + "/variance", channels));
    }

    @Override
    public Normalization reading(String from, String to) {
      return new Normalization(name, other(input, from, to));
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visit(this);
    }
  }

  /**
   * 2-D convolution of {@code [H, W, C]} with a square kernel; weights {@code kernel} {@code [k, k,
   * C, filters]} and, with bias, {@code bias} {@code [filters]}.
   */
  record Conv2D(
      String name,
      String input,
      int filters,
      int kernelSize,
      int stride,
      Padding padding,
      boolean useBias)
      implements OfOne {
    @Override
    public List<Integer> outputShape(List<List<Integer>> inputShapes) {
      List<Integer> in = Shapes.image(this, inputShapes.get(0));
      return List.of(
          padding.outputSize(in.get(0), kernelSize, stride),
          padding.outputSize(in.get(1), kernelSize, stride),
          filters);
    }

    @Override
    public List<WeightSpec> weights(List<List<Integer>> inputShapes) {
      int channels = Shapes.channels(inputShapes.get(0));
      WeightSpec kernel =
          WeightSpec.of(name + "/kernel", kernelSize, kernelSize, channels, filters);
      return useBias ? List.of(kernel, WeightSpec.of(name + "/bias", filters)) : List.of(kernel);
    }

    /** Returns the same convolution with bias. */
    public Conv2D biased() {
      return new Conv2D(name, input, filters, kernelSize, stride, padding, true);
    }

    @Override
    public Conv2D reading(String from, String to) {
      return new Conv2D(
          name, other(input, from, to), filters, kernelSize, stride, padding, useBias);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visit(this);
    }
  }

  /**
   * Depthwise 2-D convolution with depth multiplier 1; weights {@code depthwise_kernel} {@code [k,
   * k, C, 1]} and, with bias, {@code bias} {@code [C]}.
   */
  record DepthwiseConv2D(
      String name, String input, int kernelSize, int stride, Padding padding, boolean useBias)
      implements OfOne {
    @Override
    public List<Integer> outputShape(List<List<Integer>> inputShapes) {
      List<Integer> in = Shapes.image(this, inputShapes.get(0));
      return List.of(
          padding.outputSize(in.get(0), kernelSize, stride),
          padding.outputSize(in.get(1), kernelSize, stride),
          in.get(2));
    }

    @Override
    public List<WeightSpec> weights(List<List<Integer>> inputShapes) {
      int channels = Shapes.channels(inputShapes.get(0));
      WeightSpec kernel =
          WeightSpec.of(name + "/depthwise_kernel", kernelSize, kernelSize, channels, 1);
      return useBias ? List.of(kernel, WeightSpec.of(name + "/bias", channels)) : List.of(kernel);
    }

    /** Returns the same convolution with bias. */
    public DepthwiseConv2D biased() {
      return new DepthwiseConv2D(name, input, kernelSize, stride, padding, true);
    }

    @Override
    public DepthwiseConv2D reading(String from, String to) {
      return new DepthwiseConv2D(
          name, other(input, from, to), kernelSize, stride, padding, useBias);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visit(this);
    }
  }

  /**
   * Batch normalization with moving statistics (Ioffe and Szegedy 2015): {@code y = gamma * (x -
   * moving_mean) / sqrt(moving_variance + epsilon) + beta} per channel.
   */
  record BatchNormalization(String name, String input, double epsilon) implements OfOne {
    @Override
    public List<WeightSpec> weights(List<List<Integer>> inputShapes) {
      int channels = Shapes.channels(inputShapes.get(0));
      return List.of(
          WeightSpec.of(name + "/gamma", channels),
          WeightSpec.of(name + "/beta", channels),
          WeightSpec.of(name + "/moving_mean", channels),
          WeightSpec.of(name + "/moving_variance", channels));
    }

    @Override
    public BatchNormalization reading(String from, String to) {
      return new BatchNormalization(name, other(input, from, to), epsilon);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visit(this);
    }
  }

  /** Activation function, which keeps the shape. */
  record Activation(String name, String input, Function function) implements OfOne {
    @Override
    public Activation reading(String from, String to) {
      return new Activation(name, other(input, from, to), function);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visit(this);
    }
  }

  /** Mean over height and width: {@code [C]}, or {@code [1, 1, C]} if dimensions are kept. */
  record GlobalAveragePooling2D(String name, String input, boolean keepDims) implements OfOne {
    @Override
    public List<Integer> outputShape(List<List<Integer>> inputShapes) {
      int channels = Shapes.image(this, inputShapes.get(0)).get(2);
      return keepDims ? List.of(1, 1, channels) : List.of(channels);
    }

    @Override
    public GlobalAveragePooling2D reading(String from, String to) {
      return new GlobalAveragePooling2D(name, other(input, from, to), keepDims);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visit(this);
    }
  }

  /**
   * Product of two tensors of equal shape, or of an image {@code [H, W, C]} and a gate {@code [1,
   * 1, C]}, in that order.
   */
  record Multiply(String name, String first, String second) implements Layer {
    @Override
    public List<String> inputs() {
      return List.of(first, second);
    }

    @Override
    public List<Integer> outputShape(List<List<Integer>> inputShapes) {
      List<Integer> a = inputShapes.get(0);
      List<Integer> b = inputShapes.get(1);
      boolean gate = a.size() == 3 && b.size() == 3 && b.equals(List.of(1, 1, a.get(2)));
      Shapes.check(a.equals(b) || gate, this, "cannot multiply %s by %s", a, b);
      return a;
    }

    @Override
    public Multiply reading(String from, String to) {
      return new Multiply(name, other(first, from, to), other(second, from, to));
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visit(this);
    }
  }

  /** Sum of two tensors of equal shape. */
  record Add(String name, String first, String second) implements Layer {
    @Override
    public List<String> inputs() {
      return List.of(first, second);
    }

    @Override
    public List<Integer> outputShape(List<List<Integer>> inputShapes) {
      Shapes.check(
          inputShapes.get(0).equals(inputShapes.get(1)),
          this,
          "cannot add %s and %s",
          inputShapes.get(0),
          inputShapes.get(1));
      return inputShapes.get(0);
    }

    @Override
    public Add reading(String from, String to) {
      return new Add(name, other(first, from, to), other(second, from, to));
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visit(this);
    }
  }

  /**
   * Fully connected layer on {@code [C]}; weights {@code kernel} {@code [C, units]} and, with bias,
   * {@code bias} {@code [units]}.
   */
  record Dense(String name, String input, int units, boolean useBias) implements OfOne {
    @Override
    public List<Integer> outputShape(List<List<Integer>> inputShapes) {
      Shapes.check(
          inputShapes.get(0).size() == 1, this, "reads a vector, not %s", inputShapes.get(0));
      return List.of(units);
    }

    @Override
    public List<WeightSpec> weights(List<List<Integer>> inputShapes) {
      int in = Shapes.channels(inputShapes.get(0));
      WeightSpec kernel = WeightSpec.of(name + "/kernel", in, units);
      return useBias ? List.of(kernel, WeightSpec.of(name + "/bias", units)) : List.of(kernel);
    }

    /** Returns the same layer with bias. */
    public Dense biased() {
      return new Dense(name, input, units, true);
    }

    @Override
    public Dense reading(String from, String to) {
      return new Dense(name, other(input, from, to), units, useBias);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visit(this);
    }
  }

  /**
   * Sets a random share {@code rate} of the values to zero during training and scales the rest by
   * {@code 1 / (1 - rate)}; the identity in inference.
   *
   * @param wholeExamples whether whole examples are dropped (stochastic depth, Huang et al. 2016;
   *     Keras' {@code noise_shape} of ones), instead of single values (Srivastava et al. 2014)
   */
  record Dropout(String name, String input, double rate, boolean wholeExamples) implements OfOne {
    /** Creates a dropout of single values. */
    public Dropout(String name, String input, double rate) {
      this(name, input, rate, false);
    }

    // Without wholeExamples, which does not change inference: toString() is part of cache keys, and
    // existing caches stay valid.
    @Override
    public String toString() {
      return "Dropout[name=" + name + ", input=" + input + ", rate=" + rate + "]";
    }

    @Override
    public Dropout reading(String from, String to) {
      return new Dropout(name, other(input, from, to), rate, wholeExamples);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.visit(this);
    }
  }

  private static String other(String tensor, String from, String to) {
    return tensor.equals(from) ? to : tensor;
  }
}
