package io.github.deepxray.tflite;

import com.google.errorprone.annotations.FormatMethod;
import io.github.deepxray.core.DeepXrayException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Locale;
import java.util.Set;
import org.bytedeco.tensorflowlite.Interpreter;
import org.bytedeco.tensorflowlite.TfLiteIntArray;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.Conv2DOptions;
import org.tensorflow.lite.schema.DepthwiseConv2DOptions;
import org.tensorflow.lite.schema.Model;
import org.tensorflow.lite.schema.Operator;
import org.tensorflow.lite.schema.OperatorCode;
import org.tensorflow.lite.schema.SubGraph;
import org.tensorflow.lite.schema.Tensor;
import org.tensorflow.lite.schema.TensorType;

/**
 * Checks the operators of a file. TensorFlow Lite checks that tables and vectors lie inside the
 * file and, through its own kernels, what each operator reads; XNNPACK trusts the file and ends the
 * process where it is broken.
 */
final class FileCheck {
  /** A graph that calls itself, directly or through another, never ends. */
  private static final Set<Integer> CALLERS =
      Set.of(
          BuiltinOperator.CALL,
          BuiltinOperator.IF,
          BuiltinOperator.WHILE,
          BuiltinOperator.CALL_ONCE);

  /** From here on operators are those of StableHLO, several of which call graphs. */
  private static final int FIRST_STABLEHLO = 162;

  /** Operators that compute with what integers stand for. */
  private static final Set<Integer> ARITHMETIC =
      Set.of(
          BuiltinOperator.ADD,
          BuiltinOperator.AVERAGE_POOL_2D,
          BuiltinOperator.CONCATENATION,
          BuiltinOperator.CONV_2D,
          BuiltinOperator.DEPTHWISE_CONV_2D,
          BuiltinOperator.DEQUANTIZE,
          BuiltinOperator.DIV,
          BuiltinOperator.FULLY_CONNECTED,
          BuiltinOperator.HARD_SWISH,
          BuiltinOperator.LEAKY_RELU,
          BuiltinOperator.LOGISTIC,
          BuiltinOperator.MAX_POOL_2D,
          BuiltinOperator.MEAN,
          BuiltinOperator.MUL,
          BuiltinOperator.QUANTIZE,
          BuiltinOperator.RELU,
          BuiltinOperator.RELU6,
          BuiltinOperator.SOFTMAX,
          BuiltinOperator.SUB,
          BuiltinOperator.TANH);

  private static final Set<Byte> INTEGERS =
      Set.of(TensorType.INT8, TensorType.UINT8, TensorType.INT16);

  private static final Set<Integer> PRODUCTS =
      Set.of(
          BuiltinOperator.CONV_2D,
          BuiltinOperator.DEPTHWISE_CONV_2D,
          BuiltinOperator.FULLY_CONNECTED);

  /** The least scale of products in steps of the result that XNNPACK takes. */
  private static final double LEAST_PRODUCT_RATIO = 0x1p-32;

  /** Kernels shift sums to the left by 20 bits, those of 16-bit integers by 15. */
  private static final double LARGEST_SUM_RATIO = 0x1p13;

  private final String source;
  private final Model model;

  /**
   * Prepares to check a file.
   *
   * @param source how messages name it
   * @param bytes its content, a verified flatbuffer
   */
  FileCheck(String source, byte[] bytes) {
    this.source = source;
    this.model = Model.getRootAsModel(ByteBuffer.wrap(bytes));
  }

  /**
   * Checks that operators read only what is there and write each tensor once.
   *
   * @throws DeepXrayException that names the file and what is wrong with it
   */
  void wiring() {
    require(
        model.subgraphsLength() > 0 && model.subgraphs(0).operatorsLength() > 0,
        "it has no operators");
    for (int i = 0; i < model.subgraphsLength(); i++) {
      subgraph(model.subgraphs(i));
    }
    for (int i = 0; i < model.operatorCodesLength(); i++) {
      OperatorCode code = model.operatorCodes(i);
      int operator = Math.max(code.deprecatedBuiltinCode(), code.builtinCode());
      require(
          operator < FIRST_STABLEHLO && !CALLERS.contains(operator),
          "its operator %d calls other graphs, which a classifier has no use for",
          operator);
    }
  }

  /**
   * Checks that the shapes in the file are those that the operators' own arithmetic gives.
   *
   * @param prepared an interpreter of the file, without delegates, with its tensors allocated
   * @throws DeepXrayException that names the file and what is wrong with it
   */
  void shapes(Interpreter prepared) {
    SubGraph graph = model.subgraphs(0);
    for (int t = 0; t < graph.tensorsLength(); t++) {
      Tensor tensor = graph.tensors(t);
      int rank = tensor.shapeLength();
      if (rank == 0) {
        // A scalar, or a tensor of unknown rank.
        continue;
      }
      TfLiteIntArray computed = prepared.tensor(t).dims();
      boolean equal = computed.size() == rank;
      for (int d = 0; d < rank && equal; d++) {
        boolean open = tensor.shapeSignatureLength() > d && tensor.shapeSignature(d) == -1;
        equal = open || tensor.shape(d) == computed.data(d);
      }
      require(equal, "the shape of tensor %d is not what its operator gives", t);
    }
  }

  private void subgraph(SubGraph graph) {
    int count = graph.tensorsLength();
    // Tensors that hold values before the operator at hand runs.
    BitSet ready = new BitSet();
    for (int t = 0; t < count; t++) {
      Tensor tensor = graph.tensors(t);
      require(
          tensor.buffer() < model.buffersLength(),
          "tensor %d has no buffer %d",
          t,
          tensor.buffer());
      int stored = model.buffers((int) tensor.buffer()).dataLength();
      int index = t;
      TensorCheck.quantization(tensor)
          .or(() -> TensorCheck.sparsity(tensor, stored))
          .ifPresent(wrong -> require(false, "tensor %d %s", index, wrong));
      boolean constant = tensor.isVariable() || stored > 0;
      for (int d = 0; d < tensor.shapeLength(); d++) {
        // A constant without values has no data either.
        constant |= tensor.shape(d) == 0;
      }
      ready.set(t, constant);
    }
    for (int i = 0; i < graph.inputsLength(); i++) {
      int tensor = tensor(graph.inputs(i), count);
      require(!ready.get(tensor), "input %d is tensor %d, which is not free", i, tensor);
      ready.set(tensor);
    }
    BitSet read = new BitSet();
    for (int i = 0; i < graph.outputsLength(); i++) {
      read.set(tensor(graph.outputs(i), count));
    }
    for (int o = 0; o < graph.operatorsLength(); o++) {
      Operator operator = graph.operators(o);
      require(operator.opcodeIndex() < model.operatorCodesLength(), "operator %d has no code", o);
      for (int i = 0; i < operator.inputsLength(); i++) {
        // -1 stands for an optional input that is not given.
        if (operator.inputs(i) != -1) {
          int tensor = tensor(operator.inputs(i), count);
          require(ready.get(tensor), "operator %d reads tensor %d before it is written", o, tensor);
          require(
              code(operator) == BuiltinOperator.DENSIFY || graph.tensors(tensor).sparsity() == null,
              "operator %d reads tensor %d, which is sparse",
              o,
              tensor);
          read.set(tensor);
        }
      }
      for (int i = 0; i < operator.outputsLength(); i++) {
        int tensor = tensor(operator.outputs(i), count);
        require(!ready.get(tensor), "operator %d writes tensor %d once more", o, tensor);
        ready.set(tensor);
      }
      if (code(operator) == BuiltinOperator.CONV_2D) {
        require(convolution(operator), "operator %d has steps beyond any image", o);
      }
      if (code(operator) == BuiltinOperator.DEPTHWISE_CONV_2D) {
        require(depthwise(graph, operator), "operator %d has other channels than its kernel", o);
      }
      if (ARITHMETIC.contains(code(operator))) {
        scales(graph, operator, o);
      }
      if (code(operator) == BuiltinOperator.ADD || code(operator) == BuiltinOperator.SUB) {
        sum(graph, operator, o);
      }
    }
    for (int i = 0; i < graph.outputsLength(); i++) {
      int tensor = graph.outputs(i);
      require(
          ready.get(tensor) && graph.tensors(tensor).sparsity() == null,
          "output %d is never written",
          i);
    }
  }

  /** TensorFlow Lite computes sizes with all of a step, and places with its lowest 16 bits. */
  private static boolean convolution(Operator operator) {
    Conv2DOptions options = (Conv2DOptions) operator.builtinOptions(new Conv2DOptions());
    return options != null
        && operator.builtinOptionsType() == BuiltinOptions.Conv2DOptions
        && step(options.strideH())
        && step(options.strideW())
        && step(options.dilationHFactor())
        && step(options.dilationWFactor());
  }

  private static boolean step(int pixels) {
    return pixels >= 1 && pixels <= Short.MAX_VALUE;
  }

  /** Whether a depthwise convolution has a kernel for each channel that it writes. */
  private static boolean depthwise(SubGraph graph, Operator operator) {
    DepthwiseConv2DOptions options =
        (DepthwiseConv2DOptions) operator.builtinOptions(new DepthwiseConv2DOptions());
    if (options == null
        || operator.builtinOptionsType() != BuiltinOptions.DepthwiseConv2DOptions
        || operator.inputsLength() < 2
        || operator.inputs(0) < 0
        || operator.inputs(1) < 0) {
      return false;
    }
    Tensor x = graph.tensors(operator.inputs(0));
    Tensor kernel = graph.tensors(operator.inputs(1));
    return step(options.strideH())
        && step(options.strideW())
        && step(options.dilationHFactor())
        && step(options.dilationWFactor())
        && x.shapeLength() == 4
        && kernel.shapeLength() == 4
        && kernel.shape(3) == (long) x.shape(3) * options.depthMultiplier();
  }

  /** TensorFlow Lite takes a missing scale for 0 and ends the process where it divides by it. */
  private void scales(SubGraph graph, Operator operator, int index) {
    for (int i = 0; i < operator.inputsLength() + operator.outputsLength(); i++) {
      int in = operator.inputsLength();
      int tensor = i < in ? operator.inputs(i) : operator.outputs(i - in);
      require(
          tensor == -1
              || !INTEGERS.contains(graph.tensors(tensor).type())
              || scale(graph.tensors(tensor)) > 0,
          "operator %d computes with tensor %d, whose integers have no scale",
          index,
          tensor);
    }
    boolean converts =
        code(operator) == BuiltinOperator.QUANTIZE || code(operator) == BuiltinOperator.DEQUANTIZE;
    if (!converts && operator.inputsLength() > 0 && operator.inputs(0) >= 0) {
      byte read = graph.tensors(operator.inputs(0)).type();
      for (int i = 0; i < operator.outputsLength(); i++) {
        // TensorFlow Lite makes them equal, and misses the scale then.
        byte written = graph.tensors(operator.outputs(i)).type();
        require(
            !INTEGERS.contains(read) || read == written,
            "operator %d writes another type than it reads",
            index);
      }
    }
  }

  /** TensorFlow Lite ends the process if a sum's steps are far finer than those of its parts. */
  private void sum(SubGraph graph, Operator operator, int index) {
    boolean binary = operator.inputsLength() == 2 && operator.outputsLength() == 1;
    require(binary, "operator %d adds other than two tensors", index);
    float largest = 0;
    for (int i = 0; i < 2; i++) {
      require(operator.inputs(i) >= 0, "operator %d adds other than two tensors", index);
      largest = Math.max(largest, scale(graph.tensors(operator.inputs(i))));
    }
    float result = scale(graph.tensors(operator.outputs(0)));
    require(
        result == 0 || (double) largest / result < LARGEST_SUM_RATIO,
        "operator %d adds steps of %s to sums of %s",
        index,
        largest,
        result);
  }

  /** The scale of a tensor, 0 if it has none. */
  private static float scale(Tensor tensor) {
    boolean quantized = tensor.quantization() != null && tensor.quantization().scaleLength() > 0;
    return quantized ? tensor.quantization().scale(0) : 0;
  }

  private int code(Operator operator) {
    OperatorCode code = model.operatorCodes((int) operator.opcodeIndex());
    return Math.max(code.deprecatedBuiltinCode(), code.builtinCode());
  }

  /**
   * Checks for what is legal and ends the process under XNNPACK.
   *
   * @throws DeepXrayException that names the file and says to run it without XNNPACK
   */
  void delegable() {
    for (int i = 0; i < model.subgraphsLength(); i++) {
      SubGraph graph = model.subgraphs(i);
      BitSet read = new BitSet();
      for (int o = 0; o < graph.outputsLength(); o++) {
        read.set(graph.outputs(o));
      }
      for (int o = 0; o < graph.operatorsLength(); o++) {
        Operator operator = graph.operators(o);
        for (int t = 0; t < operator.inputsLength(); t++) {
          if (operator.inputs(t) != -1) {
            read.set(operator.inputs(t));
          }
        }
      }
      for (int o = 0; o < graph.operatorsLength(); o++) {
        Operator operator = graph.operators(o);
        boolean used = operator.outputsLength() == 0;
        for (int t = 0; t < operator.outputsLength(); t++) {
          used |= read.get(operator.outputs(t));
        }
        boolean withoutBias =
            code(operator) == BuiltinOperator.DEPTHWISE_CONV_2D && operator.inputsLength() == 2;
        requireDelegable(used, o, "writes what nothing reads");
        requireDelegable(!withoutBias, o, "is a depthwise convolution without bias");
        requireDelegable(
            !PRODUCTS.contains(code(operator)) || products(graph, operator),
            o,
            "has scales of integers that are too far apart");
      }
    }
  }

  private void requireDelegable(boolean condition, int operator, String why) {
    if (!condition) {
      throw new DeepXrayException(
          source
              + " cannot be run with XNNPACK: operator "
              + operator
              + " "
              + why
              + "; run it without.");
    }
  }

  /** Whether the scales of an operator that sums products fit. */
  private static boolean products(SubGraph graph, Operator operator) {
    if (operator.inputsLength() < 2 || operator.inputs(0) < 0 || operator.inputs(1) < 0) {
      // TensorFlow Lite's own check refuses it.
      return true;
    }
    double in = scale(graph.tensors(operator.inputs(0)));
    Tensor kernel = graph.tensors(operator.inputs(1));
    double out = scale(graph.tensors(operator.outputs(0)));
    if (in == 0 || out == 0 || kernel.quantization() == null) {
      return true;
    }
    for (int c = 0; c < kernel.quantization().scaleLength(); c++) {
      double ratio = in * kernel.quantization().scale(c) / out;
      if (ratio < LEAST_PRODUCT_RATIO || ratio >= IntegerKernel.LARGEST_RATIO) {
        return false;
      }
    }
    return true;
  }

  private int tensor(int index, int count) {
    require(index >= 0 && index < count, "there is no tensor %d", index);
    return index;
  }

  @FormatMethod
  private void require(boolean condition, String format, Object... arguments) {
    if (!condition) {
      throw new DeepXrayException(
          source
              + " cannot be run: "
              + String.format(Locale.ROOT, format, arguments)
              + "; it is damaged or was not written by a TFLite converter.");
    }
  }
}
