package io.github.deepxray.tflite;

import com.google.flatbuffers.FlatBufferBuilder;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.BatchNormalization;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Layer.Dropout;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Multiply;
import io.github.deepxray.core.network.Layer.Normalization;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Int8Tensor;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.tensorflow.lite.schema.ActivationFunctionType;
import org.tensorflow.lite.schema.AddOptions;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.Conv2DOptions;
import org.tensorflow.lite.schema.DepthwiseConv2DOptions;
import org.tensorflow.lite.schema.FullyConnectedOptions;
import org.tensorflow.lite.schema.FullyConnectedOptionsWeightsFormat;
import org.tensorflow.lite.schema.MulOptions;
import org.tensorflow.lite.schema.Padding;
import org.tensorflow.lite.schema.ReducerOptions;
import org.tensorflow.lite.schema.ReshapeOptions;
import org.tensorflow.lite.schema.SubOptions;

/**
 * Turns the layers of a network into TFLite operators for a batch of one.
 *
 * <p>The versions of the operators are the lowest that TFLite defines for what is written.
 */
final class Lowering {
  private static final byte NONE = ActivationFunctionType.NONE;

  private final Network network;
  private final Weights weights;
  private final FlatGraph graph;
  private final Map<String, Integer> tensors = new HashMap<>();
  private OptionalInt spatialAxes = OptionalInt.empty();

  private Lowering(Network network, Weights weights) {
    this.network = network;
    this.weights = weights;
    this.graph = new FlatGraph(network.name());
  }

  /**
   * The graph of a model. Layers that no output depends on are left out: XNNPACK ends the process
   * at an operator whose result nobody reads.
   *
   * @throws DeepXrayException if an output is named twice or integer weights are quantized along a
   *     dimension that TFLite has no operator for
   */
  static FlatGraph lower(Model model) {
    List<String> outputs = model.network().outputs();
    Set<String> unique = new HashSet<>(outputs);
    if (unique.size() != outputs.size()) {
      throw new DeepXrayException(
          "Network "
              + model.network().name()
              + " names an output twice ("
              + String.join(", ", outputs)
              + "); a .tflite file has each once.");
    }
    Lowering lowering = new Lowering(model.network().withOutputs(outputs), model.weights());
    lowering.lower();
    return lowering.graph;
  }

  private void lower() {
    String input = network.input();
    int inputTensor = graph.addFloats(input, withBatch(network.inputShape()));
    tensors.put(input, inputTensor);
    graph.addInput(input, inputTensor);
    network.layers().forEach(this::lower);
    for (String output : network.outputs()) {
      int tensor = tensors.get(output);
      if (output.equals(input)) {
        tensor = graph.addFloats(output + "/identity", withBatch(network.inputShape()));
        reshape(output, inputTensor, tensor);
      }
      graph.addOutput(output, tensor);
    }
  }

  private void lower(Layer layer) {
    if (layer instanceof Rescaling l) {
      rescaling(l);
    } else if (layer instanceof Normalization l) {
      normalization(l);
    } else if (layer instanceof BatchNormalization l) {
      batchNormalization(l);
    } else if (layer instanceof Conv2D l) {
      conv2D(l);
    } else if (layer instanceof DepthwiseConv2D l) {
      depthwiseConv2D(l);
    } else if (layer instanceof Dense l) {
      dense(l);
    } else if (layer instanceof Activation l) {
      activation(l);
    } else if (layer instanceof GlobalAveragePooling2D l) {
      globalAveragePooling2D(l);
    } else if (layer instanceof Multiply l) {
      multiply(tensors.get(l.first()), tensors.get(l.second()), output(l));
    } else if (layer instanceof Add l) {
      add(tensors.get(l.first()), tensors.get(l.second()), output(l));
    } else if (layer instanceof Dropout l) {
      identity(l);
    } else {
      throw new IllegalStateException("unknown layer " + layer);
    }
  }

  private void rescaling(Rescaling layer) {
    boolean scaled = layer.scale().stream().anyMatch(scale -> scale != 1);
    boolean shifted = layer.offset().stream().anyMatch(offset -> offset != 0);
    int x = input(layer);
    if (!scaled && !shifted) {
      identity(layer);
      return;
    }
    if (scaled) {
      int y = shifted ? intermediate(layer, "scaled") : output(layer);
      multiply(x, graph.addConstant(layer.name() + "/scale", vector(layer.scale())), y);
      x = y;
    }
    if (shifted) {
      add(x, graph.addConstant(layer.name() + "/offset", vector(layer.offset())), output(layer));
    }
  }

  private void normalization(Normalization layer) {
    float[] variance = weights.floats(layer.name() + "/variance");
    float[] factors = new float[variance.length];
    for (int c = 0; c < factors.length; c++) {
      factors[c] = (float) (1 / Math.max(Math.sqrt(variance[c]), Normalization.EPSILON));
    }
    // Subtracting first keeps the digits of a mean that is large beside the deviation.
    int centered = intermediate(layer, "centered");
    int mean = constant(layer.name() + "/mean");
    graph.addOperator(
        BuiltinOperator.SUB,
        1,
        List.of(input(layer), mean),
        List.of(centered),
        BuiltinOptions.SubOptions,
        builder -> SubOptions.createSubOptions(builder, NONE, true));
    multiply(
        centered,
        graph.addConstant(layer.name() + "/factor", FloatTensor.of(factors, factors.length)),
        output(layer));
  }

  private void batchNormalization(BatchNormalization layer) {
    float[] gamma = weights.floats(layer.name() + "/gamma");
    float[] beta = weights.floats(layer.name() + "/beta");
    float[] mean = weights.floats(layer.name() + "/moving_mean");
    float[] variance = weights.floats(layer.name() + "/moving_variance");
    float[] scale = new float[gamma.length];
    float[] offset = new float[gamma.length];
    for (int c = 0; c < scale.length; c++) {
      double s = gamma[c] / Math.sqrt(variance[c] + layer.epsilon());
      scale[c] = (float) s;
      offset[c] = (float) (beta[c] - mean[c] * s);
    }
    int scaled = intermediate(layer, "scaled");
    multiply(
        input(layer),
        graph.addConstant(layer.name() + "/scale", FloatTensor.of(scale, scale.length)),
        scaled);
    add(
        scaled,
        graph.addConstant(layer.name() + "/offset", FloatTensor.of(offset, offset.length)),
        output(layer));
  }

  private void conv2D(Conv2D layer) {
    String name = layer.name() + "/kernel";
    // [k, k, C, filters] becomes [filters, k, k, C].
    Tensor kernel = weights.get(name);
    int version = kernel instanceof Int8Tensor ? 5 : 1;
    graph.addOperator(
        BuiltinOperator.CONV_2D,
        version,
        List.of(
            input(layer),
            addTransposed(name, kernel),
            bias(layer, layer.useBias(), layer.filters())),
        List.of(output(layer)),
        BuiltinOptions.Conv2DOptions,
        builder ->
            Conv2DOptions.createConv2DOptions(
                builder, padding(layer.padding()), layer.stride(), layer.stride(), NONE, 1, 1));
  }

  private void depthwiseConv2D(DepthwiseConv2D layer) {
    String name = layer.name() + "/depthwise_kernel";
    // [k, k, C, 1] becomes [1, k, k, C]: the same values in the same order.
    Tensor source = weights.get(name);
    List<Integer> shape = source.shape();
    List<Integer> rotated = List.of(1, shape.get(0), shape.get(1), shape.get(2));
    int kernel;
    if (source instanceof Int8Tensor quantized) {
      checkAxis(name, quantized, 2);
      // XNNPACK does not run a depthwise convolution of floats by integers. Dequantizing the
      // kernel, which it does once, lets it run the whole graph.
      int stored = graph.addConstant(name, rotated, quantized.asBuffer(), quantized.scales(), 3);
      kernel = graph.addFloats(name + "/dequantized", rotated);
      graph.addOperator(BuiltinOperator.DEQUANTIZE, 5, List.of(stored), List.of(kernel));
    } else {
      kernel = graph.addConstant(name, FloatTensor.of(source.toFloats(), rotated));
    }
    graph.addOperator(
        BuiltinOperator.DEPTHWISE_CONV_2D,
        1,
        List.of(input(layer), kernel, bias(layer, layer.useBias(), shape.get(2))),
        List.of(output(layer)),
        BuiltinOptions.DepthwiseConv2DOptions,
        builder ->
            DepthwiseConv2DOptions.createDepthwiseConv2DOptions(
                builder, padding(layer.padding()), layer.stride(), layer.stride(), 1, NONE, 1, 1));
  }

  private void dense(Dense layer) {
    String name = layer.name() + "/kernel";
    // [C, units] becomes [units, C].
    Tensor kernel = weights.get(name);
    boolean hybrid = kernel instanceof Int8Tensor;
    graph.addOperator(
        BuiltinOperator.FULLY_CONNECTED,
        hybrid ? 9 : 1,
        List.of(
            input(layer), addTransposed(name, kernel), bias(layer, layer.useBias(), layer.units())),
        List.of(output(layer)),
        BuiltinOptions.FullyConnectedOptions,
        builder ->
            FullyConnectedOptions.createFullyConnectedOptions(
                builder, NONE, FullyConnectedOptionsWeightsFormat.DEFAULT, false, hybrid));
  }

  private void activation(Activation layer) {
    if (layer.function() == Function.LINEAR) {
      identity(layer);
    } else if (layer.function() == Function.RELU) {
      graph.addOperator(BuiltinOperator.RELU, 1, List.of(input(layer)), List.of(output(layer)));
    } else if (layer.function() == Function.SIGMOID) {
      graph.addOperator(BuiltinOperator.LOGISTIC, 1, List.of(input(layer)), List.of(output(layer)));
    } else {
      int sigmoid = intermediate(layer, "sigmoid");
      graph.addOperator(BuiltinOperator.LOGISTIC, 1, List.of(input(layer)), List.of(sigmoid));
      multiply(input(layer), sigmoid, output(layer));
    }
  }

  private void globalAveragePooling2D(GlobalAveragePooling2D layer) {
    if (spatialAxes.isEmpty()) {
      spatialAxes = OptionalInt.of(graph.addConstant("spatial_axes", List.of(1, 2)));
    }
    graph.addOperator(
        BuiltinOperator.MEAN,
        1,
        List.of(input(layer), spatialAxes.getAsInt()),
        List.of(output(layer)),
        BuiltinOptions.ReducerOptions,
        builder -> ReducerOptions.createReducerOptions(builder, layer.keepDims()));
  }

  /** Gives the layer's input a second name, or copies it where the name is one of an output. */
  private void identity(Layer layer) {
    if (network.outputs().contains(layer.name())) {
      int x = input(layer);
      reshape(layer.name(), x, output(layer));
    } else {
      tensors.put(layer.name(), input(layer));
    }
  }

  /** Copies a tensor: TFLite has no operator for just that. */
  private void reshape(String name, int from, int to) {
    List<Integer> shape = withBatch(network.shape(name));
    int[] dimensions = shape.stream().mapToInt(Integer::intValue).toArray();
    graph.addOperator(
        BuiltinOperator.RESHAPE,
        1,
        List.of(from, graph.addConstant(name + "/shape", shape)),
        List.of(to),
        BuiltinOptions.ReshapeOptions,
        builder ->
            ReshapeOptions.createReshapeOptions(
                builder, ReshapeOptions.createNewShapeVector(builder, dimensions)));
  }

  private void multiply(int first, int second, int product) {
    ToIntFunction<FlatBufferBuilder> options =
        builder -> MulOptions.createMulOptions(builder, NONE);
    graph.addOperator(
        BuiltinOperator.MUL,
        1,
        List.of(first, second),
        List.of(product),
        BuiltinOptions.MulOptions,
        options);
  }

  private void add(int first, int second, int sum) {
    graph.addOperator(
        BuiltinOperator.ADD,
        1,
        List.of(first, second),
        List.of(sum),
        BuiltinOptions.AddOptions,
        builder -> AddOptions.createAddOptions(builder, NONE, true));
  }

  private int input(Layer layer) {
    return tensors.get(layer.inputs().get(0));
  }

  private int output(Layer layer) {
    int tensor = graph.addFloats(layer.name(), withBatch(network.shape(layer.name())));
    tensors.put(layer.name(), tensor);
    return tensor;
  }

  /** A tensor of the shape of the layer's input and output. */
  private int intermediate(Layer layer, String suffix) {
    return graph.addFloats(layer.name() + "/" + suffix, withBatch(network.shape(layer.name())));
  }

  private int constant(String name) {
    Tensor tensor = weights.get(name);
    return graph.addConstant(name, FloatTensor.of(tensor.toFloats(), tensor.shape()));
  }

  private int bias(Layer layer, boolean used, int channels) {
    String name = layer.name() + "/bias";
    return used
        ? constant(name)
        : graph.addConstant(name, FloatTensor.of(new float[channels], channels));
  }

  /** Adds a kernel with the output channels, its last dimension, moved to the front. */
  private int addTransposed(String name, Tensor kernel) {
    List<Integer> shape = kernel.shape();
    int last = shape.size() - 1;
    int outputs = shape.get(last);
    int inner = kernel.size() / outputs;
    List<Integer> transposed = new ArrayList<>(List.of(outputs));
    transposed.addAll(shape.subList(0, last));
    if (kernel instanceof Int8Tensor quantized) {
      checkAxis(name, quantized, last);
      ByteBuffer from = quantized.asBuffer();
      byte[] to = new byte[kernel.size()];
      for (int o = 0; o < outputs; o++) {
        for (int i = 0; i < inner; i++) {
          to[o * inner + i] = from.get(i * outputs + o);
        }
      }
      return graph.addConstant(name, transposed, ByteBuffer.wrap(to), quantized.scales(), 0);
    }
    float[] from = kernel.toFloats();
    float[] to = new float[from.length];
    for (int o = 0; o < outputs; o++) {
      for (int i = 0; i < inner; i++) {
        to[o * inner + i] = from[i * outputs + o];
      }
    }
    return graph.addConstant(name, FloatTensor.of(to, transposed));
  }

  private static void checkAxis(String name, Int8Tensor tensor, int axis) {
    if (tensor.axis() != axis) {
      throw new DeepXrayException(
          "Weight "
              + name
              + " "
              + tensor.shape()
              + " is quantized along dimension "
              + tensor.axis()
              + "; TFLite needs one scale an output channel, dimension "
              + axis
              + ".");
    }
  }

  private static FloatTensor vector(List<Double> values) {
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i).floatValue();
    }
    return FloatTensor.of(floats, floats.length);
  }

  private static List<Integer> withBatch(List<Integer> shape) {
    List<Integer> batched = new ArrayList<>(List.of(1));
    batched.addAll(shape);
    return List.copyOf(batched);
  }

  private static byte padding(Layer.Padding padding) {
    return padding == Layer.Padding.SAME ? Padding.SAME : Padding.VALID;
  }
}
