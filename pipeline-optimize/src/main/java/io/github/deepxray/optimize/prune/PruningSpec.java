package io.github.deepxray.optimize.prune;

import static java.util.Objects.requireNonNullElse;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.backbone.Backbone;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.internal.io.Omittable;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Conv2D;
import io.github.deepxray.core.network.Layer.Dense;
import io.github.deepxray.core.network.Layer.GlobalAveragePooling2D;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.optimize.internal.Kernels;
import io.github.deepxray.optimize.internal.LayerPatterns;
import io.github.deepxray.text.internal.Yaml;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Which weights are pruned, how many and when. Fields that a file leaves out, but for the sparsity,
 * have the values of {@link #of(double)}.
 *
 * <p>Dense layers, which are those of the head, stand apart: each that is pruned loses the share
 * {@code sparsity} of its own weights, whatever the base and the scope. So what convolutions lose
 * does not depend on the head.
 *
 * @param sparsity the share of {@code base} that becomes zero, above 0 and below 1
 * @param base what the sparsity is a share of
 * @param scope whether every kernel loses the same share or weights of all kernels compete
 * @param structure which patterns of zeros are made
 * @param timing when, if something trains the model meanwhile
 * @param from the first layer that may be pruned, or the beginning of its name up to a {@code _},
 *     such as {@code block6a} or {@code top}; {@value #ALL} for all. Layers before it keep their
 *     weights, as they do where only later layers are fine-tuned
 * @param spare the layers that keep their weights: names, beginnings of names up to a {@code _}, or
 *     patterns with {@code *} and {@code ?}; {@value #BACKBONE} stands for those that the backbone
 *     names
 */
@RecordBuilder
public record PruningSpec(
    double sparsity,
    @Omittable Base base,
    @Omittable Scope scope,
    @Omittable Structure structure,
    @Omittable Timing timing,
    @Omittable String from,
    @Omittable List<String> spare)
    implements PruningSpecBuilder.With {

  /** The {@code from} that means: from the first layer on. */
  public static final String ALL = "all";

  /** The entry of {@code spare} that stands for {@link Backbone#spared}. */
  public static final String BACKBONE = "backbone";

  /**
   * What is spared by default: what the backbone says, and the head's {@code logit} layers. They
   * are less than 1 % of its weights, one for each feature or hidden unit, and what they lose goes
   * into the probability as it is. The head's hidden layers are pruned: they hold most of its
   * weights.
   */
  private static final List<String> DEFAULT_SPARE = List.of(BACKBONE, "*logit*");

  /** What the sparsity is a share of. */
  public enum Base {
    /**
     * Of all 1x1 convolutions' weights (expand, project and top; squeeze-and-excitation apart),
     * those of spared layers included, and of whatever other convolutions are pruned. The layers
     * that are not spared lose the more. So "half of the 1x1 weights" means that, whatever is
     * spared.
     */
    @JsonProperty("pointwise")
    POINTWISE,
    /** Of the weights of the convolutions that are pruned, as in tfmot. */
    @JsonProperty("pruned")
    PRUNED
  }

  /** Which weights are compared with which. */
  public enum Scope {
    /** Every kernel loses the same share of its weights. */
    @JsonProperty("layer")
    LAYER,
    /**
     * The least important weights of all convolutions' kernels are removed. Magnitudes of different
     * kernels are made comparable as by Lee et al. 2021, "Layer-Adaptive Sparsity for the
     * Magnitude-based Pruning" (LAMP): the square of a weight over the sum of the squares of its
     * kernel's weights that are not smaller. Plain magnitudes would not do: batch normalization
     * leaves the scale of a kernel free.
     */
    @JsonProperty("global")
    GLOBAL
  }

  /** Which patterns of zeros are made. */
  public enum Structure {
    /** Any weight may become zero. */
    @JsonProperty("unstructured")
    UNSTRUCTURED(1, 1),
    /**
     * Of 4 consecutive input channels of an output, the 2 least important become zero: the pattern
     * that sparse tensor cores multiply fast (Mishra et al. 2021). The sparsity is 0.5 of the
     * pruned layers by definition; while it rises, more and more groups of 4 have the pattern.
     */
    @JsonProperty("2:4")
    TWO_OF_FOUR(4, 2),
    /** 4 consecutive input channels of an output become zero together. */
    @JsonProperty("1x4")
    BLOCK_1X4(4, 4);

    private final int group;
    private final int zeros;

    Structure(int group, int zeros) {
      this.group = group;
      this.zeros = zeros;
    }

    /** How many consecutive input channels of an output belong together. */
    public int group() {
      return group;
    }

    /** How many weights of a group become zero together. */
    public int zeros() {
      return zeros;
    }
  }

  /** When masks are updated, for a training whose number of steps is known only when it starts. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Constant.class, name = "constant"),
    @JsonSubTypes.Type(value = Polynomial.class, name = "polynomial"),
    @JsonSubTypes.Type(value = ConstantSteps.class, name = "constant_steps"),
    @JsonSubTypes.Type(value = PolynomialSteps.class, name = "polynomial_steps")
  })
  public sealed interface Timing {
    /**
     * The schedule.
     *
     * @param sparsity the share of zeros to reach
     * @param steps the optimizer steps of the whole training
     */
    PruningSchedule schedule(double sparsity, long steps);
  }

  /**
   * All at once, from a share of the training on to its end.
   *
   * @param begin the share of the steps before the first update, from 0 to below 1
   * @param frequency how many steps pass from one update to the next
   */
  public record Constant(double begin, long frequency) implements Timing {
    @JsonCreator
    static Constant read(
        @JsonProperty("begin") Double begin, @JsonProperty("frequency") Long frequency) {
      return new Constant(
          requireNonNullElse(begin, 0.0),
          requireNonNullElse(frequency, PruningSchedule.DEFAULT_FREQUENCY));
    }

    @Override
    public PruningSchedule schedule(double sparsity, long steps) {
      long first = Math.max(0, Math.min(Math.round(begin * steps), steps - 1));
      return new PruningSchedule.ConstantSparsity(
          sparsity, first, PruningSchedule.NO_END, frequency);
    }
  }

  /**
   * More and more, between two shares of the training. The end is moved back to the last update
   * before it, so that the sparsity asked for is reached; in a training too short for the
   * frequency, updates are as many steps apart as it allows. A training of one step makes the first
   * update only.
   *
   * @param initialSparsity the share of zeros at the first update
   * @param begin the share of the steps before the first update, from 0 to below 1
   * @param end the share of the steps before the last update, above {@code begin}, at most 1; what
   *     is left after it lets the weights settle
   * @param power the exponent
   * @param frequency how many steps pass from one update to the next
   */
  public record Polynomial(
      double initialSparsity, double begin, double end, double power, long frequency)
      implements Timing {
    @JsonCreator
    static Polynomial read(
        @JsonProperty("initialSparsity") Double initialSparsity,
        @JsonProperty("begin") Double begin,
        @JsonProperty("end") Double end,
        @JsonProperty("power") Double power,
        @JsonProperty("frequency") Long frequency) {
      return new Polynomial(
          requireNonNullElse(initialSparsity, 0.0),
          requireNonNullElse(begin, 0.0),
          requireNonNullElse(end, 0.5),
          requireNonNullElse(power, PruningSchedule.PolynomialDecay.DEFAULT_POWER),
          requireNonNullElse(frequency, PruningSchedule.DEFAULT_FREQUENCY));
    }

    @Override
    public PruningSchedule schedule(double sparsity, long steps) {
      long from = Math.round(begin * steps);
      // The last step that is made.
      long last = Math.min(Math.max((long) Math.floor(end * steps), from + 1), steps - 1);
      long first = Math.max(0, Math.min(from, last - 1));
      long span = Math.max(1, last - first);
      long every = Math.min(frequency, span);
      return new PruningSchedule.PolynomialDecay(
          initialSparsity, sparsity, first, first + span / every * every, power, every);
    }
  }

  /**
   * All at once, by the number of steps.
   *
   * @param beginStep the step of the first update, 0 or more
   * @param endStep the last step of an update; -1 for the end of the training
   * @param frequency how many steps pass from one update to the next
   */
  public record ConstantSteps(long beginStep, long endStep, long frequency) implements Timing {
    @JsonCreator
    static ConstantSteps read(
        @JsonProperty(value = "beginStep", required = true) long beginStep,
        @JsonProperty("endStep") Long endStep,
        @JsonProperty("frequency") Long frequency) {
      return new ConstantSteps(
          beginStep,
          requireNonNullElse(endStep, PruningSchedule.NO_END),
          requireNonNullElse(frequency, PruningSchedule.DEFAULT_FREQUENCY));
    }

    @Override
    public PruningSchedule schedule(double sparsity, long steps) {
      return new PruningSchedule.ConstantSparsity(sparsity, beginStep, endStep, frequency);
    }
  }

  /**
   * More and more, by the number of steps.
   *
   * @param initialSparsity the share of zeros at the first update
   * @param beginStep the step of the first update, 0 or more
   * @param endStep the step of the last update
   * @param power the exponent
   * @param frequency how many steps pass from one update to the next
   */
  public record PolynomialSteps(
      double initialSparsity, long beginStep, long endStep, double power, long frequency)
      implements Timing {
    @JsonCreator
    static PolynomialSteps read(
        @JsonProperty(value = "initialSparsity", required = true) double initialSparsity,
        @JsonProperty(value = "beginStep", required = true) long beginStep,
        @JsonProperty(value = "endStep", required = true) long endStep,
        @JsonProperty("power") Double power,
        @JsonProperty("frequency") Long frequency) {
      return new PolynomialSteps(
          initialSparsity,
          beginStep,
          endStep,
          requireNonNullElse(power, PruningSchedule.PolynomialDecay.DEFAULT_POWER),
          requireNonNullElse(frequency, PruningSchedule.DEFAULT_FREQUENCY));
    }

    @Override
    public PruningSchedule schedule(double sparsity, long steps) {
      return new PruningSchedule.PolynomialDecay(
          initialSparsity, sparsity, beginStep, endStep, power, frequency);
    }
  }

  private static final Timing DEFAULT_TIMING =
      new Polynomial(
          0,
          0,
          0.5,
          PruningSchedule.PolynomialDecay.DEFAULT_POWER,
          PruningSchedule.DEFAULT_FREQUENCY);

  /** Fills in what a file left out and checks the rest. */
  public PruningSpec {
    structure = requireNonNullElse(structure, Structure.UNSTRUCTURED);
    base =
        requireNonNullElse(base, structure == Structure.TWO_OF_FOUR ? Base.PRUNED : Base.POINTWISE);
    scope = requireNonNullElse(scope, Scope.LAYER);
    timing = requireNonNullElse(timing, DEFAULT_TIMING);
    from = requireNonNullElse(from, ALL);
    spare = List.copyOf(requireNonNullElse(spare, DEFAULT_SPARE));
    check(sparsity > 0 && sparsity < 1, "sparsity", "above 0 and below 1");
    check(!from.isEmpty(), "from", "the name of a layer or block, or " + ALL);
    check(
        structure != Structure.TWO_OF_FOUR || (sparsity == 0.5 && base == Base.PRUNED),
        "sparsity",
        "0.5 of the pruned layers (base: pruned) with structure 2:4");
    if (timing instanceof Constant constant) {
      check(constant.begin >= 0 && constant.begin < 1, "timing.begin", "from 0 to below 1");
      check(constant.frequency >= 1, "timing.frequency", "at least 1");
    } else if (timing instanceof Polynomial polynomial) {
      check(polynomial.begin >= 0 && polynomial.begin < 1, "timing.begin", "from 0 to below 1");
      check(
          polynomial.end > polynomial.begin && polynomial.end <= 1,
          "timing.end",
          "above timing.begin and at most 1");
      check(polynomial.frequency >= 1, "timing.frequency", "at least 1");
      check(polynomial.power > 0, "timing.power", "positive");
      checkInitial(polynomial.initialSparsity, sparsity);
    } else if (timing instanceof PolynomialSteps polynomial) {
      checkInitial(polynomial.initialSparsity, sparsity);
    }
    if (timing instanceof ConstantSteps || timing instanceof PolynomialSteps) {
      // The schedule checks its own steps.
      timing.schedule(sparsity, 1);
    }
  }

  private static void checkInitial(double initial, double sparsity) {
    check(initial >= 0 && initial <= sparsity, "timing.initialSparsity", "from 0 to sparsity");
  }

  private static void check(boolean valid, String field, String range) {
    if (!valid) {
      throw new DeepXrayException("Pruning: " + field + " must be " + range + ".");
    }
  }

  /**
   * So much of the 1x1 weights and of the head's hidden layers, each kernel the same share, any
   * weight, rising from 0 by the third power over the first half of the training, sparing what the
   * backbone says and the head's {@code logit} layers.
   */
  public static PruningSpec of(double sparsity) {
    return new PruningSpec(
        sparsity,
        Base.POINTWISE,
        Scope.LAYER,
        Structure.UNSTRUCTURED,
        DEFAULT_TIMING,
        ALL,
        DEFAULT_SPARE);
  }

  /**
   * The defaults with a sparsity such as {@code 0.5}, or what a {@code .yaml} or {@code .json} file
   * with this record's fields says.
   *
   * @throws DeepXrayException if it is neither, or the file does not describe a pruning
   * @throws IOException if the file cannot be read
   */
  public static PruningSpec read(String sparsityOrFile) throws IOException {
    if (sparsityOrFile.matches("[0-9]*\\.?[0-9]+")) {
      return of(Double.parseDouble(sparsityOrFile));
    }
    Path file = Path.of(sparsityOrFile);
    if (!Files.isRegularFile(file)) {
      throw new DeepXrayException(
          "Pruning: give a sparsity such as 0.5 or a .yaml or .json file; there is no file "
              + sparsityOrFile
              + ".");
    }
    return Json.convert(Yaml.read(file), PruningSpec.class, file.toString());
  }

  /**
   * The same with {@value #BACKBONE} replaced by the layers that a backbone names. Pruning needs
   * that: what it depends on is then written down whole.
   */
  public PruningSpec resolved(Backbone backbone) {
    return withSpare(
        spare.stream()
            .flatMap(name -> name.equals(BACKBONE) ? backbone.spared().stream() : Stream.of(name))
            .toList());
  }

  /** The same with another structure; with 2:4, the sparsity is of the pruned layers. */
  @Override
  public PruningSpec withStructure(Structure other) {
    return with(o -> o.structure(other).base(other == Structure.TWO_OF_FOUR ? Base.PRUNED : base));
  }

  /**
   * The layers whose kernels may be pruned, in their order: convolutions and dense layers that are
   * not spared.
   *
   * @throws DeepXrayException if there is no layer {@code from}, or none is left
   * @throws IllegalStateException if it is not {@link #resolved}
   */
  public List<Layer> prunable(Network network) {
    if (spare.contains(BACKBONE)) {
      throw new IllegalStateException("not resolved: " + spare);
    }
    List<Layer> layers = network.layers();
    int start = 0;
    if (!from.equals(ALL)) {
      while (start < layers.size() && !startsPart(layers.get(start).name())) {
        start++;
      }
      if (start == layers.size()) {
        throw new DeepXrayException(
            "Pruning: network "
                + network.name()
                + " has no layer "
                + from
                + "; name a layer, a block such as block6a, or "
                + ALL
                + ".");
      }
    }
    List<Layer> prunable =
        layers.subList(start, layers.size()).stream()
            .filter(Kernels::has)
            .filter(layer -> !matches(spare, layer))
            .toList();
    if (prunable.isEmpty()) {
      throw new DeepXrayException(
          "Pruning: every layer of "
              + network.name()
              + (from.equals(ALL) ? "" : " from " + from)
              + " is spared; spare fewer.");
    }
    return prunable;
  }

  private boolean startsPart(String layer) {
    return layer.equals(from) || layer.startsWith(from + "_");
  }

  /** The convolutions of whose weights the sparsity is a share, in their order. */
  public List<Layer> base(Network network) {
    List<Layer> prunable =
        prunable(network).stream().filter(layer -> !(layer instanceof Dense)).toList();
    if (base == Base.PRUNED) {
      return prunable;
    }
    List<Layer> counted = new ArrayList<>();
    for (Layer layer : network.layers()) {
      if (prunable.contains(layer) || isPointwise(network, layer)) {
        counted.add(layer);
      }
    }
    return counted;
  }

  /** Whether the layer is a 1x1 convolution outside squeeze-and-excitation. */
  private static boolean isPointwise(Network network, Layer layer) {
    return layer instanceof Conv2D conv && conv.kernelSize() == 1 && !readsMeans(network, layer);
  }

  /** Whether nothing but means over all pixels reaches the layer. */
  private static boolean readsMeans(Network network, Layer layer) {
    List<String> inputs = layer.inputs();
    if (inputs.size() != 1 || inputs.get(0).equals(network.input())) {
      return false;
    }
    Layer before = network.layer(inputs.get(0));
    return before instanceof GlobalAveragePooling2D || readsMeans(network, before);
  }

  private static boolean matches(List<String> patterns, Layer layer) {
    return patterns.stream().anyMatch(pattern -> LayerPatterns.matches(pattern, layer.name()));
  }
}
