package io.github.deepxray.optimize.prune;

import static java.util.Objects.requireNonNullElse;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.network.MultiplyAdds;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.optimize.internal.LayerPatterns;
import io.github.deepxray.text.internal.Yaml;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Options of channel pruning: the width of the blocks of an EfficientNet. Omitted fields of a file,
 * except the share or the widths, have the values of {@link #of(double)}.
 *
 * @param share the remaining share of the network's cost, above 0 and at most 1; 0 if {@code
 *     widths} contains everything
 * @param cost the measure of the cost
 * @param widths the expanded channels of some blocks, such as {@code block6b: 576}, regardless of
 *     the share
 * @param blocks the other blocks that may be narrowed: names, or patterns with {@code *} and {@code
 *     ?}
 * @param allocation the distribution of removed channels over the blocks
 * @param multiple the divisor of all widths: SIMD kernels compute 8 or 16 channels together and pad
 *     the last ones
 * @param minimum the smallest share of its channels that a block keeps, above 0 and at most 1
 * @param compensation the compensation for removed channels
 */
@RecordBuilder
public record ChannelPruningSpec(
    double share,
    Cost cost,
    Map<String, Integer> widths,
    List<String> blocks,
    Allocation allocation,
    int multiple,
    double minimum,
    Compensation compensation)
    implements ChannelPruningSpecBuilder.With {
  private static final int DEFAULT_MULTIPLE = 8;
  private static final double DEFAULT_MINIMUM = 0.25;

  /** Cost of a network. */
  public enum Cost {
    /** Number of multiply-adds, as in papers. */
    @JsonProperty("multiply_adds")
    MULTIPLY_ADDS(0),
    /**
     * Estimated time on one core: multiply-adds and, for every output value of a convolution, 55
     * more for its activation and memory traffic (fitted to latencies of EfficientNetB0 with TFLite
     * on x86, where requested shares from half to three quarters resulted in that time or up to a
     * tenth less). Large images with few channels, as in blocks 2 and 3, cost much more than their
     * multiply-adds.
     */
    @JsonProperty("time")
    TIME(55);

    private final long perValue;

    Cost(long perValue) {
      this.perValue = perValue;
    }

    /** Computes the cost of layers from their multiply-adds and output values. */
    public long of(long multiplyAdds, long values) {
      return multiplyAdds + perValue * values;
    }

    /** Computes the cost of a network. */
    public long of(Network network) {
      long cost = 0;
      for (Map.Entry<String, Long> layer : MultiplyAdds.perLayer(network).entrySet()) {
        cost += of(layer.getValue(), network.size(layer.getKey()));
      }
      return cost;
    }
  }

  /** Distribution of removed channels over the blocks. */
  public enum Allocation {
    /** Every block keeps the same share of its channels. */
    @JsonProperty("uniform")
    UNIFORM,
    /**
     * Channels with the least damage per saved cost are removed first, in any block. Damage is
     * relative to the variance of the block's output tensor.
     */
    @JsonProperty("global")
    GLOBAL
  }

  /** Compensation for removed channels. */
  public enum Compensation {
    /** None. */
    @JsonProperty("none")
    NONE,
    /**
     * The mean contribution of removed channels is added to the bias or batch normalization of the
     * projection and the squeeze.
     */
    @JsonProperty("mean")
    MEAN,
    /**
     * Projections are fitted by least squares to their original outputs (He et al. 2017, "Channel
     * Pruning for Accelerating Very Deep Neural Networks"), block by block on the outputs of the
     * narrowed blocks before.
     */
    @JsonProperty("least_squares")
    LEAST_SQUARES
  }

  /** Copies the collections and checks the values. */
  public ChannelPruningSpec {
    widths = Collections.unmodifiableMap(new TreeMap<>(widths));
    blocks = List.copyOf(blocks);
    check(
        (share > 0 && share <= 1) || (share == 0 && !widths.isEmpty()),
        "share",
        "above 0 and at most 1, or widths given");
    check(multiple >= 1, "multiple", "at least 1");
    check(minimum > 0 && minimum <= 1, "minimum", "above 0 and at most 1");
  }

  @JsonCreator
  static ChannelPruningSpec fromFile(
      @JsonProperty("share") Double share,
      @JsonProperty("cost") Cost cost,
      @JsonProperty("widths") Map<String, Integer> widths,
      @JsonProperty("blocks") List<String> blocks,
      @JsonProperty("allocation") Allocation allocation,
      @JsonProperty("multiple") Integer multiple,
      @JsonProperty("minimum") Double minimum,
      @JsonProperty("compensation") Compensation compensation) {
    return new ChannelPruningSpec(
        requireNonNullElse(share, 0.0),
        requireNonNullElse(cost, Cost.TIME),
        requireNonNullElse(widths, Map.of()),
        requireNonNullElse(blocks, List.of("*")),
        requireNonNullElse(allocation, Allocation.GLOBAL),
        requireNonNullElse(multiple, DEFAULT_MULTIPLE),
        requireNonNullElse(minimum, DEFAULT_MINIMUM),
        requireNonNullElse(compensation, Compensation.LEAST_SQUARES));
  }

  /**
   * Returns the default options for a share of the estimated time: channels with the least damage
   * are removed, widths are multiples of {@value #DEFAULT_MULTIPLE}, every block keeps a quarter,
   * projections are fitted.
   */
  public static ChannelPruningSpec of(double share) {
    return new ChannelPruningSpec(
        share,
        Cost.TIME,
        Map.of(),
        List.of("*"),
        Allocation.GLOBAL,
        DEFAULT_MULTIPLE,
        DEFAULT_MINIMUM,
        Compensation.LEAST_SQUARES);
  }

  /**
   * Parses a share such as {@code 0.6}, with the default options, or reads a {@code .yaml} or
   * {@code .json} file with this record's fields.
   *
   * @throws DeepXrayException if the text is neither, or the file is invalid
   * @throws IOException if the file cannot be read
   */
  public static ChannelPruningSpec read(String shareOrFile) throws IOException {
    if (shareOrFile.matches("[0-9]*\\.?[0-9]+")) {
      return of(Double.parseDouble(shareOrFile));
    }
    Path file = Path.of(shareOrFile);
    if (!Files.isRegularFile(file)) {
      throw new DeepXrayException(
          "Channel pruning: give the share of the time to keep, such as 0.6, or a .yaml or"
              + " .json file; there is no file "
              + shareOrFile
              + ".");
    }
    return Json.convert(Yaml.read(file), ChannelPruningSpec.class, file.toString());
  }

  /** Whether the share, not {@code widths}, determines the width of a block. */
  public boolean decides(String block) {
    return share > 0
        && !widths.containsKey(block)
        && blocks.stream().anyMatch(pattern -> LayerPatterns.matches(pattern, block));
  }

  /** Smallest width of a block with a number of channels. */
  public int least(int channels) {
    int share = (int) Math.ceil(minimum * channels);
    return Math.min(channels, (share + multiple - 1) / multiple * multiple);
  }

  private static void check(boolean valid, String field, String range) {
    if (!valid) {
      throw new DeepXrayException("Channel pruning: " + field + " must be " + range + ".");
    }
  }
}
