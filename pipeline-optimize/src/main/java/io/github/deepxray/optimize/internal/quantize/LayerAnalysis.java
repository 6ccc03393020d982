package io.github.deepxray.optimize.internal.quantize;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Layer.Activation;
import io.github.deepxray.core.network.Layer.Add;
import io.github.deepxray.core.network.Layer.Function;
import io.github.deepxray.core.network.Layer.Multiply;
import io.github.deepxray.core.network.Layer.Rescaling;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.Quantization;
import io.github.deepxray.core.network.Quantization.Affine;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Int8Tensor;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.internal.Histogram;
import io.github.deepxray.optimize.internal.Kernels;
import io.github.deepxray.optimize.internal.Range;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import io.github.deepxray.optimize.internal.TensorStatistics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Measures the effect of quantization of each layer on the model's output.
 *
 * <p>The examples are held in memory; a few dozen are enough, since the noise of a layer is similar
 * on all images.
 */
public final class LayerAnalysis {
  private static final int THUMBNAIL_BINS = 48;
  // For two models, of all tensors of an example.
  private static final long VALUES_AT_ONCE = 16L << 20;

  private final ExampleRunner runner;
  private final EngineFactory engines;
  private final Progress progress;

  /**
   * Creates an analysis.
   *
   * @param engines the engine that runs the models
   * @param cores the number of processor cores
   * @param progress notified of every measured layer
   */
  public LayerAnalysis(EngineFactory engines, int cores, Progress progress) {
    this.runner = new ExampleRunner(engines, cores);
    this.engines = engines;
    this.progress = progress;
  }

  /**
   * Measures all layers up to a tensor.
   *
   * @param exact the float model that was quantized, see {@link ModelQuantization#prepare}
   * @param quantized the quantized model
   * @param calibration the calibration of the float model
   * @param examples the examples
   * @param output the tensor at which noise is measured, for example the features or the logit
   * @throws DeepXrayException if the quantized model has no integer arithmetic, or another network
   * @throws IOException if an example cannot be read
   */
  public LayerReport analyze(
      Model exact,
      Model quantized,
      Calibration calibration,
      RepresentativeDataset examples,
      String output)
      throws IOException {
    check(exact, quantized);
    Model floats = exact.cutAt(output);
    Model integers = quantized.cutAt(output);
    RepresentativeDataset held = InMemory.of(examples);
    Damage damage =
        new Damage(alone(floats, integers, held, output), accumulated(floats, integers, held));
    List<LayerReport.Entry> entries = new ArrayList<>();
    for (String tensor : floats.network().tensors()) {
      entries.add(entry(floats, integers, tensor, calibration.tensor(tensor), damage));
    }
    return new LayerReport(
        floats.network().name(),
        integers.quantization().arithmetic().name(),
        output,
        held.size(),
        damage.accumulated.get(output),
        entries);
  }

  /** Damage in decibels, by tensor. */
  private record Damage(Map<String, Double> alone, Map<String, Double> accumulated) {}

  private static LayerReport.Entry entry(
      Model floats, Model integers, String tensor, TensorStatistics seen, Damage damage) {
    Network network = floats.network();
    Quantization quantization = integers.quantization();
    boolean isInput = tensor.equals(network.input());
    Affine affine = quantization.tensor(tensor);
    Range range = Range.of(affine, quantization.arithmetic());
    return new LayerReport.Entry(
        tensor,
        isInput ? "Input" : kind(network.layer(tensor)),
        network.shape(tensor),
        isInput ? storedAsIntegers(integers, tensor) : quantization.integer(tensor),
        seen.min(),
        seen.max(),
        range.min(),
        range.max(),
        affine.scale(),
        affine.zeroPoint(),
        clipped(seen, range, affine.scale(), SwishInputRange.least(integers, tensor)),
        isInput ? OptionalDouble.empty() : weightSqnr(floats, integers, tensor),
        damage.alone.containsKey(tensor)
            ? OptionalDouble.of(damage.alone.get(tensor))
            : OptionalDouble.empty(),
        damage.accumulated.getOrDefault(tensor, QuantizationNoise.MAX_DECIBELS),
        thumbnail(seen));
  }

  /**
   * Measures the damage of each layer alone: the signal-to-noise ratio at the output, in decibels,
   * if only this tensor and its layer's kernel are quantized. Tensors that the model does not store
   * as integers are omitted.
   *
   * @throws DeepXrayException and {@link IOException} as {@link #analyze}
   */
  public Map<String, Double> alone(
      Model exact, Model quantized, RepresentativeDataset examples, String output)
      throws IOException {
    check(exact, quantized);
    Model floats = exact.cutAt(output);
    Model integers = quantized.cutAt(output);
    RepresentativeDataset held = InMemory.of(examples);
    float[][] expected = outputs(floats, held);
    Map<String, Double> alone = new ConcurrentSkipListMap<>();
    List<String> tensors =
        floats.network().tensors().stream()
            .filter(tensor -> storedAsIntegers(integers, tensor))
            .toList();
    try (Progress.Task task = progress.start("layers alone", tensors.size())) {
      List<ExampleRunner.Job> jobs = new ArrayList<>();
      for (String tensor : tensors) {
        jobs.add(
            () -> {
              alone.put(tensor, sqnr(alone(floats, integers, tensor), held, expected));
              task.advance(1);
            });
      }
      runner.runAll(jobs);
    }
    return alone;
  }

  /** Signal-to-noise ratio at a model's only output, in decibels. */
  double sqnr(Model model, RepresentativeDataset examples, float[][] expected) throws IOException {
    QuantizationNoise noise = new QuantizationNoise();
    runner.runSerially(model, examples, (w, i, input, out) -> noise.add(expected[i], out[0]));
    return noise.decibels();
  }

  /** Values of a model's only output for each example. */
  float[][] outputs(Model model, RepresentativeDataset examples) throws IOException {
    float[][] outputs = new float[examples.size()][];
    runner.run(model, examples, (worker, example, input, out) -> outputs[example] = out[0]);
    return outputs;
  }

  private static void check(Model exact, Model quantized) {
    if (!quantized.quantization().arithmetic().integerActivations()) {
      throw new DeepXrayException(
          ("Model %s has float activations; only layers of int8 and int16x8 models can "
                  + "be analyzed.")
              .formatted(quantized.network().name()));
    }
    if (!exact.network().equals(quantized.network())) {
      throw new DeepXrayException(
          "Network "
              + quantized.network().name()
              + " was not quantized from the one it is compared with; fold both in the same way.");
    }
  }

  /**
   * Whether the model rounds a tensor: its layer writes integers, or a layer reads it as integers.
   */
  static boolean storedAsIntegers(Model quantized, String tensor) {
    Quantization quantization = quantized.quantization();
    return (!tensor.equals(quantized.network().input()) && quantization.integer(tensor))
        || quantized.network().readers(tensor).stream()
            .anyMatch(layer -> quantization.integer(layer.name()));
  }

  /**
   * Returns the float model with one tensor rounded, and the kernel of the layer that writes it. A
   * swish also rounds its sigmoid. Values clipped in front of a swish are kept.
   */
  static Model alone(Model floats, Model quantized, String tensor) {
    Network network = floats.network();
    Quantization quantization = quantized.quantization();
    Weights.Builder weights = Weights.builder();
    String rounded = rounded(tensor);
    Affine affine = quantization.tensor(tensor);
    Map<String, Affine> tensors = new HashMap<>(Map.of(tensor, affine, rounded, affine));
    Set<String> inFloat = new HashSet<>(network.tensors());
    List<Layer> layers = new ArrayList<>();
    if (tensor.equals(network.input())) {
      layers.add(new Activation(rounded, tensor, Function.LINEAR));
    }
    for (Layer layer : network.layers()) {
      boolean writes = layer.name().equals(tensor);
      if (writes && quantization.integer(tensor) && SwishInputRange.isSwish(layer)) {
        List<Layer> steps = swishInSteps(layer);
        layers.addAll(steps);
        Affine share = IntegerQuantization.probabilities(quantization.arithmetic());
        steps.subList(0, 2).forEach(step -> tensors.put(step.name(), share));
        inFloat.add(steps.get(0).name());
      } else {
        layers.add(layer.reading(tensor, rounded));
      }
      if (writes) {
        List<Layer> rounding = rounding(quantized, tensor);
        layers.addAll(rounding);
        tensors.put(rounding.get(0).name(), affine);
        rounding.stream().skip(1).forEach(added -> inFloat.add(added.name()));
        if (Kernels.has(layer)) {
          Tensor kernel = quantized.weights().get(Kernels.name(layer));
          weights.put(Kernels.name(layer), FloatTensor.of(kernel.toFloats(), kernel.shape()));
        }
      }
    }
    List<String> out = network.outputs().stream().map(o -> o.equals(tensor) ? rounded : o).toList();
    return new Model(
        new Network(network.name(), network.input(), network.inputShape(), layers, out),
        floats.weights().plus(weights.build()),
        new Quantization(quantization.arithmetic(), tensors, inFloat));
  }

  private static List<Layer> swishInSteps(Layer swish) {
    String in = swish.inputs().get(0);
    String sigmoid = swish.name() + "/sigmoid";
    return List.of(
        new Activation(sigmoid, in, Function.SIGMOID),
        new Activation(rounded(sigmoid), sigmoid, Function.LINEAR),
        new Multiply(swish.name(), in, rounded(sigmoid)));
  }

  /**
   * Layers that round a tensor and, if that clips it, add the part below {@link
   * SwishInputRange#LEAST}, since the next swish computes in floats.
   */
  private static List<Layer> rounding(Model quantized, String tensor) {
    String rounded = rounded(tensor);
    if (!SwishInputRange.isCut(quantized, tensor)) {
      return List.of(new Activation(rounded, tensor, Function.LINEAR));
    }
    String cut = rounded + "/cut";
    String depth = tensor + "/depth";
    String below = tensor + "/below";
    return List.of(
        new Activation(cut, tensor, Function.LINEAR),
        new Rescaling(depth, tensor, List.of(-1.0), List.of(SwishInputRange.LEAST)),
        new Activation(depth + "/relu", depth, Function.RELU),
        new Rescaling(below, depth + "/relu", List.of(-1.0), List.of(0.0)),
        new Add(rounded, cut, below));
  }

  private static String rounded(String tensor) {
    return tensor + "/rounded";
  }

  /** Signal-to-noise ratio of each tensor in the quantized model, in decibels. */
  private Map<String, Double> accumulated(
      Model floats, Model quantized, RepresentativeDataset examples) throws IOException {
    List<List<String>> groups = Calibrator.groups(floats.network(), VALUES_AT_ONCE);
    Map<String, Double> accumulated = new HashMap<>();
    int workers = runner.workers(examples.size());
    try (Progress.Task task =
        progress.start("layers together", (long) groups.size() * examples.size())) {
      for (List<String> group : groups) {
        QuantizationNoise[][] noise = new QuantizationNoise[examples.size()][];
        double[] least =
            group.stream()
                .mapToDouble(tensor -> SwishInputRange.least(quantized, tensor))
                .toArray();
        List<ExampleRunner.Job> jobs = new ArrayList<>();
        for (int w = 0; w < workers; w++) {
          int first = w;
          jobs.add(
              () -> {
                try (InferenceEngine exact = engines.create(floats.withOutputs(group), 1);
                    InferenceEngine rounded = engines.create(quantized.withOutputs(group), 1)) {
                  for (int i = first; i < examples.size(); i += workers) {
                    float[] input = examples.example(i);
                    noise[i] = noise(exact.run(input, 1), rounded.run(input, 1), least);
                    task.advance(1);
                  }
                }
              });
        }
        runner.runAll(jobs);
        for (int t = 0; t < group.size(); t++) {
          QuantizationNoise sum = new QuantizationNoise();
          for (QuantizationNoise[] example : noise) {
            sum.add(example[t]);
          }
          accumulated.put(group.get(t), sum.decibels());
        }
      }
    }
    return accumulated;
  }

  private static QuantizationNoise[] noise(float[][] exact, float[][] rounded, double[] least) {
    QuantizationNoise[] noise = new QuantizationNoise[exact.length];
    for (int t = 0; t < noise.length; t++) {
      noise[t] = new QuantizationNoise();
      noise[t].add(exact[t], rounded[t], least[t]);
    }
    return noise;
  }

  /** Share of relevant values outside a range. */
  private static double clipped(TensorStatistics seen, Range range, double step, double least) {
    // Within half a step of an end, a value is rounded and not clipped.
    double low = range.min() - step / 2;
    return seen.histogram()
        .shareOutside(low <= least ? -Double.MAX_VALUE : low, range.max() + step / 2);
  }

  private static OptionalDouble weightSqnr(Model floats, Model quantized, String name) {
    Layer layer = floats.network().layer(name);
    if (!Kernels.has(layer)
        || !(quantized.weights().get(Kernels.name(layer)) instanceof Int8Tensor rounded)) {
      return OptionalDouble.empty();
    }
    QuantizationNoise noise = new QuantizationNoise();
    noise.add(floats.weights().floats(Kernels.name(layer)), rounded.toFloats());
    return OptionalDouble.of(noise.decibels());
  }

  private static String kind(Layer layer) {
    return layer instanceof Activation activation
        ? activation.function().kerasName()
        : layer.getClass().getSimpleName();
  }

  private static List<Double> thumbnail(TensorStatistics seen) {
    Histogram histogram = seen.histogram();
    double[] counts = new double[THUMBNAIL_BINS];
    double span = seen.max() - seen.min();
    for (int i = 0; i < histogram.bins(); i++) {
      double place = span > 0 ? (histogram.center(i) - seen.min()) / span * counts.length : 0;
      counts[(int) Math.max(0, Math.min(counts.length - 1, place))] += histogram.count(i);
    }
    double most = 0;
    for (double count : counts) {
      most = Math.max(most, Math.log1p(count));
    }
    List<Double> heights = new ArrayList<>();
    for (double count : counts) {
      heights.add(Math.round(Math.log1p(count) / most * 1000) / 1000.0);
    }
    return heights;
  }

  /** Examples held in memory. */
  record InMemory(List<float[]> examples) implements RepresentativeDataset {
    static RepresentativeDataset of(RepresentativeDataset source) throws IOException {
      if (source instanceof InMemory) {
        return source;
      }
      if (source.size() < 1) {
        throw new DeepXrayException("There is no example to measure layers on; give at least 1.");
      }
      List<float[]> examples = new ArrayList<>();
      for (int i = 0; i < source.size(); i++) {
        examples.add(source.example(i));
      }
      return new InMemory(examples);
    }

    @Override
    public int size() {
      return examples.size();
    }

    @Override
    public float[] example(int index) {
      return examples.get(index);
    }
  }
}
