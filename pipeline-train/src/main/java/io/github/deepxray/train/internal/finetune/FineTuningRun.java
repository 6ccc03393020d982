package io.github.deepxray.train.internal.finetune;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.optimize.internal.prune.Masks;
import io.github.deepxray.optimize.internal.prune.Pruner;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.train.FineTuningSpec;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.internal.embedding.View;
import io.github.deepxray.train.internal.loop.Batch;
import io.github.deepxray.train.internal.loop.EpochLoop;
import io.github.deepxray.train.internal.loop.Objective;
import io.github.deepxray.train.internal.loop.ScheduledOptimizer;
import io.github.deepxray.train.internal.loop.TrainingGraph;
import io.github.deepxray.train.internal.loop.TrainingSetup;
import io.github.deepxray.train.internal.stage.ClassBalance;
import io.github.deepxray.train.recipe.FineTuningRecipe;
import io.github.deepxray.train.recipe.ValidationViews;
import io.github.deepxray.train.stage.Context;
import io.github.deepxray.train.stage.EpochResult;
import io.github.deepxray.train.stage.EpochResult.Scores;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/** Fine-tuning with its TensorFlow graph. */
final class FineTuningRun implements EpochLoop.Training, AutoCloseable {
  // Keras' defaults.
  private static final double BETA_1 = 0.9;
  private static final double BETA_2 = 0.999;
  private static final double EPSILON = 1e-7;

  private final FineTuningSpec options;
  private final Context context;
  private final Source train;
  private final Source validation;
  private final Model whole;
  private final Model part;
  private final Weights start;
  private final int exampleSize;
  private final Objective objective;
  private final long stepsPerEpoch;
  private final long steps;
  private final Map<String, Double> rates;
  private final Optional<PruningSpec> pruning;
  private final Optional<Pruner> pruner;
  private final TrainingGraph graph;
  private long examples;
  private double seconds;

  /**
   * Builds the graph.
   *
   * @param model classifier to start from
   * @param sources inputs of the trained layers
   */
  FineTuningRun(FineTuningSpec options, Context context, TrainedModel model, Sources sources) {
    this.options = options;
    this.context = context;
    train = sources.train();
    validation = sources.validation();
    String cut = sources.cut();
    FineTuningRecipe spec = options.recipe();
    whole = model.uncalibrated();
    part = whole.after(cut);
    exampleSize = part.network().size(cut);
    objective =
        new Objective(
            new ClassBalance(
                    Embeddings.counts(train.images(), model.description().decision().classes()),
                    spec.balanced())
                .weights(),
            spec.labelSmoothing());
    stepsPerEpoch = ((long) train.images().size() + spec.batchSize() - 1) / spec.batchSize();
    steps = stepsPerEpoch * spec.epochs();
    rates = Blocks.weightRates(model.description().architecture(), part.network(), spec);
    pruning =
        options
            .pruning()
            .map(wanted -> wanted.resolved(model.description().architecture()))
            .map(this::fromTrained);
    pruner = pruning.map(this::pruner);
    List<String> kept = prunedBefore(model);
    Network logit = part.network().withOutputs(List.of(logit(part.network())));
    graph =
        new TrainingGraph(setup(logit, pruner.map(Pruner::weights).orElse(kept)), context.cores());
    try {
      start = new Model(logit, part.weights()).weights();
      graph.start(start);
      if (!kept.isEmpty()) {
        graph.mask(Masks.ofZeros(part, kept));
      }
    } catch (RuntimeException | Error e) {
      graph.close();
      throw e;
    }
  }

  private TrainingSetup setup(Network logit, List<String> masked) {
    FineTuningRecipe spec = options.recipe();
    Set<String> frozen = new HashSet<>();
    rates.forEach(
        (weight, rate) -> {
          if (rate == 0) {
            frozen.add(weight);
          }
        });
    TrainingSetup setup =
        TrainingSetup.of(logit, this::optimizer, spec.schedule(steps), options.seed())
            .withFrozen(frozen)
            .withClipNorm(spec.clipNorm())
            .withAverageDecay(spec.emaDecay())
            .withMasked(masked);
    return spec.dropout() ? setup : setup.withoutDropout();
  }

  /** Creates AdamW with a learning rate for each block. */
  private ScheduledOptimizer optimizer(Graph owner, Map<String, Operand<TFloat32>> trainable) {
    Map<String, ScheduledOptimizer.Group> groups = new HashMap<>();
    trainable.forEach(
        (name, variable) ->
            groups.put(
                variable.op().name(),
                new ScheduledOptimizer.Group(
                    rates.get(name), isKernel(name) ? options.recipe().weightDecay() : 0)));
    return ScheduledOptimizer.adamW(owner, BETA_1, BETA_2, EPSILON, groups);
  }

  private static boolean isKernel(String weight) {
    return weight.endsWith("/kernel") || weight.endsWith("/depthwise_kernel");
  }

  /**
   * Creates the pruner; checks that all weights to prune are trained until the pruning schedule
   * ends.
   */
  private Pruner pruner(PruningSpec wanted) {
    Pruner prepared = Pruner.of(wanted, whole.network(), steps);
    for (String weight : prepared.weights()) {
      if (!rates.containsKey(weight)) {
        throw new DeepXrayException(
            ("Pruning: %s is to be pruned, but training starts at %s; prune from there or "
                    + "fine-tune more layers.")
                .formatted(weight, options.recipe().from()));
      }
      if (rates.get(weight) == 0) {
        throw new DeepXrayException(
            ("Pruning: %s is to be pruned while it is trained, but its learning rate is 0; "
                    + "exclude it from pruning or train it.")
                .formatted(weight));
      }
    }
    double reached = prepared.schedule().sparsityAfter(steps);
    if (reached < wanted.sparsity()) {
      throw new DeepXrayException(
          String.format(
              Locale.ROOT,
              "Pruning: after the last update within the %d steps of this training %.1f %% of the"
                  + " weights are zero instead of %.1f %%; train longer, or let the last update"
                  + " (endStep, a multiple of frequency after beginStep) come before step %d.",
              steps,
              100 * reached,
              100 * wanted.sparsity(),
              steps));
    }
    return prepared;
  }

  /** Returns the trained weights that are pruned already and whose zeros are kept. */
  private List<String> prunedBefore(TrainedModel model) {
    if (pruning.isPresent() || model.description().pruning().isEmpty()) {
      return List.of();
    }
    PruningSpec before = model.description().pruning().get().spec();
    return Pruner.of(before, whole.network(), steps).weights().stream()
        .filter(weight -> rates.getOrDefault(weight, 0.0) > 0)
        .toList();
  }

  /** Returns the input tensor of the last sigmoid or softmax. */
  private static String logit(Network network) {
    Layer last = network.layer(network.outputs().get(0));
    if (last instanceof Layer.Activation activation
        && (activation.function() == Layer.Function.SIGMOID
            || activation.function() == Layer.Function.SOFTMAX)) {
      return activation.input();
    }
    throw new IllegalStateException(last + " is no probability");
  }

  /** Returns the first epoch that ends with the final sparsity. */
  int firstCandidate() {
    if (pruner.isEmpty()) {
      return 0;
    }
    double last = -1;
    long reached = 0;
    for (long step = 0; step < steps; step++) {
      if (pruner.get().schedule().updates(step) && pruner.get().schedule().sparsity(step) != last) {
        last = pruner.get().schedule().sparsity(step);
        reached = step;
      }
    }
    return Math.toIntExact(reached / stepsPerEpoch);
  }

  Optional<TrainedModel.Pruning> pruning(Weights trained) {
    return sparsity(trained).map(share -> new TrainedModel.Pruning(pruning.orElseThrow(), share));
  }

  private Model part(Weights weights) {
    return new Model(part.network(), weights);
  }

  @Override
  public EpochResult epoch(int epoch) throws IOException {
    long began = System.nanoTime();
    double sum = steps(epoch);
    examples += train.images().size();
    seconds += (System.nanoTime() - began) / 1e9;
    Weights weights = result();
    Scores plain = scores(weights, List.of(View.IDENTITY));
    // The training loss was measured before the last step.
    requireFinite(plain.loss(), "validation loss", epoch);
    return new EpochResult(
        epoch,
        sum / train.images().size(),
        plain.loss(),
        plain.auc(),
        Optional.of(framedScores(weights)),
        graph.learningRate((epoch + 1L) * stepsPerEpoch - 1),
        sparsity(weights));
  }

  /** Performs the steps of an epoch and returns the sum of the losses. */
  private double steps(int epoch) throws IOException {
    SplittableRandom random = new SplittableRandom(options.seed() * 1_000_003L + epoch);
    double sum = 0;
    long step = epoch * stepsPerEpoch;
    try (Batches batches = new Batches(options.recipe(), train, exampleSize, objective, random)) {
      for (Optional<Batch> next = batches.next(); next.isPresent(); next = batches.next(), step++) {
        prune(step);
        double loss = graph.step(next.get(), step);
        requireFinite(loss, "loss", epoch);
        sum += loss * next.get().size();
      }
    }
    return sum;
  }

  private Optional<Double> sparsity(Weights weights) {
    return pruner.map(p -> p.sparsity(Masks.ofZeros(part(weights), p.weights())));
  }

  private void prune(long step) {
    if (pruner.isPresent() && pruner.get().schedule().updates(step)) {
      graph.mask(pruner.get().masks(step, part(graph.current())));
    }
  }

  private void requireFinite(double value, String what, int epoch) {
    EpochLoop.requireFinite(value, "from " + options.recipe().from() + " on", what, epoch);
  }

  /** Returns loss and AUC on the unchanged validation images before the first step. */
  Scores plainStart() throws IOException {
    return scores(start, List.of(View.IDENTITY));
  }

  /** Returns loss and AUC on randomly framed validation images before the first step. */
  Scores framedStart() throws IOException {
    return framedScores(start);
  }

  /** Training examples per second; NaN without training. */
  double examplesPerSecond() {
    return seconds == 0 ? Double.NaN : examples / seconds;
  }

  private Scores framedScores(Weights weights) throws IOException {
    return scores(weights, View.of(ValidationViews.FRAMED));
  }

  private Scores scores(Weights weights, List<View> views) throws IOException {
    SplitScores scored = Scoring.score(context, part(weights), validation, views);
    return new Scores(objective.loss(scored), scored.auc());
  }

  @Override
  public Weights result() {
    Weights tuned = graph.result();
    double share = options.recipe().interpolation();
    // Interpolation between dense initial weights and pruned weights is not useful.
    return share == 1 || pruner.isPresent() ? tuned : between(start, tuned, share);
  }

  private static Weights between(Weights start, Weights tuned, double share) {
    Weights.Builder weights = Weights.builder();
    tuned
        .asMap()
        .forEach(
            (name, tensor) -> {
              float[] from = start.floats(name);
              float[] to = tensor.toFloats();
              for (int i = 0; i < to.length; i++) {
                to[i] = (float) ((1 - share) * from[i] + share * to[i]);
              }
              weights.put(name, FloatTensor.of(to, tensor.shape()));
            });
    return weights.build();
  }

  @Override
  public TrainingGraph graph() {
    return graph;
  }

  @Override
  public void close() {
    graph.close();
  }

  /** Limits pruning of all layers to the trained ones. */
  private PruningSpec fromTrained(PruningSpec pruning) {
    String from = options.recipe().from();
    return pruning.from().equals(PruningSpec.ALL) && !from.equals(Blocks.ALL)
        ? pruning.withFrom(from)
        : pruning;
  }
}
