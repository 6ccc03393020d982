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
 * Where a quantized model loses accuracy, layer by layer. Ratios of signal to quantization noise
 * (SQNR) are in decibels, from -150 to 150, where 150 stands for no difference: at 10 dB the noise
 * has a tenth of the signal's power, at 20 dB a hundredth.
 *
 * @param network the network's name
 * @param arithmetic the quantized model's arithmetic
 * @param output the tensor at which damage is measured
 * @param examples on how many examples
 * @param outputSqnr at that tensor with everything quantized that the model quantizes
 * @param layers the network's input, then the layers in their order
 */
public record LayerReport(
    String network,
    String arithmetic,
    String output,
    int examples,
    double outputSqnr,
    List<Entry> layers) {
  /** The ratio in decibels that stands for no difference. */
  public static final double EXACT = Noise.MAX_DECIBELS;

  /** The least input of a swish with 8 bits that it does not make 0 of. */
  public static final double SWISH_LEAST = SwishInput.LEAST;

  /**
   * A layer and the tensor it writes.
   *
   * @param name of both
   * @param kind the kind of layer, such as {@code Conv2D}, or {@code Input}
   * @param shape the tensor's shape without the batch dimension
   * @param integer whether the layer computes in integers; for the input, whether it is read as
   *     such
   * @param seenMin the least value seen in calibration
   * @param seenMax the largest value seen in calibration
   * @param min the least value that the tensor's integers can hold
   * @param max the largest value that they can hold
   * @param scale the step between integers
   * @param zeroPoint the integer of 0
   * @param clippedShare the share of the values seen that lie more than half a step outside; in
   *     front of a swish with 8 bits, which makes 0 of values below {@value SwishInput#LEAST}
   *     anyway, those do not count
   * @param weightSqnr of the kernel's rounding, if it is rounded
   * @param aloneSqnr at the output if only this tensor and its layer's kernel are quantized; empty
   *     if the model quantizes neither
   * @param accumulatedSqnr of the tensor in the quantized model; values below {@value
   *     SwishInput#LEAST} in front of a swish with 8 bits count as that
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

  /** The layers that are quantized, those that damage the output most first. */
  public List<Entry> mostDamaging() {
    return layers.stream()
        .filter(entry -> entry.aloneSqnr().isPresent())
        .sorted(Comparator.comparingDouble(entry -> entry.aloneSqnr().getAsDouble()))
        .toList();
  }

  /**
   * Writes the report as JSON, decibels with three digits; what does not apply to a layer is left
   * out.
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
   * @throws DeepXrayException if it is damaged
   * @throws IOException if it cannot be read
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
