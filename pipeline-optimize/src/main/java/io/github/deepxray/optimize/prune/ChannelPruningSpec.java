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
 * How narrow the blocks of an EfficientNet become inside. Fields that a file leaves out, but for
 * the share or the widths, have the values of {@link #of(double)}.
 *
 * @param share the share of the network's cost that is left, above 0 and at most 1; 0 where {@code
 *     widths} says everything
 * @param cost what that is a share of
 * @param widths the expansion channels of some blocks, such as {@code block6b: 576}; those blocks
 *     have them whatever the share
 * @param blocks which other blocks may be narrowed: names, or patterns with {@code *} and {@code ?}
 * @param allocation how the channels to remove are spread over the blocks
 * @param multiple what the widths are multiples of: SIMD kernels compute 8 or 16 channels at once
 *     and fill up the last ones
 * @param minimum the least share of its channels that a block keeps, above 0 and at most 1
 * @param compensation how the channels that stay make up for those removed
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

  /** What a network costs. */
  public enum Cost {
    /** Its multiply-adds, as papers count them. */
    @JsonProperty("multiply_adds")
    MULTIPLY_ADDS(0),
    /**
     * An estimate of the time on one core: its multiply-adds and, for every value that a
     * convolution writes, as many more as its activation and its way through memory take as long as
     * (55, by latencies of EfficientNetB0 with TFLite on x86; there, half to three quarters of the
     * time asked for became that or up to a tenth less). Large images with few channels, as in
     * blocks 2 and 3, cost much more than their multiply-adds tell.
     */
    @JsonProperty("time")
    TIME(55);

    private final long perValue;

    Cost(long perValue) {
      this.perValue = perValue;
    }

    /** The cost of layers with so many multiply-adds that write so many values. */
    public long of(long multiplyAdds, long values) {
      return multiplyAdds + perValue * values;
    }

    /** The cost of a network. */
    public long of(Network network) {
      long cost = 0;
      for (Map.Entry<String, Long> layer : MultiplyAdds.perLayer(network).entrySet()) {
        cost += of(layer.getValue(), network.size(layer.getKey()));
      }
      return cost;
    }
  }

  /** How the channels to remove are spread over the blocks. */
  public enum Allocation {
    /** Every block keeps the same share of its channels. */
    @JsonProperty("uniform")
    UNIFORM,
    /**
     * The channels go first that do the least damage for the cost they save, wherever they are.
     * Damage is measured against the variance of the tensor that the block writes.
     */
    @JsonProperty("global")
    GLOBAL
  }

  /** How the channels that stay make up for those removed. */
  public enum Compensation {
    /** Not at all. */
    @JsonProperty("none")
    NONE,
    /**
     * What removed channels were on average goes into the projection's and the squeeze's bias or
     * batch normalization.
     */
    @JsonProperty("mean")
    MEAN,
    /**
     * Projections are fitted anew, by least squares, to what they wrote before (He et al. 2017,
     * "Channel Pruning for Accelerating Very Deep Neural Networks"), block by block from what the
     * narrowed blocks before write.
     */
    @JsonProperty("least_squares")
    LEAST_SQUARES
  }

  /** Copies the collections and checks the rest. */
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
   * So much of the estimated time is left, wherever channels are least missed; widths are multiples
   * of {@value #DEFAULT_MULTIPLE}, every block keeps a quarter, projections are fitted anew.
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
   * The defaults with a share such as {@code 0.6}, or what a {@code .yaml} or {@code .json} file
   * with this record's fields says.
   *
   * @throws DeepXrayException if it is neither, or the file does not describe this
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

  /** Whether the share, not {@code widths}, decides over a block. */
  public boolean decides(String block) {
    return share > 0
        && !widths.containsKey(block)
        && blocks.stream().anyMatch(pattern -> LayerPatterns.matches(pattern, block));
  }

  /** The least width of a block that has so many channels. */
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
