package io.github.deepxray.optimize.internal.quantize;

import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import io.github.deepxray.optimize.quantize.SearchLimits;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Searches for the smallest set of float layers with which a quantized model passes a test.
 *
 * <p>Layers are ranked by the damage of each alone, see {@link LayerAnalysis#alone}. Among the most
 * damaging, the search repeatedly moves the layer to floats that improves the signal-to-noise ratio
 * at the output most, until the test passes: a tensor stays exact only if the layers on both sides
 * are in floats, so the best second layer depends on the first. A convolution and its activation
 * move together. At the end, every layer that is not needed to pass returns to integers.
 */
public final class SensitivitySearch {
  // Beyond these, the gain of a layer is below the noise of the worst ones.
  private static final int CANDIDATES = 16;

  private final LayerAnalysis analysis;
  private final ExampleRunner runner;
  private final Progress progress;

  /**
   * Creates a search.
   *
   * @param engines the engine that runs the models
   * @param cores the number of processor cores
   * @param progress notified of every measured model
   */
  public SensitivitySearch(EngineFactory engines, int cores, Progress progress) {
    this.analysis = new LayerAnalysis(engines, cores, progress);
    this.runner = new ExampleRunner(engines, cores);
    this.progress = progress;
  }

  /** Acceptance test of a quantized model. */
  @FunctionalInterface
  public interface Acceptance {
    /** Tests a model; deterministic for equal models. */
    boolean accepts(Model quantized) throws IOException;
  }

  /** Cost of a quantized model, for example its relative time compared to no float layers. */
  @FunctionalInterface
  public interface Cost {
    /** Computes the cost of a model. */
    double of(Model quantized) throws IOException;
  }

  /**
   * Step of a search.
   *
   * @param floatLayers the layers in floats
   * @param sqnr the signal-to-noise ratio at the output, in decibels
   * @param cost the cost of the model
   * @param accepted whether the model passed the test
   */
  public record Step(Set<String> floatLayers, double sqnr, double cost, boolean accepted) {
    /** Copies the set. */
    public Step {
      floatLayers = Collections.unmodifiableSet(new TreeSet<>(floatLayers));
    }
  }

  /**
   * Goal of a search.
   *
   * @param output the tensor at which noise is measured
   * @param acceptance the test, of whole models, not cut at {@code output}
   * @param cost the cost of a model
   * @param limits the limits of the search
   */
  public record Goal(String output, Acceptance acceptance, Cost cost, SearchLimits limits) {}

  /**
   * Result of a search.
   *
   * @param model the quantized model: the accepted one, or the best that the limits allow
   * @param accepted whether it passed the test
   * @param floatLayers the additional layers in floats
   * @param steps the steps of the search, beginning without additional float layers
   */
  public record Result(Model model, boolean accepted, Set<String> floatLayers, List<Step> steps) {
    /** Copies the collections. */
    public Result {
      floatLayers = Collections.unmodifiableSet(new TreeSet<>(floatLayers));
      steps = List.copyOf(steps);
    }
  }

  /**
   * Runs the search.
   *
   * @param exact the float model, see {@link ModelQuantization#prepare}
   * @param pass the quantization; its float layers are kept
   * @param examples the examples for measuring noise, a few dozen, held in memory
   * @param goal the goal
   * @throws IOException if an example cannot be read, or from the test
   */
  public Result search(
      Model exact, IntegerQuantization pass, RepresentativeDataset examples, Goal goal)
      throws IOException {
    Search search = new Search(exact, pass, LayerAnalysis.InMemory.of(examples), goal);
    if (!search.accepted && goal.limits().layers() > 0) {
      search.keepMore();
      if (search.accepted) {
        search.keepFewer();
      }
    }
    return new Result(search.model, search.accepted, search.kept, search.steps);
  }

  /** State of a search. */
  private final class Search {
    private final Model exact;
    private final IntegerQuantization pass;
    private final RepresentativeDataset examples;
    private final Goal goal;
    private final float[][] expected;
    private final List<Step> steps = new ArrayList<>();
    private Set<String> kept;
    private Model model;
    private boolean accepted;

    Search(Model exact, IntegerQuantization pass, RepresentativeDataset examples, Goal goal)
        throws IOException {
      this.exact = exact;
      this.pass = pass;
      this.examples = examples;
      this.goal = goal;
      expected = analysis.outputs(exact.cutAt(goal.output()), examples);
      kept = new LinkedHashSet<>(new TreeSet<>(pass.floatLayers()));
      model = pass.apply(exact);
      double sqnr = sqnr(model);
      accepted = goal.acceptance().accepts(model);
      steps.add(new Step(kept, sqnr, goal.cost().of(model), accepted));
    }

    private double sqnr(Model quantized) throws IOException {
      return analysis.sqnr(quantized.cutAt(goal.output()), examples, expected);
    }

    /** Moves the best candidate to floats until the test passes. */
    void keepMore() throws IOException {
      List<Set<String>> candidates = candidates(exact, model, examples, goal.output());
      int units = 0;
      List<Double> gains = List.of();
      while (!accepted && units < goal.limits().layers() && !candidates.isEmpty()) {
        if (gains.isEmpty()) {
          gains = gains(candidates);
        }
        int best = best(gains);
        double gain = gains.remove(best);
        Set<String> more = new LinkedHashSet<>(kept);
        more.addAll(candidates.remove(best));
        Model next = pass.withFloatLayers(more).apply(exact);
        double price = goal.cost().of(next);
        // If it costs too much, the gains of the others are unchanged.
        if (price <= goal.limits().cost()) {
          gains = List.of();
          units++;
          accepted = goal.acceptance().accepts(next);
          take(more, next, gain, price);
        }
      }
    }

    /** Moves each layer that is not needed back to integers. */
    void keepFewer() throws IOException {
      List<String> added = new ArrayList<>(kept);
      added.removeAll(pass.floatLayers());
      for (String layer : added) {
        Set<String> fewer = new LinkedHashSet<>(kept);
        fewer.remove(layer);
        Model next = pass.withFloatLayers(fewer).apply(exact);
        double price = goal.cost().of(next);
        if (price <= goal.limits().cost() && goal.acceptance().accepts(next)) {
          take(fewer, next, sqnr(next), price);
        }
      }
    }

    private static int best(List<Double> gains) {
      return IntStream.range(1, gains.size())
          .reduce(0, (best, i) -> gains.get(i) > gains.get(best) ? i : best);
    }

    private void take(Set<String> layers, Model next, double sqnr, double price) {
      kept = layers;
      model = next;
      steps.add(new Step(kept, sqnr, price, accepted));
    }

    /** Signal-to-noise ratio with each of the candidates in floats. */
    private List<Double> gains(List<Set<String>> candidates) throws IOException {
      double[] ratios = new double[candidates.size()];
      try (Progress.Task task = progress.start("layers in floats", ratios.length)) {
        List<ExampleRunner.Job> jobs = new ArrayList<>();
        for (int i = 0; i < ratios.length; i++) {
          int index = i;
          jobs.add(
              () -> {
                Set<String> layers = new TreeSet<>(kept);
                layers.addAll(candidates.get(index));
                ratios[index] = sqnr(pass.withFloatLayers(layers).apply(exact));
                task.advance(1);
              });
        }
        runner.runAll(jobs);
      }
      return Arrays.stream(ratios).boxed().collect(Collectors.toCollection(ArrayList::new));
    }
  }

  /** Groups of layers that move to floats together, in descending order of damage. */
  private List<Set<String>> candidates(
      Model exact, Model quantized, RepresentativeDataset examples, String output)
      throws IOException {
    Map<String, Double> alone = analysis.alone(exact, quantized, examples, output);
    Network network = quantized.network().withOutputs(List.of(output));
    List<Set<String>> units = new ArrayList<>();
    for (Layer layer : network.layers()) {
      if (!quantized.quantization().integer(layer.name()) || layer instanceof Layer.Rescaling) {
        continue;
      }
      Set<String> joined =
          layer instanceof Activation
              ? units.stream()
                  .filter(unit -> unit.contains(layer.inputs().get(0)))
                  .findFirst()
                  .orElse(Set.of())
              : Set.of();
      if (joined.isEmpty()) {
        units.add(new LinkedHashSet<>(Set.of(layer.name())));
      } else {
        joined.add(layer.name());
      }
    }
    // The sort keeps the network's order for equal values.
    return units.stream()
        .sorted(Comparator.comparingDouble(unit -> -noise(unit, alone)))
        .limit(CANDIDATES)
        .collect(Collectors.toCollection(ArrayList::new));
  }

  private static double noise(Set<String> unit, Map<String, Double> alone) {
    return unit.stream()
        .mapToDouble(
            layer -> Math.pow(10, -alone.getOrDefault(layer, QuantizationNoise.MAX_DECIBELS) / 10))
        .sum();
  }
}
