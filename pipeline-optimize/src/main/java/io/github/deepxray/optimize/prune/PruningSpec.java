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
 * Options of pruning weights. Omitted fields of a file, except the sparsity, have the values of
 * {@link #of(double)}.
 *
 * <p>Dense layers, which belong to the head, are separate: each pruned one loses the share {@code
 * sparsity} of its own weights, regardless of base and scope. So the pruning of convolutions does
 * not depend on the head.
 *
 * @param sparsity the share of {@code base} that becomes zero, above 0 and below 1
 * @param base the weights that the sparsity refers to
 * @param scope whether every kernel loses the same share or the weights of all kernels compete
 * @param structure the pattern of zeros
 * @param timing the schedule during training
 * @param from the first layer that may be pruned, or its prefix up to a {@code _}, such as {@code
 *     block6a} or {@code top}; {@value #ALL} for all. Earlier layers keep their weights, as when
 *     only later layers are fine-tuned
 * @param spare the layers that keep their weights: names, prefixes up to a {@code _}, or patterns
 *     with {@code *} and {@code ?}; {@value #BACKBONE} for those of the backbone
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

  /** Value of {@code from} for the first layer. */
  public static final String ALL = "all";

  /** Entry of {@code spare} for {@link Backbone#spared}. */
  public static final String BACKBONE = "backbone";

  /**
   * Layers spared by default: those of the backbone, and the head's {@code logit} layers. The
   * latter have less than 1 % of the head's weights, one for each feature or hidden unit, and
   * affect the probability directly. The head's hidden layers are pruned: they have most of its
   * weights.
   */
  private static final List<String> DEFAULT_SPARE = List.of(BACKBONE, "*logit*");

  /** Weights that the sparsity refers to. */
  public enum Base {
    /**
     * Weights of all 1x1 convolutions (expand, project and top, without squeeze-and-excitation),
     * including spared layers, and of other pruned convolutions. The layers that are not spared
     * lose more, so that "half of the 1x1 weights" holds regardless of spared layers.
     */
    @JsonProperty("pointwise")
    POINTWISE,
    /** Weights of the pruned convolutions, as in tfmot. */
    @JsonProperty("pruned")
    PRUNED
  }

  /** Weights that compete with each other. */
  public enum Scope {
    /** Every kernel loses the same share of its weights. */
    @JsonProperty("layer")
    LAYER,
    /**
     * The least important weights of all convolutions' kernels are removed. Magnitudes of different
     * kernels are made comparable as by Lee et al. 2021, "Layer-Adaptive Sparsity for the
     * Magnitude-based Pruning" (LAMP): the square of a weight over the sum of the squares of its
     * kernel's weights that are not smaller. Plain magnitudes are not comparable: batch
     * normalization makes the scale of a kernel arbitrary.
     */
    @JsonProperty("global")
    GLOBAL
  }

  /** Pattern of zeros. */
  public enum Structure {
    /** Any weight may become zero. */
    @JsonProperty("unstructured")
    UNSTRUCTURED(1, 1),
    /**
     * Of 4 consecutive input channels of an output, the 2 least important become zero: the pattern
     * of sparse tensor cores (Mishra et al. 2021). The sparsity is 0.5 of the pruned layers by
     * definition; while it rises, more and more groups of 4 have the pattern.
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

    /** Number of consecutive input channels of an output in a group. */
    public int group() {
      return group;
    }

    /** Number of weights of a group that become zero together. */
    public int zeros() {
      return zeros;
    }
  }

  /**
   * Timing of mask updates, relative to a training whose number of steps is known only when it
   * starts.
   */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Constant.class, name = "constant"),
    @JsonSubTypes.Type(value = Polynomial.class, name = "polynomial"),
    @JsonSubTypes.Type(value = ConstantSteps.class, name = "constant_steps"),
    @JsonSubTypes.Type(value = PolynomialSteps.class, name = "polynomial_steps")
  })
  public sealed interface Timing {
    /**
     * Returns the schedule.
     *
     * @param sparsity the final share of zeros
     * @param steps the optimizer steps of the whole training
     */
    PruningSchedule schedule(double sparsity, long steps);
  }

  /**
   * Constant sparsity, from a share of the training to its end.
   *
   * @param begin the share of the steps before the first update, from 0 to below 1
   * @param frequency the number of steps between two updates
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
   * Polynomial increase between two shares of the training. The end is moved back to the last
   * update before it, so that the sparsity is reached; the frequency is reduced in a training that
   * is too short for it. A training of one step has the first update only.
   *
   * @param initialSparsity the share of zeros at the first update
   * @param begin the share of the steps before the first update, from 0 to below 1
   * @param end the share of the steps before the last update, above {@code begin}, at most 1; the
   *     weights adapt in the remaining steps
   * @param power the exponent
   * @param frequency the number of steps between two updates
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
      // Last step of the training.
      long last = Math.min(Math.max((long) Math.floor(end * steps), from + 1), steps - 1);
      long first = Math.max(0, Math.min(from, last - 1));
      long span = Math.max(1, last - first);
      long every = Math.min(frequency, span);
      return new PruningSchedule.PolynomialDecay(
          initialSparsity, sparsity, first, first + span / every * every, power, every);
    }
  }

  /**
   * Constant sparsity, by numbers of steps.
   *
   * @param beginStep the step of the first update, 0 or more
   * @param endStep the last step of an update; -1 for the end of the training
   * @param frequency the number of steps between two updates
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
   * Polynomial increase, by numbers of steps.
   *
   * @param initialSparsity the share of zeros at the first update
   * @param beginStep the step of the first update, 0 or more
   * @param endStep the step of the last update
   * @param power the exponent
   * @param frequency the number of steps between two updates
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

  /** Sets omitted fields and checks the values. */
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
   * Returns the default options for a sparsity of the 1x1 weights and of the head's hidden layers:
   * each kernel loses the same share, unstructured, increasing from 0 by the third power over the
   * first half of the training; the layers of the backbone's default and the head's {@code logit}
   * layers are spared.
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
   * Parses a sparsity such as {@code 0.5}, with the default options, or reads a {@code .yaml} or
   * {@code .json} file with this record's fields.
   *
   * @throws DeepXrayException if the text is neither, or the file is invalid
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
   * Returns a copy with {@value #BACKBONE} replaced by the layers of a backbone. Pruning needs a
   * resolved specification, so that provenance contains all options.
   */
  public PruningSpec resolved(Backbone backbone) {
    return withSpare(
        spare.stream()
            .flatMap(name -> name.equals(BACKBONE) ? backbone.spared().stream() : Stream.of(name))
            .toList());
  }

  /** Returns a copy with another structure; with 2:4, the sparsity refers to the pruned layers. */
  @Override
  public PruningSpec withStructure(Structure other) {
    return with(o -> o.structure(other).base(other == Structure.TWO_OF_FOUR ? Base.PRUNED : base));
  }

  /**
   * Layers whose kernels may be pruned, in order: convolutions and dense layers that are not
   * spared.
   *
   * @throws DeepXrayException if there is no layer {@code from}, or no layer remains
   * @throws IllegalStateException if the specification is not {@link #resolved}
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

  /** Convolutions whose weights the sparsity refers to, in order. */
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

  /** Whether the inputs of the layer are only means over all pixels. */
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
