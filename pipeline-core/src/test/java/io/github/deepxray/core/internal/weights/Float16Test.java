package io.github.deepxray.core.internal.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.weights.Float16Tensor;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import java.nio.BufferOverflowException;
import java.nio.BufferUnderflowException;
import java.nio.ShortBuffer;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Float16Test {
  /** From the tables of IEEE 754's binary16. */
  @ParameterizedTest
  @CsvSource({
    "0x0000, 0.0",
    "0x8000, -0.0",
    "0x0001, 5.9604644775390625E-8",
    "0x03ff, 6.097555160522461E-5",
    "0x0400, 6.103515625E-5",
    "0x3555, 0.333251953125",
    "0x3bff, 0.99951171875",
    "0x3c00, 1.0",
    "0x3c01, 1.0009765625",
    "0xc000, -2.0",
    "0x7bff, 65504.0",
    "0x7c00, Infinity",
    "0xfc00, -Infinity",
  })
  void knowsTheNumbersOfTheStandard(String bits, float value) {
    short half = (short) Integer.decode(bits).intValue();
    assertThat(Float16.toFloat(half)).isEqualTo(value);
    assertThat(Float16.toHalf(value)).isEqualTo(half);
  }

  @Test
  void goesThroughFloatsAndBack() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      short half = (short) bits;
      float value = Float16.toFloat(half);
      if (Float.isNaN(value)) {
        assertThat(bits & 0x7fff).isGreaterThan(0x7c00);
        assertThat(Float16.toFloat(Float16.toHalf(value))).isNaN();
      } else {
        assertThat(Float16.toHalf(value)).isEqualTo(half);
      }
    }
  }

  /** By the definition: between two neighbours the nearer, in the middle the even. */
  @Test
  void roundsToTheNearestAndThenToEven() {
    SplittableRandom random = new SplittableRandom(1);
    for (int bits = 0; bits < 0x7bff; bits++) {
      double low = Float16.toFloat((short) bits);
      double high = Float16.toFloat((short) (bits + 1));
      float middle = (float) ((low + high) / 2);
      assertThat((double) middle).isEqualTo((low + high) / 2);
      int even = bits % 2 == 0 ? bits : bits + 1;
      assertThat(Float16.toHalf(middle)).isEqualTo((short) even);
      assertThat(Float16.toHalf(-middle)).isEqualTo((short) (even | 0x8000));
      assertThat(Float16.toHalf(Math.nextDown(middle))).isEqualTo((short) bits);
      assertThat(Float16.toHalf(Math.nextUp(middle))).isEqualTo((short) (bits + 1));
      float between = (float) (low + random.nextDouble() * (high - low));
      if (between != middle) {
        boolean lower = between < middle;
        assertThat(Float16.toHalf(between)).isEqualTo((short) (lower ? bits : bits + 1));
      }
    }
    assertThat(Float16.toHalf(Math.nextDown(65520f))).isEqualTo((short) 0x7bff);
    assertThat(Float16.toHalf(65520f)).isEqualTo((short) 0x7c00);
    assertThat(Float16.toHalf(Float.MAX_VALUE)).isEqualTo((short) 0x7c00);
    assertThat(Float16.toHalf(Float.MIN_VALUE)).isEqualTo((short) 0);
  }

  @Test
  void convertsPartsOfArrays() {
    short[] halves = {9, 9, 9, 9};
    ShortBuffer buffer = ShortBuffer.wrap(halves).position(1);
    Float16.put(new float[] {7, 1, -2, 7}, 1, 2, buffer);
    assertThat(halves).containsExactly((short) 9, (short) 0x3c00, (short) 0xc000, (short) 9);
    assertThat(buffer.position()).isEqualTo(3);
    float[] values = new float[4];
    Float16.get(buffer.position(1), values, 2, 2);
    assertThat(values).containsExactly(0, 0, 1, -2);
    assertThat(Float16.toFloat(Float16.toHalf(new float[] {0.1f}))).containsExactly(0.099975586f);
    assertThatThrownBy(() -> Float16.put(values, 0, 4, ShortBuffer.allocate(3)))
        .isInstanceOf(BufferOverflowException.class);
    assertThatThrownBy(() -> Float16.get(ShortBuffer.allocate(3), values, 0, 4))
        .isInstanceOf(BufferUnderflowException.class);
  }

  @Test
  void tensorsHoldWhatFits() {
    Float16Tensor tensor = Float16Tensor.of(FloatTensor.of(new float[] {0.1f, 65519, -0f}, 1, 3));
    assertThat(tensor.shape()).containsExactly(1, 3);
    assertThat(tensor.toFloats()).containsExactly(0.099975586f, 65504, -0f);
    assertThat(tensor).hasToString("float16[1, 3]");
    short[] bits = {0x2e66, 0x7bff, (short) 0x8000};
    assertThat(tensor).isEqualTo(Float16Tensor.ofBits(bits, List.of(1, 3)));
    assertThat(tensor).isNotEqualTo(Float16Tensor.ofBits(bits, List.of(3)));
    assertThat(tensor).hasSameHashCodeAs(Float16Tensor.ofBits(bits, List.of(3)));
    assertThatThrownBy(() -> Float16Tensor.of(FloatTensor.of(new float[] {0, -7e4f}, 2)))
        .isInstanceOf(DeepXrayException.class)
        .hasMessageContaining("-70000.0")
        .hasMessageContaining("[2]");
    assertThatThrownBy(() -> Float16Tensor.ofBits(bits, List.of(2)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void hashesDifferFromThoseOfTheSameFloats() {
    FloatTensor floats = FloatTensor.of(new float[] {1, 2}, 2);
    Weights wide = Weights.builder().put("a", floats).build();
    Weights narrow = Weights.builder().put("a", Float16Tensor.of(floats)).build();
    assertThat(narrow.sha256()).isNotEqualTo(wide.sha256());
    assertThat(narrow.floats("a")).isEqualTo(wide.floats("a"));
  }
}
