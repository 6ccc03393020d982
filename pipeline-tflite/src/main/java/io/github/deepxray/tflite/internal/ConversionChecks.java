package io.github.deepxray.tflite.internal;

import java.util.Set;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.TensorType;

/** Checks operators that convert the representation of values. */
final class ConversionChecks {
  private static final Set<Byte> INTEGERS =
      Set.of(TensorType.INT8, TensorType.UINT8, TensorType.INT16);

  private ConversionChecks() {}

  /** Checks the conversion of floats to integers, or of integers to others. */
  static void quantize(FileOperator operator) {
    operator.requireArity(1, 1);
    operator.requireNoOptions(BuiltinOptions.QuantizeOptions);
    FileTensor x = operator.input(0);
    FileTensor y = operator.output();
    operator.requireType(y, INTEGERS);
    operator.requireSteps(y);
    if (x.type != TensorType.FLOAT32) {
      operator.requireType(x, INTEGERS);
      operator.requireSteps(x);
      operator.require(
          x.type == y.type || (x.type != TensorType.INT16 && y.type != TensorType.INT16),
          "changes %s to %s",
          FileTensor.name(x.type),
          FileTensor.name(y.type));
      IntegerChecks.requireStep(operator, x.scale(0));
    }
    operator.requireShape(x.shape);
  }

  /**
   * Checks the conversion of integers or 16-bit floats to floats; weights may have a scale per
   * index of a dimension.
   */
  static void dequantize(FileOperator operator) {
    operator.requireArity(1, 1);
    operator.requireNoOptions(BuiltinOptions.DequantizeOptions);
    FileTensor x = operator.input(0);
    operator.requireType(operator.output(), TensorType.FLOAT32);
    if (x.type == TensorType.FLOAT16) {
      operator.requireFixed(x);
    } else {
      operator.requireType(x, INTEGERS);
      if (x.scales() > 1) {
        operator.requireType(x, TensorType.INT8);
        operator.requireFixed(x);
      } else {
        operator.requireSteps(x);
      }
    }
    operator.requireShape(x.shape);
  }

  /** Checks the conversion of a sparse constant to a dense one. */
  static void densify(FileOperator operator) {
    operator.requireArity(1, 1);
    operator.requireNoOptions(BuiltinOptions.DensifyOptions);
    FileTensor x = operator.input(0);
    FileTensor y = operator.output();
    operator.require(x.sparse, "reads %s, which is not sparse", x);
    operator.requireTypeKept(x);
    operator.require(x.scales() == y.scales(), "writes other scales than it reads");
    for (int c = 0; c < x.scales(); c++) {
      operator.require(
          x.scale(c) == y.scale(c) && x.zeroPoint(c) == y.zeroPoint(c) && x.axis == y.axis,
          "writes other scales than it reads");
    }
    operator.requireShape(x.shape);
  }
}
