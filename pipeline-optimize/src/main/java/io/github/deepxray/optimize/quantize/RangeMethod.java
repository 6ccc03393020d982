package io.github.deepxray.optimize.quantize;

import io.github.deepxray.core.DeepXrayException;
import java.util.Locale;

/**
 * Method of choosing the quantization range of a tensor from its statistics. Values outside are
 * clipped; a narrower range has finer steps.
 *
 * <p>{@link #of} parses the text of a method.
 *
 * @param kind the method
 * @param number the share of values inside the range, above 0 and at most 1, of {@link
 *     Kind#PERCENTILE}; the momentum, from 0 to below 1, of {@link Kind#MOVING_AVERAGE}; 0 for the
 *     others
 */
public record RangeMethod(Kind kind, double number) {
  /** Range from the smallest to the largest value. */
  public static final RangeMethod MIN_MAX = new RangeMethod(Kind.MIN_MAX, 0);

  /** The middle 99.98 % of the values, best on EfficientNetB0. */
  public static final RangeMethod PERCENTILE = percentile(0.9998);

  /** The smallest mean squared error. */
  public static final RangeMethod MSE = new RangeMethod(Kind.MSE, 0);

  /** The smallest relative entropy. */
  public static final RangeMethod ENTROPY = new RangeMethod(Kind.ENTROPY, 0);

  /** The moving average of each example's range, with the usual momentum of 0.99. */
  public static final RangeMethod MOVING_AVERAGE = movingAverage(0.99);

  /** Kinds of methods. */
  public enum Kind {
    /**
     * The smallest and the largest value: nothing is clipped, but outliers make the steps coarse.
     */
    MIN_MAX,

    /** The middle values: on either side at most half of the rest is clipped. */
    PERCENTILE,

    /** The smallest mean squared error of the quantized values. */
    MSE,

    /**
     * The threshold with the smallest relative entropy between the original and the quantized
     * distribution (Kullback-Leibler divergence; Migacz 2017, "8-bit Inference with TensorRT").
     */
    ENTROPY,

    /**
     * The exponential moving average of each example's smallest and largest value in order,
     * starting with the first example, as in quantization-aware training.
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
   * Creates a percentile method.
   *
   * @param share the share of the values inside the range, above 0 and at most 1
   * @throws DeepXrayException if the share is out of range
   */
  public static RangeMethod percentile(double share) {
    return new RangeMethod(Kind.PERCENTILE, share);
  }

  /**
   * Creates a moving average method.
   *
   * @param momentum the weight of the previous average at each example, from 0 to below 1
   * @throws DeepXrayException if the momentum is out of range
   */
  public static RangeMethod movingAverage(double momentum) {
    return new RangeMethod(Kind.MOVING_AVERAGE, momentum);
  }

  /**
   * Parses a method: {@code min-max}, {@code percentile}, {@code mse}, {@code entropy} or {@code
   * moving-average}. {@code percentile} may be followed by a share, as in {@code
   * percentile:0.9999}, {@code moving-average} by a momentum.
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
