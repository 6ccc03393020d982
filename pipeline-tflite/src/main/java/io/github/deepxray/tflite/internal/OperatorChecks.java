package io.github.deepxray.tflite.internal;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.tensorflow.lite.schema.BuiltinOperator;

/**
 * Supported operators of files with their checks: those of this project's files and of TensorFlow's
 * conversions of Keras Applications networks.
 */
final class OperatorChecks {
  private static final Map<Integer, Consumer<FileOperator>> CHECKS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry(BuiltinOperator.ADD, ElementwiseChecks::add),
              Map.entry(BuiltinOperator.AVERAGE_POOL_2D, ReductionChecks::pool),
              Map.entry(BuiltinOperator.CONCATENATION, LayoutChecks::concatenate),
              Map.entry(BuiltinOperator.CONV_2D, ProductChecks::conv2D),
              Map.entry(BuiltinOperator.DENSIFY, ConversionChecks::densify),
              Map.entry(BuiltinOperator.DEPTHWISE_CONV_2D, ProductChecks::depthwiseConv2D),
              Map.entry(BuiltinOperator.DEQUANTIZE, ConversionChecks::dequantize),
              Map.entry(BuiltinOperator.FULLY_CONNECTED, ProductChecks::fullyConnected),
              Map.entry(BuiltinOperator.GATHER, SliceChecks::gather),
              Map.entry(BuiltinOperator.GELU, ElementwiseChecks::gelu),
              Map.entry(BuiltinOperator.HARD_SWISH, ElementwiseChecks::hardSwish),
              Map.entry(BuiltinOperator.LOGISTIC, ElementwiseChecks::logistic),
              Map.entry(BuiltinOperator.MAX_POOL_2D, ReductionChecks::pool),
              Map.entry(BuiltinOperator.MEAN, ReductionChecks::mean),
              Map.entry(BuiltinOperator.MUL, ElementwiseChecks::multiply),
              Map.entry(BuiltinOperator.NEG, ElementwiseChecks::negate),
              Map.entry(BuiltinOperator.PACK, SliceChecks::pack),
              Map.entry(BuiltinOperator.PAD, LayoutChecks::pad),
              Map.entry(BuiltinOperator.QUANTIZE, ConversionChecks::quantize),
              Map.entry(BuiltinOperator.REDUCE_PROD, SliceChecks::product),
              Map.entry(BuiltinOperator.RELU, ElementwiseChecks::rectify),
              Map.entry(BuiltinOperator.RELU6, ElementwiseChecks::rectify),
              Map.entry(BuiltinOperator.RESHAPE, LayoutChecks::reshape),
              Map.entry(BuiltinOperator.RSQRT, ElementwiseChecks::reciprocalRoot),
              Map.entry(BuiltinOperator.SHAPE, SliceChecks::shape),
              Map.entry(BuiltinOperator.SOFTMAX, ElementwiseChecks::softmax),
              Map.entry(BuiltinOperator.SQUARED_DIFFERENCE, ElementwiseChecks::squaredDifference),
              Map.entry(BuiltinOperator.SQUEEZE, LayoutChecks::squeeze),
              Map.entry(BuiltinOperator.STRIDED_SLICE, SliceChecks::stridedSlice),
              Map.entry(BuiltinOperator.SUB, ElementwiseChecks::subtract),
              Map.entry(BuiltinOperator.TRANSPOSE, LayoutChecks::transpose)));

  private OperatorChecks() {}

  /** Whether an operator is supported. */
  static boolean accepts(int code) {
    return CHECKS.containsKey(code);
  }

  /** Names of the supported operators. */
  static String accepted() {
    return CHECKS.keySet().stream()
        .map(OperatorChecks::name)
        .sorted()
        .collect(Collectors.joining(", "));
  }

  /** Name of an operator, including operators newer than the schema. */
  static String name(int code) {
    boolean known = code >= 0 && code < BuiltinOperator.names.length;
    return known ? BuiltinOperator.name(code) : "number " + code;
  }

  /** Checks a supported operator. */
  static void check(FileOperator operator) {
    CHECKS.get(operator.code).accept(operator);
  }
}
