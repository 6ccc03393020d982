package io.github.deepxray.optimize.quantize;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Quantization.Arithmetic;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Quantization modes of TensorFlow's converter. */
public enum QuantizationMode {
  /** Weights as 16-bit floats, half the size. */
  FLOAT16("float16", "16-bit float weights", Arithmetic.FLOAT),
  /** Kernels as 8-bit integers, arithmetic in floats. */
  WEIGHTS("int8-weights", "8-bit weights, float arithmetic", Arithmetic.FLOAT),
  /** Kernels as 8-bit integers, activations quantized at run time. */
  DYNAMIC("dynamic", "8-bit weights, float activations", Arithmetic.DYNAMIC),
  /** Everything in 8-bit integers; needs calibration. */
  INT8("int8", "8-bit integers", Arithmetic.INT8),
  /** Kernels of 8 and activations of 16 bits; needs calibration. */
  INT16X8("int16x8", "8-bit weights, 16-bit activations", Arithmetic.INT16);

  private final String id;
  private final String description;
  private final Arithmetic arithmetic;

  QuantizationMode(String id, String description, Arithmetic arithmetic) {
    this.id = id;
    this.description = description;
    this.arithmetic = arithmetic;
  }

  /** Name in options, such as {@code int8}; also the name of the form in a bundle. */
  public String id() {
    return id;
  }

  /** Description in words. */
  public String description() {
    return description;
  }

  /** Arithmetic of layers with integer kernels. */
  public Arithmetic arithmetic() {
    return arithmetic;
  }

  /** Whether calibration of activation ranges is needed. */
  public boolean calibrated() {
    return arithmetic.integerActivations();
  }

  /**
   * Returns the mode of a name, ignoring case; {@code weights} is short for {@code int8-weights}.
   *
   * @throws DeepXrayException if there is none
   */
  public static QuantizationMode of(String name) {
    String wanted = name.toLowerCase(Locale.ROOT);
    if (wanted.equals("weights")) {
      return WEIGHTS;
    }
    return Arrays.stream(values())
        .filter(mode -> mode.id.equals(wanted))
        .findFirst()
        .orElseThrow(
            () ->
                new DeepXrayException(
                    "There is no quantization %s; choose one of %s."
                        .formatted(
                            name,
                            Arrays.stream(values())
                                .map(QuantizationMode::id)
                                .collect(Collectors.joining(", ")))));
  }

  @Override
  public String toString() {
    return id;
  }
}
