package io.github.deepxray.tflite.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.BatchNormalization;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Layer.Dropout;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Multiply;
import io.github.deepxray.core.network.Layer.Normalization;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.LayerVisitor;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Quantization;
import io.github.deepxray.core.network.Quantization.Affine;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Int8Tensor;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.tflite.internal.WeightTensors.Layout;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.tensorflow.lite.schema.Padding;

/**
 * Lowers the layers of a network to TFLite operators for a batch of one, in floats or integers as
 * the model defines.
 */
final class Lowering {
  private final Network network;
  private final Weights weights;
  private final Quantization quantization;
  private final FlatGraph graph;
  private final Operators operators;
  private final WeightTensors constants;
  private final Activations activations;
  private OptionalInt spatialAxes = OptionalInt.empty();

  private Lowering(Model model, TfLiteWriter.Options options) {
    this.network = model.network();
    this.weights = model.weights();
    this.quantization = model.quantization();
    this.graph = new FlatGraph(network.name());
    this.operators = new Operators(graph);
    this.constants = new WeightTensors(graph, weights, options.sparse());
    this.activations = new Activations(model, options, graph, operators);
  }

  /**
   * Lowers a model to a graph. Unused layers are omitted: XNNPACK ends the process at an operator
   * whose result is not read.
   *
   * @throws DeepXrayException if an output is repeated, the requested types are not those of the
   *     model's arithmetic, or a layer is not supported in that arithmetic
   */
  static FlatGraph lower(Model model, TfLiteWriter.Options options) {
    List<String> outputs = model.network().outputs();
    Set<String> unique = new HashSet<>(outputs);
    if (unique.size() != outputs.size()) {
      throw new DeepXrayException(
          "Network %s has the output %s twice; a .tflite file has each once."
              .formatted(model.network().name(), String.join(", ", outputs)));
    }
    Lowering lowering = new Lowering(model.withOutputs(outputs), options);
    lowering.lower();
    return lowering.graph;
  }

  private void lower() {
    for (Layer layer : network.layers()) {
      boolean integers = quantization.integer(layer.name());
      layer.accept(integers ? new IntegerLowering() : new FloatLowering()).run();
    }
    for (String output : network.outputs()) {
      graph.addOutput(output, activations.output(output));
    }
  }

  /** Lowers float layers. */
  private final class FloatLowering implements LayerVisitor<Runnable> {
    @Override
    public Runnable visit(Rescaling l) {
      return () -> rescaling(l);
    }

    @Override
    public Runnable visit(Normalization l) {
      return () -> normalization(l);
    }

    @Override
    public Runnable visit(BatchNormalization l) {
      return () -> batchNormalization(l);
    }

    @Override
    public Runnable visit(Conv2D l) {
      return () -> {
        String kernel = l.name() + "/kernel";
        boolean hybrid = hybrid(kernel);
        int x = input(l);
        int k = hybrid ? hybridKernel(kernel) : constants.floatKernel(kernel, Layout.OUTPUTS_FIRST);
        operators.conv2D(
            hybrid ? Operators.Kind.HYBRID : Operators.Kind.FLOAT,
            padding(l, l.padding(), l.kernelSize(), l.stride()),
            l.stride(),
            x,
            k,
            bias(l, l.useBias(), l.filters()),
            output(l));
      };
    }

    @Override
    public Runnable visit(DepthwiseConv2D l) {
      return () -> {
        int x = input(l);
        int k = constants.floatKernel(l.name() + "/depthwise_kernel", Layout.DEPTHWISE);
        int channels = channels(l);
        operators.depthwiseConv2D(
            Operators.Kind.FLOAT,
            padding(l, l.padding(), l.kernelSize(), l.stride()),
            l.stride(),
            x,
            k,
            bias(l, l.useBias(), channels),
            output(l));
      };
    }

    @Override
    public Runnable visit(Dense l) {
      return () -> {
        String kernel = l.name() + "/kernel";
        boolean hybrid = hybrid(kernel);
        int x = input(l);
        int k = hybrid ? hybridKernel(kernel) : constants.floatKernel(kernel, Layout.OUTPUTS_FIRST);
        operators.fullyConnected(
            hybrid ? Operators.Kind.HYBRID : Operators.Kind.FLOAT,
            x,
            k,
            bias(l, l.useBias(), l.units()),
            output(l));
      };
    }

    @Override
    public Runnable visit(Activation l) {
      return () -> activation(l);
    }

    @Override
    public Runnable visit(GlobalAveragePooling2D l) {
      return () ->
          operators.mean(Operators.Kind.FLOAT, input(l), spatialAxes(), l.keepDims(), output(l));
    }

    @Override
    public Runnable visit(Multiply l) {
      return () -> {
        int a = activations.floats(l.first());
        operators.multiply(1, a, activations.floats(l.second()), output(l));
      };
    }

    @Override
    public Runnable visit(Add l) {
      return () -> {
        int a = activations.floats(l.first());
        operators.add(Operators.Kind.FLOAT, a, activations.floats(l.second()), output(l));
      };
    }

    @Override
    public Runnable visit(Dropout l) {
      return () -> activations.copyFloats(l);
    }
  }

  private void rescaling(Rescaling layer) {
    boolean scaled = layer.scale().stream().anyMatch(scale -> scale != 1);
    boolean shifted = layer.offset().stream().anyMatch(offset -> offset != 0);
    if (!scaled && !shifted) {
      activations.copyFloats(layer);
      return;
    }
    int x = input(layer);
    if (scaled) {
      int y = shifted ? intermediate(layer, "scaled") : output(layer);
      operators.multiply(
          1, x, graph.addConstant(layer.name() + "/scale", floats(layer.scale())), y);
      x = y;
    }
    if (shifted) {
      int offset = graph.addConstant(layer.name() + "/offset", floats(layer.offset()));
      operators.add(Operators.Kind.FLOAT, x, offset, output(layer));
    }
  }

  private void normalization(Normalization layer) {
    float[] variance = weights.floats(layer.name() + "/variance");
    float[] factors = new float[variance.length];
    for (int c = 0; c < factors.length; c++) {
      factors[c] = (float) (1 / Math.max(Math.sqrt(variance[c]), Normalization.EPSILON));
    }
    // Subtracting first keeps the digits of a mean that is large compared to the deviation.
    int centered = intermediate(layer, "centered");
    operators.subtract(input(layer), constants.floats(layer.name() + "/mean"), centered);
    operators.multiply(
        1,
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
    operators.multiply(
        1,
        input(layer),
        graph.addConstant(layer.name() + "/scale", FloatTensor.of(scale, scale.length)),
        scaled);
    operators.add(
        Operators.Kind.FLOAT,
        scaled,
        graph.addConstant(layer.name() + "/offset", FloatTensor.of(offset, offset.length)),
        output(layer));
  }

  private void activation(Activation layer) {
    switch (layer.function()) {
      case LINEAR -> activations.copyFloats(layer);
      case RELU -> operators.relu(Operators.Kind.FLOAT, input(layer), output(layer));
      case SIGMOID -> operators.logistic(Operators.Kind.FLOAT, input(layer), output(layer));
      case SOFTMAX -> operators.softmax(Operators.Kind.FLOAT, input(layer), output(layer));
      case SWISH -> {
        int x = input(layer);
        int sigmoid = intermediate(layer, "sigmoid");
        operators.logistic(Operators.Kind.FLOAT, x, sigmoid);
        operators.multiply(1, x, sigmoid, output(layer));
      }
    }
  }

  /** Whether a kernel is multiplied by dynamically quantized inputs. */
  private boolean hybrid(String kernel) {
    return quantization.arithmetic() == Arithmetic.DYNAMIC
        && weights.get(kernel) instanceof Int8Tensor;
  }

  private int hybridKernel(String kernel) {
    return constants.denseKernel(kernel, (Int8Tensor) weights.get(kernel));
  }

  private int bias(Layer layer, boolean used, int channels) {
    String name = layer.name() + "/bias";
    return used
        ? constants.floats(name)
        : graph.addConstant(name, FloatTensor.of(new float[channels], channels));
  }

  private static DeepXrayException noIntegers(Layer layer) {
    return new DeepXrayException(
        ("Layer %s (%s) does not compute in integers; fold it into its neighbours before "
                + "quantizing, or keep it in floats.")
            .formatted(layer.name(), layer.getClass().getSimpleName()));
  }

  /** Lowers integer layers. */
  private final class IntegerLowering implements LayerVisitor<Runnable> {
    private final Operators.Kind kind = kind();

    @Override
    public Runnable visit(Rescaling l) {
      return () -> integerRescaling(l);
    }

    @Override
    public Runnable visit(Normalization l) {
      throw noIntegers(l);
    }

    @Override
    public Runnable visit(BatchNormalization l) {
      throw noIntegers(l);
    }

    @Override
    public Runnable visit(Conv2D l) {
      return () -> {
        int x = integerInput(l);
        IntegerKernel kernel = kernel(l, l.name() + "/kernel", l.useBias());
        int k =
            constants.integerKernel(l.name() + "/kernel", kernel.kernel(), Layout.OUTPUTS_FIRST);
        int bias = kernel.addBias(graph, l.name() + "/bias");
        byte padding = padding(l, l.padding(), l.kernelSize(), l.stride());
        operators.conv2D(kind, padding, l.stride(), x, k, bias, integerOutput(l));
      };
    }

    @Override
    public Runnable visit(DepthwiseConv2D l) {
      return () -> {
        String name = l.name() + "/depthwise_kernel";
        int x = integerInput(l);
        IntegerKernel kernel = kernel(l, name, l.useBias());
        int k = constants.integerKernel(name, kernel.kernel(), Layout.DEPTHWISE);
        int bias = kernel.addBias(graph, l.name() + "/bias");
        byte padding = padding(l, l.padding(), l.kernelSize(), l.stride());
        operators.depthwiseConv2D(kind, padding, l.stride(), x, k, bias, integerOutput(l));
      };
    }

    @Override
    public Runnable visit(Dense l) {
      return () -> {
        int x = integerInput(l);
        IntegerKernel kernel = kernel(l, l.name() + "/kernel", l.useBias());
        int k = constants.denseKernel(l.name() + "/kernel", kernel.kernel());
        operators.fullyConnected(
            kind, x, k, kernel.addBias(graph, l.name() + "/bias"), integerOutput(l));
      };
    }

    @Override
    public Runnable visit(Activation l) {
      return () -> integerActivation(l);
    }

    @Override
    public Runnable visit(GlobalAveragePooling2D l) {
      return () ->
          operators.mean(kind, integerInput(l), spatialAxes(), l.keepDims(), integerOutput(l));
    }

    @Override
    public Runnable visit(Multiply l) {
      return () -> {
        int a = activations.integers(l.first());
        int b = activations.integers(l.second());
        integerMultiply(l, a, affine(l.first()), b, affine(l.second()), integerOutput(l));
      };
    }

    @Override
    public Runnable visit(Add l) {
      return () -> {
        int a = activations.integers(l.first());
        int b = activations.integers(l.second());
        integerAdd(l, a, affine(l.first()), b, affine(l.second()), integerOutput(l));
      };
    }

    @Override
    public Runnable visit(Dropout l) {
      return () -> activations.copyIntegers(l);
    }
  }

  private IntegerKernel kernel(Layer layer, String name, boolean useBias) {
    Tensor kernel = weights.get(name);
    if (!(kernel instanceof Int8Tensor integers)) {
      throw new DeepXrayException(
          ("Layer %s is an integer layer, but its kernel %s is %s; quantize the kernel "
                  + "to 8 bits or keep the layer in floats.")
              .formatted(layer.name(), name, kernel));
    }
    float[] bias =
        useBias ? weights.floats(layer.name() + "/bias") : new float[integers.scales().length];
    return IntegerKernel.fit(
        layer.name(),
        integers,
        bias,
        affine(layer.inputs().get(0)),
        affine(layer.name()),
        quantization.arithmetic());
  }

  private void integerActivation(Activation layer) {
    switch (layer.function()) {
      case LINEAR -> activations.copyIntegers(layer);
      case RELU -> integerRelu(layer);
      case SIGMOID -> operators.logistic(kind(), integerInput(layer), integerOutput(layer));
      case SOFTMAX -> operators.softmax(kind(), integerInput(layer), integerOutput(layer));
      case SWISH -> integerSwish(layer);
    }
  }

  private void integerRelu(Activation layer) {
    int x = integerInput(layer);
    if (affine(layer.name()).zeroPoint() == Byte.MIN_VALUE) {
      // Values below 0 are below the range. XNNPACK supports this operator, but not integer RELU.
      operators.quantize(x, integerOutput(layer));
    } else {
      operators.relu(kind(), x, integerOutput(layer));
    }
  }

  private void integerSwish(Activation layer) {
    int x = integerInput(layer);
    Affine affine = activations.probabilities();
    int sigmoid = activations.addIntegers(layer.name() + "/sigmoid", layer.name(), affine);
    operators.logistic(kind(), x, sigmoid);
    Affine read = affine(layer.inputs().get(0));
    integerMultiply(layer, x, read, sigmoid, affine, integerOutput(layer));
  }

  /** Rescales in two steps, by constants that are integers of the same width. */
  private void integerRescaling(Rescaling layer) {
    boolean scaled = layer.scale().stream().anyMatch(scale -> scale != 1);
    boolean shifted = layer.offset().stream().anyMatch(offset -> offset != 0);
    if (!scaled && !shifted) {
      activations.copyIntegers(layer);
      return;
    }
    int x = integerInput(layer);
    Affine read = affine(layer.inputs().get(0));
    if (scaled) {
      Affine factor = activations.covering(layer.scale());
      int c = activations.addConstant(layer.name() + "/scale", layer.scale(), factor);
      if (!shifted) {
        integerMultiply(layer, x, read, c, factor, integerOutput(layer));
        return;
      }
      // No input value leads outside this range.
      Affine product = activations.product(read, layer.scale());
      int y = activations.addIntegers(layer.name() + "/scaled", layer.name(), product);
      integerMultiply(layer, x, read, c, factor, y);
      x = y;
      read = product;
    }
    Affine summand = activations.covering(layer.offset());
    int c = activations.addConstant(layer.name() + "/offset", layer.offset(), summand);
    integerAdd(layer, x, read, c, summand, integerOutput(layer));
  }

  private void integerMultiply(Layer layer, int a, Affine first, int b, Affine second, int y) {
    double ratio = (double) first.scale() * second.scale() / scaleOf(y);
    IntegerKernel.requireStep(layer.name(), ratio, IntegerKernel.LARGEST_RATIO);
    if (quantization.arithmetic() == Arithmetic.INT16) {
      operators.multiply(4, a, b, y);
    } else {
      operators.multiply(ratio >= 1 ? 3 : 2, a, b, y);
    }
  }

  private void integerAdd(Layer layer, int a, Affine first, int b, Affine second, int y) {
    double ratio = Math.max(first.scale(), second.scale()) / (double) scaleOf(y);
    // The kernels shift sums to the left by 20 (with 16 bits by 15) and end the process beyond.
    IntegerKernel.requireStep(
        layer.name(),
        ratio,
        quantization.arithmetic() == Arithmetic.INT16 ? 0x1p13 : IntegerKernel.LARGEST_RATIO);
    operators.add(kind(), a, b, y);
  }

  private float scaleOf(int tensor) {
    return graph.scale(tensor);
  }

  private Operators.Kind kind() {
    return quantization.arithmetic() == Arithmetic.INT16
        ? Operators.Kind.INT16
        : Operators.Kind.INT8;
  }

  private int spatialAxes() {
    if (spatialAxes.isEmpty()) {
      spatialAxes = OptionalInt.of(graph.addConstant("spatial_axes", List.of(1, 2)));
    }
    return spatialAxes.getAsInt();
  }

  private int channels(Layer layer) {
    List<Integer> shape = network.shape(layer.name());
    return shape.get(shape.size() - 1);
  }

  private Affine affine(String tensor) {
    return activations.affine(tensor);
  }

  private int input(Layer layer) {
    return activations.floats(layer.inputs().get(0));
  }

  private int output(Layer layer) {
    return activations.writeFloats(layer);
  }

  private int integerInput(Layer layer) {
    return activations.integers(layer.inputs().get(0));
  }

  private int integerOutput(Layer layer) {
    return activations.writeIntegers(layer);
  }

  /** Adds a tensor of the shape of the layer's input and output. */
  private int intermediate(Layer layer, String suffix) {
    return activations.addFloats(layer.name() + "/" + suffix, layer.name());
  }

  /**
   * Returns TFLite's padding. If strides skip the last pixels, SAME padding is empty, but XNNPACK
   * treats the missing pixels as padding; VALID is equivalent.
   */
  private byte padding(Layer layer, Layer.Padding padding, int kernelSize, int stride) {
    List<Integer> in = network.shape(layer.inputs().get(0));
    List<Integer> out = network.shape(layer.name());
    int height = (out.get(0) - 1) * stride + kernelSize - in.get(0);
    int width = (out.get(1) - 1) * stride + kernelSize - in.get(1);
    if (padding == Layer.Padding.VALID || (height <= 0 && width <= 0 && height + width < 0)) {
      return Padding.VALID;
    }
    if (height < 0 || width < 0) {
      throw new DeepXrayException(
          ("Layer %s skips pixels in one direction and pads in the other, which XNNPACK "
                  + "computes wrongly; choose a stride of at most the kernel's size.")
              .formatted(layer.name()));
    }
    return Padding.SAME;
  }

  private static FloatTensor floats(List<Double> values) {
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i).floatValue();
    }
    return FloatTensor.of(floats, floats.length);
  }
}
