package io.github.deepxray.keras.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.backbone.Backbone;
import io.github.deepxray.core.backbone.ExpansionBlock;
import io.github.deepxray.core.backbone.PretrainedWeights;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.BatchNormalization;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.DepthwiseConv2D;
import io.github.deepxray.core.network.Layer.Dropout;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Layer.Multiply;
import io.github.deepxray.core.network.Layer.Normalization;
import io.github.deepxray.core.network.Layer.Padding;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.progress.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * EfficientNet without the classification top (Tan and Le 2019, "EfficientNet: Rethinking Model
 * Scaling for Convolutional Neural Networks"), with the layer names of {@code keras.applications}.
 *
 * <p>The network reads RGB images {@code [H, W, 3]} with values 0..255 and writes {@code avg_pool},
 * the feature vector.
 *
 * @param width the factor of B0's channels, as {@code width_coefficient} in Keras; from {@value
 *     #SMALLEST_COEFFICIENT} to {@value #LARGEST_COEFFICIENT}
 * @param depth the factor of the blocks in B0's stages, as {@code depth_coefficient} in Keras; in
 *     the same range
 * @param resolution the height and width in pixels of the design, from {@value
 *     #SMALLEST_RESOLUTION} to {@value #LARGEST_RESOLUTION}
 */
public record EfficientNet(double width, double depth, int resolution) implements Backbone {
  /** 4,049,571 parameters, 224 x 224 pixels, 1,280 features. */
  public static final EfficientNet B0 = new EfficientNet(1.0, 1.0, 224);

  /** 240 x 240 pixels, 1,280 features. */
  public static final EfficientNet B1 = new EfficientNet(1.0, 1.1, 240);

  /** 260 x 260 pixels, 1,408 features. */
  public static final EfficientNet B2 = new EfficientNet(1.1, 1.2, 260);

  /** 300 x 300 pixels, 1,536 features. */
  public static final EfficientNet B3 = new EfficientNet(1.2, 1.4, 300);

  /** 380 x 380 pixels, 1,792 features. */
  public static final EfficientNet B4 = new EfficientNet(1.4, 1.8, 380);

  /** 456 x 456 pixels, 2,048 features. */
  public static final EfficientNet B5 = new EfficientNet(1.6, 2.2, 456);

  /** 528 x 528 pixels, 2,304 features. */
  public static final EfficientNet B6 = new EfficientNet(1.8, 2.6, 528);

  /** 600 x 600 pixels, 2,560 features. */
  public static final EfficientNet B7 = new EfficientNet(2.0, 3.1, 600);

  /** Variants of the paper, B0 to B7. */
  public static final List<EfficientNet> VARIANTS = List.of(B0, B1, B2, B3, B4, B5, B6, B7);

  /** Smallest height and width of images: the network halves them five times. */
  public static final int SMALLEST_RESOLUTION = 32;

  private static final int LARGEST_RESOLUTION = 2048;
  private static final double SMALLEST_COEFFICIENT = 0.1;
  private static final double LARGEST_COEFFICIENT = 5;

  /** Name of the input tensor. */
  public static final String INPUT = "images";

  /** Name of the feature vector. */
  public static final String FEATURES = "avg_pool";

  // Keras' epsilon for batch normalization.
  private static final double BATCH_NORM_EPSILON = 1e-3;
  private static final double DROP_CONNECT_RATE = 0.2;
  private static final int DEPTH_DIVISOR = 8;
  private static final double SQUEEZE_RATIO = 0.25;
  private static final Pattern BLOCK = Pattern.compile("(block[0-9]+[a-z]+|top)_.*");
  private static final String PREFIX = "efficientnet";
  private static final Pattern NUMBERS =
      Pattern.compile("([0-9](?:\\.[0-9]{1,17})?)x([0-9](?:\\.[0-9]{1,17})?)x([0-9]{2,4})");
  private static final double[] IMAGENET_STD = {0.229, 0.224, 0.225};

  /** Row of the paper's table 1: inverted residual blocks (MBConv) with the same settings. */
  private record Stage(int kernel, int repeats, int in, int out, int expand, int stride) {}

  /** Inverted residual block of a variant. */
  private record Block(String name, int in, int out, int stride, Stage stage) {}

  private static final List<Stage> STAGES =
      List.of(
          new Stage(3, 1, 32, 16, 1, 1),
          new Stage(3, 2, 16, 24, 6, 2),
          new Stage(5, 2, 24, 40, 6, 2),
          new Stage(3, 3, 40, 80, 6, 2),
          new Stage(5, 3, 80, 112, 6, 1),
          new Stage(5, 4, 112, 192, 6, 2),
          new Stage(3, 1, 192, 320, 6, 1));

  /** Checks the ranges. */
  public EfficientNet {
    if (!isCoefficient(width) || !isCoefficient(depth)) {
      throw new DeepXrayException(
          "EfficientNet's coefficients of width and depth must be from %s to %s, not %s and %s."
              .formatted(SMALLEST_COEFFICIENT, LARGEST_COEFFICIENT, width, depth));
    }
    if (resolution < SMALLEST_RESOLUTION || resolution > LARGEST_RESOLUTION) {
      throw new DeepXrayException(
          "EfficientNet's image size must be from %s to %s pixels, not %s."
              .formatted(SMALLEST_RESOLUTION, LARGEST_RESOLUTION, resolution));
    }
  }

  private static boolean isCoefficient(double value) {
    return value >= SMALLEST_COEFFICIENT && value <= LARGEST_COEFFICIENT;
  }

  /**
   * Name, for the variants of the paper as in Keras, for example {@code efficientnetb0}; for others
   * {@code efficientnet-} and the numbers, for example {@code efficientnet-0.5x0.8x160}.
   */
  @Override
  public String name() {
    return VARIANTS.contains(this)
        ? "efficientnetb" + VARIANTS.indexOf(this)
        : PREFIX + "-" + width + "x" + depth + "x" + resolution;
  }

  /** Whether a name is valid for {@link #of}. */
  static boolean isName(String name) {
    String wanted = withoutPrefix(name);
    return wanted.matches("b[0-7]") || NUMBERS.matcher(wanted).matches();
  }

  private static String withoutPrefix(String name) {
    return name.toLowerCase(Locale.ROOT).replaceFirst("^" + PREFIX + "[-_]?", "");
  }

  /**
   * Returns the network of a name.
   *
   * @param name a variant of the paper, such as {@code b0} or {@code efficientnetb0}, or {@code
   *     <width>x<depth>x<resolution>}, such as {@code 0.5x0.8x160}, in any case
   * @throws DeepXrayException if there is none
   */
  public static EfficientNet of(String name) {
    String wanted = withoutPrefix(name);
    if (wanted.matches("b[0-7]")) {
      return VARIANTS.get(wanted.charAt(1) - '0');
    }
    Matcher numbers = NUMBERS.matcher(wanted);
    if (!numbers.matches()) {
      throw new DeepXrayException(
          "There is no backbone "
              + name
              + "; choose one of b0 to b7, or <width>x<depth>x<pixels> such as 0.5x0.8x160.");
    }
    return new EfficientNet(
        Double.parseDouble(numbers.group(1)),
        Double.parseDouble(numbers.group(2)),
        Integer.parseInt(numbers.group(3)));
  }

  /** Returns the network at its own resolution, with Keras' preprocessing for ImageNet weights. */
  public Network network() {
    return network(resolution);
  }

  /**
   * Returns the network at another resolution.
   *
   * <p>Keras' ImageNet weights store the standard deviation in place of the variance, so Keras
   * divides by its square root again ({@code rescaling_1}); so does this network, and the effective
   * preprocessing is {@code (x / 255 - mean) / std}.
   *
   * @param size height and width of the images in pixels
   */
  @Override
  public Network network(int size) {
    return network(size, Map.of());
  }

  /**
   * Returns the network with fewer channels inside some blocks, as after channel pruning: the
   * expansion, the depthwise convolution and the squeeze-and-excitation gate are narrower.
   * Squeeze-and-excitation's bottleneck and the block's input and output are unchanged.
   *
   * @param size height and width of the images in pixels
   * @param expansionChannels the number of channels by block, such as {@code block6b}; the default
   *     is {@link #expansionChannels()}
   * @throws DeepXrayException if there is no such block with an expansion, or a number is not from
   *     1 to the block's own
   */
  @Override
  public Network network(int size, Map<String, Integer> expansionChannels) {
    Map<String, Integer> widths = widths(expansionChannels);
    Builder b = new Builder();
    b.add(new Rescaling("rescaling", INPUT, List.of(1.0 / 255), List.of(0.0)));
    b.add(new Normalization("normalization", b.last));
    List<Double> once = Arrays.stream(IMAGENET_STD).mapToObj(std -> 1 / Math.sqrt(std)).toList();
    b.add(new Rescaling("rescaling_1", b.last, once, List.of(0.0)));

    // With stride 2, Keras pads explicitly and convolves without padding; for these kernels and any
    // input size that equals TensorFlow's SAME padding.
    b.conv("stem_conv", filters(32), 3, 2);
    b.batchNorm("stem_bn");
    b.swish("stem_activation");

    List<Block> blocks = blocks();
    for (int i = 0; i < blocks.size(); i++) {
      int expanded = widths.getOrDefault(blocks.get(i).name, blocks.get(i).in);
      block(b, blocks.get(i), expanded, DROP_CONNECT_RATE * i / blocks.size());
    }
    b.conv("top_conv", filters(1280), 1, 1);
    b.batchNorm("top_bn");
    b.swish("top_activation");
    b.add(new GlobalAveragePooling2D(FEATURES, b.last, false));
    return new Network(name(), INPUT, List.of(size, size, 3), b.layers, List.of(FEATURES));
  }

  private Map<String, Integer> widths(Map<String, Integer> expansionChannels) {
    Map<String, Integer> widths = expansionChannels();
    new TreeMap<>(expansionChannels)
        .forEach(
            (block, channels) -> {
              Integer own = widths.get(block);
              if (own == null || channels < 1 || channels > own) {
                throw new DeepXrayException(
                    name()
                        + ": block "
                        + block
                        + (own == null
                            ? " has no expansion; name one of " + String.join(", ", widths.keySet())
                            : " cannot have " + channels + " channels; give 1 to " + own)
                        + ".");
              }
              widths.put(block, channels);
            });
    return widths;
  }

  /**
   * Number of expanded channels of each block, in the order of the blocks; block 1 has no expansion
   * and is omitted.
   */
  public Map<String, Integer> expansionChannels() {
    Map<String, Integer> channels = new LinkedHashMap<>();
    for (Block block : blocks()) {
      if (block.stage.expand != 1) {
        channels.put(block.name, block.in * block.stage.expand);
      }
    }
    return channels;
  }

  @Override
  public int imageSize() {
    return resolution;
  }

  @Override
  public int smallestImageSize() {
    return SMALLEST_RESOLUTION;
  }

  @Override
  public String features() {
    return FEATURES;
  }

  @Override
  public Optional<String> block(String layer) {
    Matcher matcher = BLOCK.matcher(layer);
    return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  @Override
  public List<ExpansionBlock> expansionBlocks() {
    return expansionChannels().keySet().stream().map(EfficientNet::expansionBlock).toList();
  }

  /**
   * Layers that pruning skips by default.
   *
   * <ul>
   *   <li>{@code stem_conv} and depthwise convolutions: less than 5 % of the weights together, so
   *       there is little to gain; each output of a depthwise convolution depends on 9 or 25
   *       weights only, none of them redundant.
   *   <li>Squeeze-and-excitation ({@code se_reduce}, {@code se_expand}): it scales whole channels,
   *       so an error there reaches every pixel.
   *   <li>Blocks 1 to 3: 1.3 % of the 1x1 weights. They have few channels and their errors affect
   *       all later layers: features of the backbone pruned without fine-tuning correlate .14 with
   *       the original at 50 % if they are spared and .04 if not.
   * </ul>
   */
  @Override
  public List<String> spared() {
    return List.of(
        "stem_conv", "*dwconv", "*se_reduce", "*se_expand", "block1*", "block2*", "block3*");
  }

  /**
   * Returns the layers of an expansion block, with their names in {@code keras.applications}.
   *
   * @param name the prefix of the names, such as {@code block6b}
   */
  public static ExpansionBlock expansionBlock(String name) {
    return new ExpansionBlock(
        name,
        name + "_expand_conv",
        name + "_dwconv",
        name + "_activation",
        name + "_se_reduce",
        name + "_se_expand",
        name + "_se_excite",
        name + "_project_conv",
        List.of(name + "_expand_bn", name + "_bn"));
  }

  @Override
  public PretrainedWeights weights(String source, Progress progress) throws IOException {
    if (source.equals(IMAGENET)) {
      Path file = new KerasApplications().weightsFile(this, progress);
      return new PretrainedWeights(KerasBackbone.read(file, this), "ImageNet (keras.applications)");
    }
    Path file = Path.of(source);
    return new PretrainedWeights(KerasBackbone.read(file, this), file.getFileName().toString());
  }

  private List<Block> blocks() {
    List<Block> blocks = new ArrayList<>();
    for (int s = 0; s < STAGES.size(); s++) {
      Stage stage = STAGES.get(s);
      int repeats = repeats(stage.repeats);
      for (int r = 0; r < repeats; r++) {
        blocks.add(
            new Block(
                "block" + (s + 1) + (char) ('a' + r),
                r == 0 ? filters(stage.in) : filters(stage.out),
                filters(stage.out),
                r == 0 ? stage.stride : 1,
                stage));
      }
    }
    return blocks;
  }

  private static void block(Builder b, Block block, int expanded, double dropRate) {
    String input = b.last;
    String prefix = block.name + "_";
    Stage stage = block.stage;
    if (stage.expand != 1) {
      b.conv(prefix + "expand_conv", expanded, 1, 1);
      b.batchNorm(prefix + "expand_bn");
      b.swish(prefix + "expand_activation");
    }
    b.add(
        new DepthwiseConv2D(
            prefix + "dwconv", b.last, stage.kernel, block.stride, Padding.SAME, false));
    b.batchNorm(prefix + "bn");
    String activated = b.swish(prefix + "activation");

    // Squeeze and excite (Hu et al. 2018).
    int squeezed = Math.max(1, (int) (block.in * SQUEEZE_RATIO));
    b.add(new GlobalAveragePooling2D(prefix + "se_squeeze", activated, true));
    b.add(new Conv2D(prefix + "se_reduce", b.last, squeezed, 1, 1, Padding.SAME, true));
    b.swish(prefix + "se_reduce_activation");
    b.add(new Conv2D(prefix + "se_expand", b.last, expanded, 1, 1, Padding.SAME, true));
    String gate = b.add(new Activation(prefix + "se_expand_activation", b.last, Function.SIGMOID));
    b.add(new Multiply(prefix + "se_excite", activated, gate));

    b.conv(prefix + "project_conv", block.out, 1, 1);
    b.batchNorm(prefix + "project_bn");
    if (block.stride == 1 && block.in == block.out) {
      if (dropRate > 0) {
        b.add(new Dropout(prefix + "drop", b.last, dropRate, true));
      }
      b.add(new Add(prefix + "add", b.last, input));
    }
  }

  private int filters(int base) {
    double scaled = base * width;
    int rounded =
        Math.max(
            DEPTH_DIVISOR, (int) (scaled + DEPTH_DIVISOR / 2.0) / DEPTH_DIVISOR * DEPTH_DIVISOR);
    // Rounding down must not remove more than a tenth.
    return rounded < 0.9 * scaled ? rounded + DEPTH_DIVISOR : rounded;
  }

  private int repeats(int base) {
    return (int) Math.ceil(depth * base);
  }

  /** Appends layers, each of which reads the one before. */
  private static final class Builder {
    private final List<Layer> layers = new ArrayList<>();
    private String last = INPUT;

    String add(Layer layer) {
      layers.add(layer);
      last = layer.name();
      return last;
    }

    void conv(String name, int filters, int kernel, int stride) {
      add(new Conv2D(name, last, filters, kernel, stride, Padding.SAME, false));
    }

    void batchNorm(String name) {
      add(new BatchNormalization(name, last, BATCH_NORM_EPSILON));
    }

    String swish(String name) {
      return add(new Activation(name, last, Function.SWISH));
    }
  }
}
