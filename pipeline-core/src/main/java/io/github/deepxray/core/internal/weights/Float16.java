package io.github.deepxray.core.internal.weights;

import java.nio.ShortBuffer;

/**
 * 16-bit floats of IEEE 754 (binary16): 11 significant binary digits, magnitudes from 2^-24 to
 * 65,504. Java 17 has no type for them; {@code short}s hold their bits.
 */
public final class Float16 {
  /** Largest finite magnitude. */
  public static final float MAX_VALUE = 65504f;

  private static final int SIGN = 0x8000;
  private static final int INFINITY = 0x7c00;
  private static final int QUIET_NAN = 0x7e00;
  private static final int MANTISSA = 0x03ff;
  private static final int MANTISSA_BITS = 10;

  // Fields of a 32-bit float, and limits of the two types.
  private static final int MAGNITUDE_32 = 0x7fffffff;
  private static final int INFINITY_32 = 0x7f800000;
  private static final int MANTISSA_BITS_32 = 23;
  private static final int DROPPED_BITS = MANTISSA_BITS_32 - MANTISSA_BITS;
  private static final int BIAS_DIFFERENCE = 127 - 15;

  /** Bits of 65,520, the smallest magnitude that is rounded to infinity. */
  private static final int OVERFLOW_32 = 0x477ff000;

  /** Bits of 2^-14, the smallest normal magnitude of 16 bits. */
  private static final int LEAST_NORMAL_32 = 0x38800000;

  /** Distance between subnormal 16-bit floats, and between floats from 0.5 to 1. */
  private static final float SUBNORMAL_STEP = 0x1p-24f;

  private Float16() {}

  /**
   * Rounds to the nearest 16-bit float, ties to even; infinity from 65,520 on, as in IEEE 754. NaN
   * stays NaN.
   */
  public static short toHalf(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = (bits >>> 16) & SIGN;
    int magnitude = bits & MAGNITUDE_32;
    int half;
    if (magnitude > INFINITY_32) {
      half = QUIET_NAN | ((magnitude >>> DROPPED_BITS) & MANTISSA);
    } else if (magnitude >= OVERFLOW_32) {
      half = INFINITY;
    } else if (magnitude >= LEAST_NORMAL_32) {
      int odd = (magnitude >>> DROPPED_BITS) & 1;
      int rounded = magnitude + (1 << (DROPPED_BITS - 1)) - 1 + odd;
      half = (rounded >>> DROPPED_BITS) - (BIAS_DIFFERENCE << MANTISSA_BITS);
    } else {
      // Floats from 0.5 on have the same distance as subnormal halves, so that this addition
      // rounds.
      float shifted = Float.intBitsToFloat(magnitude) + 0.5f;
      half = Float.floatToRawIntBits(shifted) - Float.floatToRawIntBits(0.5f);
    }
    return (short) (sign | half);
  }

  /** Widens to a 32-bit float, without loss. */
  public static float toFloat(short half) {
    int sign = (half & SIGN) << 16;
    int mantissa = half & MANTISSA;
    int exponent = (half & INFINITY) >>> MANTISSA_BITS;
    int magnitude;
    if (exponent == 0) {
      magnitude = Float.floatToRawIntBits(mantissa * SUBNORMAL_STEP);
    } else if (exponent == INFINITY >>> MANTISSA_BITS) {
      magnitude = INFINITY_32 | (mantissa << DROPPED_BITS);
    } else {
      magnitude = ((exponent + BIAS_DIFFERENCE) << MANTISSA_BITS_32) | (mantissa << DROPPED_BITS);
    }
    return Float.intBitsToFloat(sign | magnitude);
  }

  /** Rounds values, see {@link #toHalf(float)}. */
  public static short[] toHalf(float[] values) {
    short[] halves = new short[values.length];
    put(values, 0, values.length, ShortBuffer.wrap(halves));
    return halves;
  }

  /** Widens values. */
  public static float[] toFloat(short[] halves) {
    float[] values = new float[halves.length];
    get(ShortBuffer.wrap(halves), values, 0, values.length);
    return values;
  }

  /**
   * Rounds a part of an array, see {@link #toHalf(float)}, and writes it at a buffer's position.
   *
   * @throws java.nio.BufferOverflowException if there is not enough room
   */
  public static void put(float[] values, int offset, int length, ShortBuffer into) {
    for (int i = offset; i < offset + length; i++) {
      into.put(toHalf(values[i]));
    }
  }

  /**
   * Reads from a buffer's position into a part of an array.
   *
   * @throws java.nio.BufferUnderflowException if there are not enough values
   */
  public static void get(ShortBuffer from, float[] values, int offset, int length) {
    for (int i = offset; i < offset + length; i++) {
      values[i] = toFloat(from.get());
    }
  }
}
