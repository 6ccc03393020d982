package io.github.deepxray.tflite.internal;

import java.util.List;
import org.tensorflow.lite.schema.ActivationFunctionType;
import org.tensorflow.lite.schema.AddOptions;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.Conv2DOptions;
import org.tensorflow.lite.schema.DepthwiseConv2DOptions;
import org.tensorflow.lite.schema.FullyConnectedOptions;
import org.tensorflow.lite.schema.FullyConnectedOptionsWeightsFormat;
import org.tensorflow.lite.schema.MulOptions;
import org.tensorflow.lite.schema.ReducerOptions;
import org.tensorflow.lite.schema.ReshapeOptions;
import org.tensorflow.lite.schema.SoftmaxOptions;
import org.tensorflow.lite.schema.SubOptions;
import org.tensorflow.lite.schema.TensorType;

/**
 * Adds operators to a graph, each in the lowest version that TFLite defines for its inputs and
 * outputs.
 */
record Operators(FlatGraph graph) {
  private static final byte NONE = ActivationFunctionType.NONE;

  /** Arithmetic of an operator. */
  enum Kind {
    /** Floats. */
    FLOAT,
    /** Floats that are quantized at run time for a kernel of 8-bit integers. */
    HYBRID,
    /** 8-bit integers. */
    INT8,
    /** 16-bit integers and 8-bit kernels. */
    INT16;

    private int version(int floats, int int8, int int16) {
      return switch (this) {
        case FLOAT -> floats;
        case INT8 -> int8;
        case INT16 -> int16;
        case HYBRID -> throw new IllegalStateException("no hybrid operator");
      };
    }
  }

  void conv2D(Kind kind, byte padding, int stride, int x, int kernel, int bias, int y) {
    graph.addOperator(
        BuiltinOperator.CONV_2D,
        kind == Kind.HYBRID ? 5 : kind.version(1, 3, 4),
        List.of(x, kernel, bias),
        List.of(y),
        BuiltinOptions.Conv2DOptions,
        builder -> Conv2DOptions.createConv2DOptions(builder, padding, stride, stride, NONE, 1, 1));
  }

  void depthwiseConv2D(Kind kind, byte padding, int stride, int x, int kernel, int bias, int y) {
    graph.addOperator(
        BuiltinOperator.DEPTHWISE_CONV_2D,
        kind.version(1, 3, 5),
        List.of(x, kernel, bias),
        List.of(y),
        BuiltinOptions.DepthwiseConv2DOptions,
        builder ->
            DepthwiseConv2DOptions.createDepthwiseConv2DOptions(
                builder, padding, stride, stride, 1, NONE, 1, 1));
  }

  void fullyConnected(Kind kind, int x, int kernel, int bias, int y) {
    boolean hybrid = kind == Kind.HYBRID;
    graph.addOperator(
        BuiltinOperator.FULLY_CONNECTED,
        // Before version 12, a hybrid kernel has one scale for all channels.
        hybrid ? 12 : kind.version(1, 4, 7),
        List.of(x, kernel, bias),
        List.of(y),
        BuiltinOptions.FullyConnectedOptions,
        builder ->
            FullyConnectedOptions.createFullyConnectedOptions(
                builder, NONE, FullyConnectedOptionsWeightsFormat.DEFAULT, false, hybrid));
  }

  void relu(Kind kind, int x, int y) {
    graph.addOperator(BuiltinOperator.RELU, kind.version(1, 2, 3), List.of(x), List.of(y));
  }

  void logistic(Kind kind, int x, int y) {
    graph.addOperator(BuiltinOperator.LOGISTIC, kind.version(1, 2, 3), List.of(x), List.of(y));
  }

  /** Adds a softmax over the last axis. */
  void softmax(Kind kind, int x, int y) {
    graph.addOperator(
        BuiltinOperator.SOFTMAX,
        kind.version(1, 2, 3),
        List.of(x),
        List.of(y),
        BuiltinOptions.SoftmaxOptions,
        builder -> SoftmaxOptions.createSoftmaxOptions(builder, 1));
  }

  void mean(Kind kind, int x, int axes, boolean keepDims, int y) {
    graph.addOperator(
        BuiltinOperator.MEAN,
        kind.version(1, 2, 3),
        List.of(x, axes),
        List.of(y),
        BuiltinOptions.ReducerOptions,
        builder -> ReducerOptions.createReducerOptions(builder, keepDims));
  }

  /** Adds a multiplication; the version depends on more than the type. */
  void multiply(int version, int a, int b, int y) {
    graph.addOperator(
        BuiltinOperator.MUL,
        version,
        List.of(a, b),
        List.of(y),
        BuiltinOptions.MulOptions,
        builder -> MulOptions.createMulOptions(builder, NONE));
  }

  void add(Kind kind, int a, int b, int y) {
    // Scales of 16-bit integers need not be powers of two.
    boolean powersOfTwo = kind != Kind.INT16;
    graph.addOperator(
        BuiltinOperator.ADD,
        kind.version(1, 2, 3),
        List.of(a, b),
        List.of(y),
        BuiltinOptions.AddOptions,
        builder -> AddOptions.createAddOptions(builder, NONE, powersOfTwo));
  }

  /** Adds a subtraction of floats. */
  void subtract(int a, int b, int y) {
    graph.addOperator(
        BuiltinOperator.SUB,
        1,
        List.of(a, b),
        List.of(y),
        BuiltinOptions.SubOptions,
        builder -> SubOptions.createSubOptions(builder, NONE, true));
  }

  /** Adds a conversion of floats to integers, or of integers to another scale or sign. */
  void quantize(int x, int y) {
    int version = graph.type(y) == TensorType.INT16 ? 2 : 1;
    graph.addOperator(BuiltinOperator.QUANTIZE, version, List.of(x), List.of(y));
  }

  /** Adds a conversion of integers with a single scale to floats. */
  void dequantize(int x, int y) {
    int version = graph.type(x) == TensorType.INT16 ? 3 : 2;
    graph.addOperator(BuiltinOperator.DEQUANTIZE, version, List.of(x), List.of(y));
  }

  /** Adds a copy of a tensor: TFLite has no operator only for that. */
  void copy(String name, List<Integer> shape, int x, int y) {
    int[] dimensions = shape.stream().mapToInt(Integer::intValue).toArray();
    graph.addOperator(
        BuiltinOperator.RESHAPE,
        1,
        List.of(x, graph.addConstant(name + "/shape", shape)),
        List.of(y),
        BuiltinOptions.ReshapeOptions,
        builder ->
            ReshapeOptions.createReshapeOptions(
                builder, ReshapeOptions.createNewShapeVector(builder, dimensions)));
  }
}
