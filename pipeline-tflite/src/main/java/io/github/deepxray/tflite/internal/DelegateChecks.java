package io.github.deepxray.tflite.internal;

import java.util.Optional;
import org.tensorflow.lite.schema.BuiltinOperator;

/** Checks valid operators for the restrictions of XNNPACK. */
final class DelegateChecks {
  /** Smallest scale of products, in steps of the result, that XNNPACK supports. */
  private static final double LEAST_PRODUCT_RATIO = 0x1p-32;

  private DelegateChecks() {}

  /** Describes the restriction that a checked operator violates, if any. */
  static Optional<String> wrong(FileOperator operator) {
    return switch (operator.code) {
      case BuiltinOperator.CONV_2D ->
          window(operator, Window.ofConv2D(operator)).or(() -> products(operator));
      case BuiltinOperator.DEPTHWISE_CONV_2D ->
          operator.optional(2).isEmpty()
              ? Optional.of("is a depthwise convolution without bias")
              : window(operator, Window.ofDepthwiseConv2D(operator)).or(() -> products(operator));
      case BuiltinOperator.FULLY_CONNECTED -> products(operator);
      default -> Optional.empty();
    };
  }

  private static Optional<String> window(FileOperator operator, Window window) {
    return window.stepsOver(operator.input(0), operator.output())
        ? Optional.of("skips the last pixels of a padded image")
        : Optional.empty();
  }

  /** Checks the scales of an operator that sums products. */
  private static Optional<String> products(FileOperator operator) {
    FileTensor x = operator.input(0);
    FileTensor kernel = operator.input(1);
    for (int c = 0; x.quantized() && c < kernel.scales(); c++) {
      double step = (double) x.scale(0) * kernel.scale(c);
      if (step / operator.output().scale(0) < LEAST_PRODUCT_RATIO) {
        return Optional.of("has scales of integers that are too far apart");
      }
    }
    return Optional.empty();
  }
}
