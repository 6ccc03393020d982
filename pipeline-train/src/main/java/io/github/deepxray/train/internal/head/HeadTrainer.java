package io.github.deepxray.train.internal.head;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.network.WeightSpec;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.features.Matrix;
import io.github.deepxray.train.internal.loop.Batch;
import io.github.deepxray.train.internal.loop.Checkpoints;
import io.github.deepxray.train.internal.loop.EpochLoop;
import io.github.deepxray.train.internal.loop.Objective;
import io.github.deepxray.train.internal.loop.ScheduledOptimizer;
import io.github.deepxray.train.internal.loop.Shuffle;
import io.github.deepxray.train.internal.loop.TrainingGraph;
import io.github.deepxray.train.internal.loop.TrainingSetup;
import io.github.deepxray.train.internal.stage.ClassBalance;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.stage.Context;
import io.github.deepxray.train.stage.EpochResult;
import io.github.deepxray.train.stage.EpochResult.Scores;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * Training of a head on feature vectors with TensorFlow's gradients.
 *
 * <p>All random numbers (initial weights of Glorot and Bengio 2010, order of the images, their
 * views, dropout masks) depend only on the seed and the epoch or step. Training that is interrupted
 * and resumed from its checkpoint therefore ends with the same bits as uninterrupted training on
 * the same machine.
 */
public final class HeadTrainer {
  private final HeadSpec spec;
  private final long seed;
  private final Context context;
  private final Checkpoints checkpoints;

  /**
   * Creates a trainer.
   *
   * @param spec the head
   * @param seed seed of all random numbers
   * @param context execution context; its cache is not used
   */
  public HeadTrainer(HeadSpec spec, long seed, Context context) {
    this(spec, seed, context, Checkpoints.NONE);
  }

  private HeadTrainer(HeadSpec spec, long seed, Context context, Checkpoints checkpoints) {
    this.spec = spec;
    this.seed = seed;
    this.context = context;
    this.checkpoints = checkpoints;
  }

  /** Returns a copy that writes checkpoints and resumes from the last one. */
  public HeadTrainer withCheckpoints(Checkpoints kept) {
    return new HeadTrainer(spec, seed, context, kept);
  }

  /**
   * Trains the head.
   *
   * @param train embeddings of the training split; each epoch uses one random view of each image
   * @param validation embeddings of the validation split, for early stopping: the unchanged images
   *     and their framed views
   * @return head from features to probabilities, with its weights
   * @throws DeepXrayException if a split lacks one of the classes or the loss is no longer finite
   * @throws IOException if a checkpoint cannot be read or written
   */
  public Model train(Embeddings train, Embeddings validation) throws IOException {
    Network network = HeadNetworks.training(spec, train.dimension(), train.classes());
    return train(train, validation, initialWeights(network));
  }

  /** Trains from initial weights of {@link HeadNetworks#training}. */
  Model train(Embeddings train, Embeddings validation, Weights initial) throws IOException {
    requireEachClass("training", train);
    requireEachClass("validation", validation);
    Standardization standardization =
        spec.standardize() ? Standardization.of(train) : Standardization.none(train.dimension());
    List<Matrix> views = train.views().stream().map(standardization::apply).toList();
    List<Matrix> held = validation.views().stream().map(standardization::apply).toList();
    try (Run run = new Run(train, views, validation, held)) {
      Weights trained = run.train(initial);
      return deploy(run, trained, views.get(0), standardization);
    }
  }

  private static void requireEachClass(String split, Embeddings embeddings) {
    int missing = embeddings.counts().indexOf(0L);
    if (missing >= 0) {
      throw new DeepXrayException(
          ("The %s split has no image of the class with label %s; it needs every class. Give "
                  + "more data.")
              .formatted(split, missing));
    }
  }

  /** Returns the inference model: standardization, members, mean of the scaled logits. */
  private Model deploy(Run run, Weights trained, Matrix features, Standardization standardization)
      throws IOException {
    Weights.Builder weights = Weights.builder();
    trained.asMap().forEach(weights::put);
    int members = spec.members().size();
    if (members > 1) {
      float[][] logits = run.logits(features);
      double[] deviations = new double[members];
      double mean = 0;
      for (int m = 0; m < members; m++) {
        deviations[m] = Math.max(1e-6, standardDeviation(centered(logits[m], run.width())));
        mean += deviations[m] / members;
      }
      for (int m = 0; m < members; m++) {
        double factor = mean / deviations[m] / members;
        for (String variable : List.of("/kernel", "/bias")) {
          String name = HeadNetworks.prefix(spec, m) + HeadNetworks.logit(run.classes()) + variable;
          float[] values = trained.floats(name);
          for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] * factor);
          }
          weights.put(name, FloatTensor.of(values, trained.get(name).shape()));
        }
      }
    }
    if (spec.standardize()) {
      weights.put(HeadNetworks.STANDARDIZE + "/mean", standardization.mean());
      weights.put(HeadNetworks.STANDARDIZE + "/variance", standardization.variance());
    }
    return new Model(
        HeadNetworks.inference(spec, features.columns(), run.classes()), weights.build());
  }

  /** Subtracts the mean logit of each image, which does not affect the softmax. */
  private static float[] centered(float[] logits, int width) {
    if (width == 1) {
      return logits;
    }
    float[] centered = logits.clone();
    for (int from = 0; from < logits.length; from += width) {
      double mean = 0;
      for (int c = 0; c < width; c++) {
        mean += (double) logits[from + c] / width;
      }
      for (int c = 0; c < width; c++) {
        centered[from + c] -= (float) mean;
      }
    }
    return centered;
  }

  private static double standardDeviation(float[] values) {
    double mean = 0;
    for (float v : values) {
      mean += (double) v / values.length;
    }
    double squares = 0;
    for (float v : values) {
      squares += (v - mean) * (v - mean) / values.length;
    }
    return Math.sqrt(squares);
  }

  /** Returns initial weights: Glorot and Bengio 2010 for kernels, 0 for biases. */
  private Weights initialWeights(Network network) {
    Weights.Builder weights = Weights.builder();
    for (WeightSpec weight : network.weightSpecs()) {
      float[] values = new float[weight.size()];
      if (weight.name().endsWith("/kernel")) {
        double limit = Math.sqrt(6.0 / (weight.shape().get(0) + weight.shape().get(1)));
        SplittableRandom random =
            new SplittableRandom(seed * 1_000_003L ^ weight.name().hashCode());
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) ((random.nextDouble() * 2 - 1) * limit);
        }
      }
      weights.put(weight.name(), FloatTensor.of(values, weight.shape()));
    }
    return weights.build();
  }

  private ScheduledOptimizer optimizer(Graph graph, Map<String, Operand<TFloat32>> trainable) {
    if (spec.optimizer() instanceof HeadSpec.Sgd sgd) {
      return ScheduledOptimizer.momentum(graph, sgd.momentum());
    }
    HeadSpec.Adam adam = (HeadSpec.Adam) spec.optimizer();
    return ScheduledOptimizer.adam(graph, adam.beta1(), adam.beta2(), adam.epsilon());
  }

  /** Graph and data of one training. */
  private final class Run implements EpochLoop.Training, AutoCloseable {
    private final Embeddings train;
    private final List<Matrix> views;
    private final Embeddings validation;
    private final List<Matrix> held;
    private final Objective objective;
    private final Network network;
    private final int stepsPerEpoch;
    private final TrainingGraph graph;

    Run(Embeddings train, List<Matrix> views, Embeddings validation, List<Matrix> held) {
      this.train = train;
      this.views = views;
      this.validation = validation;
      this.held = held;
      objective =
          new Objective(
              new ClassBalance(train.counts(), spec.balanced()).weights(), spec.labelSmoothing());
      network = HeadNetworks.training(spec, train.dimension(), train.classes());
      stepsPerEpoch = (train.images().size() + spec.batchSize() - 1) / spec.batchSize();
      TrainingSetup setup =
          TrainingSetup.of(
                  network,
                  HeadTrainer.this::optimizer,
                  spec.learningRate().schedule((long) stepsPerEpoch * spec.epochs()),
                  seed)
              .withPenalties(penalties());
      graph = new TrainingGraph(setup, context.cores());
    }

    /** Returns the L2 factors of the kernels of each member. */
    private List<Map<String, Double>> penalties() {
      List<Map<String, Double>> penalties = new ArrayList<>();
      for (int m = 0; m < spec.members().size(); m++) {
        String prefix = HeadNetworks.prefix(spec, m);
        double l2 = spec.members().get(m).l2();
        Map<String, Double> factors = new LinkedHashMap<>();
        for (WeightSpec weight : network.weightSpecs()) {
          if (l2 > 0 && weight.name().startsWith(prefix) && weight.name().endsWith("/kernel")) {
            factors.put(weight.name(), l2);
          }
        }
        penalties.add(factors);
      }
      return penalties;
    }

    int classes() {
      return train.classes();
    }

    /** Number of logits per image. */
    int width() {
      return objective.targets();
    }

    Weights train(Weights initial) throws IOException {
      graph.start(initial);
      Weights best =
          new EpochLoop(
                  TrainingListener.HEAD,
                  spec.epochs(),
                  spec.patience(),
                  0,
                  result -> result.loss(spec.criterion()))
              .run(this, checkpoints, context.listener());
      graph.restore(best, graph.slots());
      return best;
    }

    @Override
    public TrainingGraph graph() {
      return graph;
    }

    @Override
    public EpochResult epoch(int epoch) {
      int images = train.images().size();
      SplittableRandom random = new SplittableRandom(seed * 1_000_003L + epoch);
      int[] order = Shuffle.order(images, random);
      double sum = 0;
      long step = (long) epoch * stepsPerEpoch;
      for (int from = 0; from < images; from += spec.batchSize(), step++) {
        int to = Math.min(images, from + spec.batchSize());
        double batchLoss = step(order, from, to, random, step);
        requireFinite(batchLoss, "loss", epoch);
        sum += batchLoss * (to - from);
      }
      Scores plain = scores(held.subList(0, 1), epoch);
      return new EpochResult(
          epoch,
          sum / images,
          plain.loss(),
          plain.auc(),
          held.size() == 1
              ? Optional.empty()
              : Optional.of(scores(held.subList(1, held.size()), epoch)),
          graph.learningRate(step - 1),
          Optional.empty());
    }

    /** Returns loss and AUC of the validation images in some views. */
    private Scores scores(List<Matrix> looks, int epoch) {
      List<ScoredExample> scored = new ArrayList<>();
      for (Matrix look : looks) {
        float[][] logits = logits(look);
        // The training loss was measured before the last step.
        for (float[] member : logits) {
          for (float logit : member) {
            requireFinite(logit, "logit of a validation image", epoch);
          }
        }
        scored.addAll(score(validation, logits));
      }
      SplitScores all = new SplitScores(scored);
      return new Scores(objective.loss(all), all.auc());
    }

    private void requireFinite(double value, String what, int epoch) {
      EpochLoop.requireFinite(value, "the head " + spec.name(), what, epoch);
    }

    private double step(int[] order, int from, int to, SplittableRandom random, long step) {
      int dimension = train.dimension();
      float[] examples = new float[(to - from) * dimension];
      List<Label> labels = new ArrayList<>();
      for (int i = from; i < to; i++) {
        Matrix view = views.get(views.size() == 1 ? 0 : random.nextInt(views.size()));
        view.copyRow(order[i], examples, (i - from) * dimension);
        labels.add(train.images().get(order[i]).label());
      }
      return graph.step(Batch.of(objective, labels, examples), step);
    }

    private List<ScoredExample> score(Embeddings embeddings, float[][] logits) {
      List<ScoredExample> scored = new ArrayList<>();
      for (int i = 0; i < embeddings.images().size(); i++) {
        double[] mean = new double[width()];
        for (float[] member : logits) {
          for (int c = 0; c < mean.length; c++) {
            mean[c] += (double) member[i * mean.length + c] / logits.length;
          }
        }
        Embeddings.Image image = embeddings.images().get(i);
        scored.add(
            new ScoredExample(
                image.filename(), image.patient(), image.label().index(), probabilities(mean)));
      }
      return scored;
    }

    /**
     * Returns the probability of each class, from one logit of two classes or the logits of all
     * classes.
     */
    private static List<Double> probabilities(double... logits) {
      if (logits.length == 1) {
        double probability = 1 / (1 + StrictMath.exp(-logits[0]));
        return List.of(1 - probability, probability);
      }
      // Subtract the maximum to avoid overflow.
      double greatest = Arrays.stream(logits).max().orElseThrow();
      double[] powers =
          Arrays.stream(logits).map(logit -> StrictMath.exp(logit - greatest)).toArray();
      double sum = Arrays.stream(powers).sum();
      return Arrays.stream(powers).mapToObj(power -> power / sum).toList();
    }

    /** Returns the logits of all rows for each member. */
    float[][] logits(Matrix rows) {
      return graph.infer(rows.toFloats(), rows.rows());
    }

    @Override
    public void close() {
      graph.close();
    }
  }
}
