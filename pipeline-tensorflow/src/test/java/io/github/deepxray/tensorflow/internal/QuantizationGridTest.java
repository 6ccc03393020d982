package io.github.deepxray.tensorflow.internal;

import io.github.deepxray.core.network.Quantization.Affine;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import io.github.deepxray.optimize.internal.Range;
import io.github.deepxray.testkit.ArrayAssertions;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.EagerSession;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** The grid of integers that a range becomes, against TensorFlow's simulated quantization. */
class QuantizationGridTest {
  @ParameterizedTest
  @CsvSource({"-1, 3", "0, 6", "-6, 0", "-0.278, 21.3", "-60.7, 62.1", "-1e-3, 2e-3", "0, 255"})
  void isTensorFlowsGrid(double min, double max) {
    Affine affine = new Range(min, max).affine(Arithmetic.INT8);
    SplittableRandom random = new SplittableRandom(1);
    float[] values = new float[5000];
    float[] stored = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      // Some of them outside.
      double value = min + (max - min) * (1.2 * random.nextDouble() - 0.1);
      // Away from the middle between two integers, where either is right.
      double steps = Math.rint(value / affine.scale() * 4 - 0.5) / 4 + 0.1;
      values[i] = (float) (steps * affine.scale());
      double q = Math.rint(values[i] / (double) affine.scale()) + affine.zeroPoint();
      q = Math.max(-128, Math.min(127, q));
      stored[i] = (float) (affine.scale() * (q - affine.zeroPoint()));
    }
    float[] expected = new float[values.length];
    try (EagerSession session = EagerSession.create()) {
      Ops tf = Ops.create(session);
      try (TFloat32 rounded =
          tf.quantization
              .fakeQuantWithMinMaxVars(
                  tf.constant(values), tf.constant((float) min), tf.constant((float) max))
              .asTensor()) {
        rounded.asRawTensor().data().asFloats().read(expected);
      }
    }
    ArrayAssertions.assertClose("rounded", stored, expected, affine.scale() * 1e-3);
  }
}
