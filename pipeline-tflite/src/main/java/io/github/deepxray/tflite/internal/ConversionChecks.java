package io.github.deepxray.tflite.internal;

import java.util.Set;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.TensorType;

/** Checks the operators that store the same reals in another form. */
final class ConversionChecks {
  private static final Set<Byte> INTEGERS =
      Set.of(TensorType.INT8, TensorType.UINT8, TensorType.INT16);

  private ConversionChecks() {}

  /** Floats to integers, or integers to others. */
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

  /** Integers or halves to floats; weights may have a scale for each index of a dimension. */
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

  /** A sparse constant to all its values. */
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
