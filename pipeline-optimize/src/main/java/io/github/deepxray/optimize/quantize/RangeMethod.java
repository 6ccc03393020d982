package io.github.deepxray.optimize.quantize;

import io.github.deepxray.core.DeepXrayException;
import java.util.Locale;

/**
 * How to choose the range of a tensor from what was seen of it. Values outside are clipped; the
 * narrower the range, the finer the steps within.
 *
 * <p>The text of a method is what {@link #of} reads.
 *
 * @param kind the method
 * @param number the share of values to keep, above 0 and at most 1, of {@link Kind#PERCENTILE}; the
 *     momentum, from 0 to below 1, of {@link Kind#MOVING_AVERAGE}; 0 for the others
 */
public record RangeMethod(Kind kind, double number) {
  /** The least and the largest value seen. */
  public static final RangeMethod MIN_MAX = new RangeMethod(Kind.MIN_MAX, 0);

  /** The middle 99.98 % of the values, which held best on EfficientNetB0. */
  public static final RangeMethod PERCENTILE = percentile(0.9998);

  /** The least mean squared error. */
  public static final RangeMethod MSE = new RangeMethod(Kind.MSE, 0);

  /** The least relative entropy. */
  public static final RangeMethod ENTROPY = new RangeMethod(Kind.ENTROPY, 0);

  /** The moving average of each example's range, with the usual momentum of 0.99. */
  public static final RangeMethod MOVING_AVERAGE = movingAverage(0.99);

  /** The methods. */
  public enum Kind {
    /** The least and the largest value seen: nothing is clipped, outliers cost everybody. */
    MIN_MAX,

    /** The middle values: on either side at most half of the rest is cut off. */
    PERCENTILE,

    /** The least mean squared error of the quantized values. */
    MSE,

    /**
     * The threshold at which the quantized distribution differs least from the real one by relative
     * entropy (Kullback-Leibler divergence; Migacz 2017, "8-bit Inference with TensorRT").
     */
    ENTROPY,

    /**
     * The exponential moving average of each example's least and largest value in their order,
     * starting from the first example's: what observers of quantization-aware training keep.
     */
    MOVING_AVERAGE
  }

  /** Checks the number. */
  public RangeMethod {
    if (kind == Kind.PERCENTILE && !(number > 0 && number <= 1)) {
      throw new DeepXrayException(
          "The share of values in percentile:" + number + " must be above 0 and at most 1.");
    }
    if (kind == Kind.MOVING_AVERAGE && !(number >= 0 && number < 1)) {
      throw new DeepXrayException(
          "The momentum in moving-average:" + number + " must be at least 0 and below 1.");
    }
  }

  /**
   * The middle values.
   *
   * @param share the share of the values to keep, above 0 and at most 1
   * @throws DeepXrayException if it is not
   */
  public static RangeMethod percentile(double share) {
    return new RangeMethod(Kind.PERCENTILE, share);
  }

  /**
   * The moving average of each example's range.
   *
   * @param momentum the share of the average that stays at each example, from 0 to below 1
   * @throws DeepXrayException if it is not
   */
  public static RangeMethod movingAverage(double momentum) {
    return new RangeMethod(Kind.MOVING_AVERAGE, momentum);
  }

  /**
   * The method of a name: {@code min-max}, {@code percentile}, {@code mse}, {@code entropy} or
   * {@code moving-average}. Behind {@code percentile} the share of values to keep may follow, as in
   * {@code percentile:0.9999}, behind {@code moving-average} the momentum.
   *
   * @throws DeepXrayException if there is no such method, or its number is out of range
   */
  public static RangeMethod of(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    int colon = lower.indexOf(':');
    String name = colon < 0 ? lower : lower.substring(0, colon);
    if (colon < 0) {
      return switch (name) {
        case "min-max", "minmax" -> MIN_MAX;
        case "percentile" -> PERCENTILE;
        case "mse" -> MSE;
        case "entropy", "kl" -> ENTROPY;
        case "moving-average" -> MOVING_AVERAGE;
        default -> throw unknown(text);
      };
    }
    double number;
    try {
      number = Double.parseDouble(lower.substring(colon + 1));
    } catch (NumberFormatException e) {
      throw new DeepXrayException(
          "Range method " + text + ": a number must follow the colon, as in percentile:0.9998.", e);
    }
    return switch (name) {
      case "percentile" -> percentile(number);
      case "moving-average" -> movingAverage(number);
      default -> throw unknown(text);
    };
  }

  private static DeepXrayException unknown(String text) {
    return new DeepXrayException(
        "There is no range method "
            + text
            + "; choose min-max, percentile[:share], mse, entropy or moving-average[:momentum].");
  }

  @Override
  public String toString() {
    return switch (kind) {
      case MIN_MAX -> "min-max";
      case PERCENTILE -> "percentile:" + number;
      case MSE -> "mse";
      case ENTROPY -> "entropy";
      case MOVING_AVERAGE -> "moving-average:" + number;
    };
  }
}
