package io.github.deepxray.core.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class Int8TensorTest {
  @Test
  void holdsWhatItIsGiven() {
    byte[] values = {1, -127, 3, 4};
    float[] scales = {0.5f, 2};
    Int8Tensor tensor = Int8Tensor.of(values, scales, 1, List.of(2, 2));
    values[0] = 9;
    scales[0] = 9;
    assertThat(tensor.toFloats()).containsExactly(0.5f, -254, 1.5f, 8);
    assertThat(tensor.scales()).containsExactly(0.5f, 2);
    assertThat(tensor.axis()).isEqualTo(1);
  }

  @Test
  void refusesWhatCannotBe() {
    byte[] values = {1, 2};
    assertThatThrownBy(() -> Int8Tensor.of(new byte[] {-128}, new float[] {1}, 0, List.of(1)))
        .isInstanceOf(IllegalArgumentException.class);
    for (float scale : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> Int8Tensor.of(values, new float[] {1, scale}, 0, List.of(2)))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> Int8Tensor.of(values, new float[] {1}, 0, List.of(2)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void quantizesChannelsOfNothingAndOfNextToNothing() {
    FloatTensor faint = FloatTensor.of(new float[] {0, Float.MIN_VALUE, 1, 0, 0, -0.5f}, 2, 3);
    Int8Tensor tensor = Int8Tensor.quantize(faint, 1);
    assertThat(tensor.scales()).containsExactly(1, 1, 1 / 127f);
    assertThat(tensor.asBuffer().get(2)).isEqualTo((byte) 127);
  }
}
