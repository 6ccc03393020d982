package io.github.deepxray.optimize.internal.quantize;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Report of the quantization noise of each layer. Signal-to-quantization-noise ratios (SQNR) are in
 * decibels, from -150 to 150, where 150 means no difference: at 10 dB the noise has a tenth of the
 * signal's power, at 20 dB a hundredth.
 *
 * @param network the network's name
 * @param arithmetic the quantized model's arithmetic
 * @param output the tensor at which noise is measured
 * @param examples the number of examples
 * @param outputSqnr the SQNR at that tensor of the quantized model
 * @param layers the network's input, then the layers in their order
 */
public record LayerReport(
    String network,
    String arithmetic,
    String output,
    int examples,
    double outputSqnr,
    List<Entry> layers) {
  /** Ratio in decibels that means no difference. */
  public static final double EXACT = QuantizationNoise.MAX_DECIBELS;

  /** Smallest input of an 8-bit swish with an output other than 0. */
  public static final double SWISH_LEAST = SwishInputRange.LEAST;

  /**
   * Layer with its output tensor.
   *
   * @param name the name of both
   * @param kind the kind of layer, such as {@code Conv2D}, or {@code Input}
   * @param shape the tensor's shape without the batch dimension
   * @param integer whether the layer computes in integers; for the input, whether it is read as
   *     integers
   * @param seenMin the smallest value in calibration
   * @param seenMax the largest value in calibration
   * @param min the smallest value of the tensor's integer range
   * @param max the largest value of the integer range
   * @param scale the step between integers
   * @param zeroPoint the integer of 0
   * @param clippedShare the share of the calibration values more than half a step outside the
   *     range; in front of an 8-bit swish, which is 0 below {@value SwishInputRange#LEAST}, values
   *     below do not count
   * @param weightSqnr the SQNR of the kernel, if it is rounded
   * @param aloneSqnr the SQNR at the output if only this tensor and its layer's kernel are
   *     quantized; empty if the model quantizes neither
   * @param accumulatedSqnr the SQNR of the tensor in the quantized model; values in front of an
   *     8-bit swish are clipped at {@value SwishInputRange#LEAST}
   * @param histogram the logarithm of the counts from {@code seenMin} to {@code seenMax} in equal
   *     bins, as shares of the fullest bin's
   */
  @RecordBuilder
  public record Entry(
      String name,
      String kind,
      List<Integer> shape,
      boolean integer,
      double seenMin,
      double seenMax,
      double min,
      double max,
      double scale,
      int zeroPoint,
      double clippedShare,
      @JsonInclude(JsonInclude.Include.NON_ABSENT) OptionalDouble weightSqnr,
      @JsonInclude(JsonInclude.Include.NON_ABSENT) OptionalDouble aloneSqnr,
      double accumulatedSqnr,
      List<Double> histogram)
      implements LayerReportEntryBuilder.With {
    /** Copies the lists. */
    public Entry {
      shape = List.copyOf(shape);
      histogram = List.copyOf(histogram);
    }
  }

  /** Copies the list. */
  public LayerReport {
    layers = List.copyOf(layers);
  }

  /** Quantized layers, in descending order of damage to the output. */
  public List<Entry> mostDamaging() {
    return layers.stream()
        .filter(entry -> entry.aloneSqnr().isPresent())
        .sorted(Comparator.comparingDouble(entry -> entry.aloneSqnr().getAsDouble()))
        .toList();
  }

  /**
   * Writes the report as JSON, decibels with three digits; fields that do not apply to a layer are
   * omitted.
   *
   * @throws IOException if the file cannot be written
   */
  public void writeJson(Path file) throws IOException {
    List<Entry> rounded =
        layers.stream()
            .map(
                e ->
                    e.withWeightSqnr(rounded(e.weightSqnr()))
                        .withAloneSqnr(rounded(e.aloneSqnr()))
                        .withAccumulatedSqnr(rounded(e.accumulatedSqnr())))
            .toList();
    Json.write(
        file, new LayerReport(network, arithmetic, output, examples, rounded(outputSqnr), rounded));
  }

  /**
   * Reads a report that {@link #writeJson} wrote.
   *
   * @throws DeepXrayException if the file is damaged
   * @throws IOException if the file cannot be read
   */
  public static LayerReport read(Path file) throws IOException {
    return Json.read(file, LayerReport.class, "quantize again");
  }

  private static OptionalDouble rounded(OptionalDouble decibels) {
    return decibels.stream().map(LayerReport::rounded).findFirst();
  }

  private static double rounded(double decibels) {
    return Math.round(decibels * 1000) / 1000.0;
  }
}
