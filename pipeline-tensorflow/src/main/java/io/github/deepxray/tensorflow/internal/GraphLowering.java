package io.github.deepxray.tensorflow.internal;

import io.github.deepxray.core.internal.io.Hashes;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.LayerVisitor;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.WeightSpec;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.math.Mean;
import org.tensorflow.op.nn.FusedBatchNorm;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Adds a network to a TensorFlow graph. It uses only operations with a gradient.
 *
 * <p>Batch normalization always uses its moving statistics, also in training.
 */
public final class GraphLowering {
  private final WeightBinding weights;
  private final Optional<Operand<TInt64>> seedAndStep;
  private final boolean folding;

  private GraphLowering(
      WeightBinding weights, Optional<Operand<TInt64>> seedAndStep, boolean folding) {
    this.weights = weights;
    this.seedAndStep = seedAndStep;
    this.folding = folding;
  }

  /** Creates a lowering for inference, where dropout is the identity. */
  public static GraphLowering inference(WeightBinding weights) {
    return new GraphLowering(weights, Optional.empty(), false);
  }

  /**
   * Creates a lowering for training, with dropout. The dropped values depend only on the seed, the
   * step and the layer's name, so that a resumed training continues identically.
   *
   * @param weights the source of the weights
   * @param seedAndStep two numbers, {@code [2]}: the seed of the run and the number of the step
   */
  public static GraphLowering training(WeightBinding weights, Operand<TInt64> seedAndStep) {
    return new GraphLowering(weights, Optional.of(seedAndStep), false);
  }

  /**
   * Returns a copy that folds batch normalization after a convolution without other readers into
   * its kernel and bias, computed in the graph from the same weights. Function and gradients are
   * the same; normalizing kernels instead of activations makes training faster. The outputs of such
   * convolutions are not among the tensors.
   */
  public GraphLowering foldingBatchNormalization() {
    return new GraphLowering(weights, seedAndStep, true);
  }

  /**
   * Adds the network's layers to a graph.
   *
   * @param tf the scope to add operations to
   * @param network the layers
   * @param input the examples, {@code [N, H, W, C]} or {@code [N, C]}
   * @return every tensor of the network by its name, including the input and the outputs, each with
   *     the batch as first dimension
   */
  public Map<String, Operand<TFloat32>> lower(Ops tf, Network network, Operand<TFloat32> input) {
    Map<String, Operand<TFloat32>> tensors = new LinkedHashMap<>();
    tensors.put(network.input(), input);
    for (Layer layer : network.layers()) {
      if (folds(network, layer)) {
        // Lowered with its normalization.
        continue;
      }
      tensors.put(layer.name(), layer.accept(new Step(tf, network, layer, tensors)));
    }
    for (String output : network.outputs()) {
      // TensorFlow fuses a convolution with its successors even if its output is fetched, and then
      // fails to find it. A second reader prevents the fusion.
      tensors.put(output, tf.withName(output + ".output").identity(tensors.get(output)));
    }
    return Collections.unmodifiableMap(tensors);
  }

  /** Whether a convolution is folded with the batch normalization that reads it. */
  private boolean folds(Network network, Layer layer) {
    if (!folding || network.outputs().contains(layer.name())) {
      return false;
    }
    boolean plain =
        (layer instanceof Layer.Conv2D conv && !conv.useBias())
            || (layer instanceof Layer.DepthwiseConv2D depthwise && !depthwise.useBias());
    List<Layer> readers = network.readers(layer.name());
    return plain && readers.size() == 1 && readers.get(0) instanceof Layer.BatchNormalization;
  }

  /** Lowering of one layer. */
  private final class Step implements LayerVisitor<Operand<TFloat32>> {
    private final Ops tf;
    private final Network network;
    private final Layer layer;
    private final Map<String, Operand<TFloat32>> tensors;
    private final Operand<TFloat32> x;
    private final List<Integer> shape;

    Step(Ops tf, Network network, Layer layer, Map<String, Operand<TFloat32>> tensors) {
      this.tf = tf;
      this.network = network;
      this.layer = layer;
      this.tensors = tensors;
      String first = layer.inputs().get(0);
      x = tensors.get(first);
      shape = network.shape(first);
    }

    @Override
    public Operand<TFloat32> visit(Layer.Conv2D l) {
      return bias(
          named("conv").nn.conv2d(x, weight("kernel"), strides(l.stride()), padding(l.padding())),
          l.useBias());
    }

    @Override
    public Operand<TFloat32> visit(Layer.DepthwiseConv2D l) {
      return bias(
          named("conv")
              .nn
              .depthwiseConv2dNative(
                  x, weight("depthwise_kernel"), strides(l.stride()), padding(l.padding())),
          l.useBias());
    }

    @Override
    public Operand<TFloat32> visit(Layer.GlobalAveragePooling2D l) {
      return named("mean")
          .math
          .mean(x, named("axes").constant(new int[] {1, 2}), Mean.keepDims(l.keepDims()));
    }

    @Override
    public Operand<TFloat32> visit(Layer.Multiply l) {
      return named("product").math.mul(x, tensors.get(l.second()));
    }

    @Override
    public Operand<TFloat32> visit(Layer.Add l) {
      return named("sum").math.add(x, tensors.get(l.second()));
    }

    @Override
    public Operand<TFloat32> visit(Layer.Dense l) {
      return bias(named("matmul").linalg.matMul(x, weight("kernel")), l.useBias());
    }

    @Override
    public Operand<TFloat32> visit(Layer.Rescaling l) {
      Operand<TFloat32> y = x;
      if (l.scale().stream().anyMatch(s -> s != 1)) {
        y = named("scaled").math.mul(y, named("scale").constant(floats(l.scale())));
      }
      return named("shifted").math.add(y, named("offset").constant(floats(l.offset())));
    }

    @Override
    public Operand<TFloat32> visit(Layer.Normalization l) {
      Operand<TFloat32> deviation =
          named("deviation")
              .math
              .maximum(
                  named("sqrt").math.sqrt(weight("variance")),
                  named("epsilon").constant((float) Layer.Normalization.EPSILON));
      return named("normalized").math.div(named("centered").math.sub(x, weight("mean")), deviation);
    }

    @Override
    public Operand<TFloat32> visit(Layer.BatchNormalization l) {
      if (!l.input().equals(network.input()) && folds(network, network.layer(l.input()))) {
        return new Step(tf, network, network.layer(l.input()), tensors)
            .convolveAndNormalize(this, l.epsilon());
      }
      Operand<TFloat32> gamma = weight("gamma");
      Operand<TFloat32> beta = weight("beta");
      Operand<TFloat32> mean = weight("moving_mean");
      Operand<TFloat32> variance = weight("moving_variance");
      if (shape.size() == 3) {
        return named("normalized")
            .nn
            .fusedBatchNorm(
                x,
                gamma,
                beta,
                mean,
                variance,
                FusedBatchNorm.isTraining(false),
                FusedBatchNorm.epsilon((float) l.epsilon()))
            .y();
      }
      // The fused operation supports images only.
      Operand<TFloat32> inverse =
          named("inverse")
              .math
              .rsqrt(
                  named("regularized")
                      .math
                      .add(variance, named("epsilon").constant((float) l.epsilon())));
      return named("normalized")
          .math
          .add(
              named("scaled")
                  .math
                  .mul(
                      named("centered").math.sub(x, mean), named("scale").math.mul(gamma, inverse)),
              beta);
    }

    /** Convolution with a normalized kernel. */
    private Operand<TFloat32> convolveAndNormalize(Step norm, double epsilon) {
      Operand<TFloat32> inverse =
          norm.named("inverse")
              .math
              .rsqrt(
                  norm.named("regularized")
                      .math
                      .add(
                          norm.weight("moving_variance"),
                          norm.named("epsilon").constant((float) epsilon)));
      Operand<TFloat32> scale = norm.named("scale").math.mul(norm.weight("gamma"), inverse);
      Operand<TFloat32> offset =
          norm.named("offset")
              .math
              .sub(
                  norm.weight("beta"),
                  norm.named("moved").math.mul(norm.weight("moving_mean"), scale));
      Operand<TFloat32> y;
      if (layer instanceof Layer.Conv2D l) {
        Operand<TFloat32> kernel = named("folded").math.mul(weight("kernel"), scale);
        y = named("conv").nn.conv2d(x, kernel, strides(l.stride()), padding(l.padding()));
      } else {
        Layer.DepthwiseConv2D l = (Layer.DepthwiseConv2D) layer;
        // [k, k, C, 1]
        Operand<TFloat32> column =
            named("column").reshape(scale, named("columns").constant(new int[] {-1, 1}));
        Operand<TFloat32> kernel = named("folded").math.mul(weight("depthwise_kernel"), column);
        y =
            named("conv")
                .nn
                .depthwiseConv2dNative(x, kernel, strides(l.stride()), padding(l.padding()));
      }
      return norm.named("normalized").nn.biasAdd(y, offset);
    }

    @Override
    public Operand<TFloat32> visit(Layer.Activation l) {
      return switch (l.function()) {
        case LINEAR -> named("linear").identity(x);
        case RELU -> named("relu").nn.relu(x);
        case SIGMOID -> named("sigmoid").math.sigmoid(x);
        // TensorFlow's optimizer fuses this pair into one operation.
        case SWISH -> named("swish").math.mul(x, named("sigmoid").math.sigmoid(x));
        case SOFTMAX -> named("softmax").nn.softmax(x);
      };
    }

    @Override
    public Operand<TFloat32> visit(Layer.Dropout l) {
      if (seedAndStep.isEmpty() || l.rate() == 0) {
        return named("kept").identity(x);
      }
      long salt = Long.parseUnsignedLong(Hashes.sha256(l.name()).substring(0, 16), 16);
      Operand<TInt64> seed =
          named("seed").math.add(seedAndStep.get(), named("salt").constant(new long[] {salt, 0}));
      // Without a stop, the gradient would follow the shape to its source.
      Operand<TInt32> size = named("size").stopGradient(named("shape").shape(x));
      if (l.wholeExamples()) {
        int[] ones = new int[shape.size()];
        Arrays.fill(ones, 1);
        Operand<TInt32> first = named("zero").constant(new int[] {0});
        Operand<TInt32> one = named("one").constant(new int[] {1});
        size =
            named("examples")
                .concat(
                    List.of(named("batch").slice(size, first, one), named("ones").constant(ones)),
                    named("axis").constant(0));
      }
      Operand<TFloat32> uniform = named("uniform").random.statelessRandomUniform(size, seed);
      Operand<TFloat32> kept =
          named("mask")
              .dtypes
              .cast(
                  named("keep")
                      .math
                      .greaterEqual(uniform, named("rate").constant((float) l.rate())),
                  TFloat32.class);
      Operand<TFloat32> scaled =
          named("scaled").math.mul(x, named("scale").constant((float) (1 / (1 - l.rate()))));
      return named("kept").math.mul(scaled, kept);
    }

    private Operand<TFloat32> bias(Operand<TFloat32> y, boolean useBias) {
      return useBias ? named("biased").nn.biasAdd(y, weight("bias")) : y;
    }

    private Operand<TFloat32> weight(String variable) {
      String name = layer.name() + "/" + variable;
      for (WeightSpec spec : layer.weights(layer.inputs().stream().map(network::shape).toList())) {
        if (spec.name().equals(name)) {
          return weights.read(tf, spec);
        }
      }
      throw new IllegalStateException(layer + " has no weight " + name);
    }

    private Ops named(String part) {
      return tf.withName(NodeNames.of(layer, part));
    }
  }

  private static List<Long> strides(int stride) {
    return List.of(1L, (long) stride, (long) stride, 1L);
  }

  private static String padding(Padding padding) {
    return padding.name();
  }

  private static float[] floats(List<Double> values) {
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i).floatValue();
    }
    return floats;
  }
}
