package io.github.deepxray.train.finetune;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.network.Layer;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.optimize.prune.Masks;
import io.github.deepxray.optimize.prune.Pruner;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.train.FineTuneSpec;
import io.github.deepxray.train.Scorer;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.embedding.Augmentation;
import io.github.deepxray.train.embedding.EmbeddingCache;
import io.github.deepxray.train.embedding.EmbeddingExtractor;
import io.github.deepxray.train.embedding.EmbeddingExtractor.Filled;
import io.github.deepxray.train.embedding.Embeddings;
import io.github.deepxray.train.embedding.View;
import io.github.deepxray.train.loop.Batch;
import io.github.deepxray.train.loop.Checkpoints;
import io.github.deepxray.train.loop.EpochLoop;
import io.github.deepxray.train.loop.Objective;
import io.github.deepxray.train.loop.ScheduledOptimizer;
import io.github.deepxray.train.loop.TrainingGraph;
import io.github.deepxray.train.loop.TrainingSetup;
import io.github.deepxray.train.stage.Context;
import io.github.deepxray.train.stage.EpochCounter;
import io.github.deepxray.train.stage.EpochResult;
import io.github.deepxray.train.stage.EpochResult.Scores;
import io.github.deepxray.train.stage.HistoryFile;
import io.github.deepxray.train.stage.Stage;
import io.github.deepxray.train.stage.StageManifest;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
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

/**
 * Trains the last layers of a classifier's backbone, or all of them, together with its head.
 *
 * <p>What comes before the first trained block runs once, folded, in the engine; its activations
 * are kept on disk as 16-bit floats, so that an epoch costs only what is trained. Batch
 * normalization keeps its moving statistics; its scale and offset are trained. Of a model that was
 * pruned before, what is zero stays zero.
 *
 * <p>Everything that is random depends on the seed and the epoch or step alone. Training that is
 * interrupted and resumed from its checkpoint ends with the same bits, and so do two runs on the
 * same machine.
 */
public final class FineTuner {
  /** How many strong views of each validation image are looked at. */
  public static final int VALIDATION_VIEWS = 3;

  private static final String CHECKPOINT = "checkpoint";

  // Keras' defaults.
  private static final double BETA_1 = 0.9;
  private static final double BETA_2 = 0.999;
  private static final double EPSILON = 1e-7;

  private final Options options;
  private final Context context;

  /**
   * How to train.
   *
   * @param spec how
   * @param pruning which weights to remove while training, if any; its {@code from}, if it means
   *     all layers, means all that are trained
   * @param seed of everything random
   */
  public record Options(FineTuneSpec spec, Optional<PruningSpec> pruning, long seed) {
    /** A specification and a seed, no pruning. */
    public static Options of(FineTuneSpec spec, long seed) {
      return new Options(spec, Optional.empty(), seed);
    }

    /** The same, pruning weights on the way. */
    public Options withPruning(PruningSpec removed) {
      return new Options(spec, Optional.of(removed), seed);
    }
  }

  /**
   * Prepares a fine-tuning.
   *
   * @param options how
   * @param context the surroundings to train in; a checkpoint is written after every epoch
   */
  public FineTuner(Options options, Context context) {
    this.options = options;
    this.context = context.withCheckpointEvery(1);
  }

  /**
   * What a fine-tuning came to.
   *
   * @param model the classifier, saved in the folder
   * @param before the loss and AUC on the validation split before training
   * @param augmentedBefore the same on strong views of it
   * @param epochs what each epoch came to
   * @param activations how many activations were computed; the others came from the cache
   * @param activationsPerSecond how fast, reading and decoding included; NaN if none was
   * @param examplesPerSecond how many images were trained on in a second, without validation; NaN
   *     if none was
   * @param epochSeconds the mean time of an epoch, validation counted in; NaN if none was trained
   */
  public record Result(
      TrainedModel model,
      Scores before,
      Scores augmentedBefore,
      List<EpochResult> epochs,
      long activations,
      double activationsPerSecond,
      double examplesPerSecond,
      double epochSeconds) {
    /** Copies the list. */
    public Result {
      epochs = List.copyOf(epochs);
    }
  }

  /** What is told again of a training that came to its end. */
  record Outcome(Scores before, Scores augmentedBefore, List<EpochResult> epochs) {
    Outcome {
      epochs = List.copyOf(epochs);
    }

    Result result(TrainedModel model) {
      return new Result(
          model, before, augmentedBefore, epochs, 0, Double.NaN, Double.NaN, Double.NaN);
    }
  }

  /**
   * Trains, chooses the thresholds anew, and saves the classifier, the history ({@code
   * history.csv}) and checkpoints in a folder. If the same training came to its end there before
   * and may be resumed, what it left is the result.
   *
   * @param dataset the data set that the head was trained on
   * @param model where to start
   * @param folder where to save
   * @throws DeepXrayException if the data set is another one, there is no such block, or weights
   *     are to be pruned that are not trained, or later than they are
   * @throws IOException if something cannot be read or written
   */
  public Result tune(PreparedDataset dataset, TrainedModel model, Path folder) throws IOException {
    if (!model.description().dataset().equals(dataset.fingerprint())) {
      throw new DeepXrayException(
          "The model was trained on another data set than "
              + dataset.folder()
              + " (images it is validated with may have been learnt from); train the head again or"
              + " give that data set.");
    }
    StageManifest manifest = new StageManifest(folder, stage(dataset, model));
    if (context.resumes()) {
      Optional<Outcome> done = manifest.outcome(Outcome.class);
      if (done.isPresent()) {
        AtomicFiles.deleteRecursively(folder.resolve(CHECKPOINT));
        context.progress().note(manifest.told());
        return done.get().result(TrainedModel.load(folder));
      }
    }
    Result result = train(dataset, model, folder, manifest);
    manifest.keep(new Outcome(result.before(), result.augmentedBefore(), result.epochs()));
    AtomicFiles.deleteRecursively(folder.resolve(CHECKPOINT));
    return result;
  }

  private Result train(
      PreparedDataset dataset, TrainedModel model, Path folder, StageManifest manifest)
      throws IOException {
    String cut =
        Blocks.cut(
            model.description().architecture(), model.model().network(), options.spec().from());
    if (cut.equals(model.model().network().input())) {
      int size = model.description().imageSize();
      Source train = Source.Rendered.of(dataset, Split.TRAIN, size);
      Source validation = Source.Rendered.of(dataset, Split.VALIDATION, size);
      return train(dataset, model, cut, folder, manifest, train, validation, 0, 0);
    }
    EmbeddingExtractor extractor =
        new EmbeddingExtractor(model.model().cutAt(cut), EmbeddingCache.Precision.FLOAT16, context);
    try (EmbeddingCache cache = extractor.open()) {
      Filled train =
          extractor.fill(
              cache,
              dataset,
              Split.TRAIN,
              View.range(options.spec().views(), options.spec().augmentation()));
      List<View> looks = new ArrayList<>(validationViews());
      looks.add(View.IDENTITY);
      Filled validation = extractor.fill(cache, dataset, Split.VALIDATION, looks);
      return train(
          dataset,
          model,
          cut,
          folder,
          manifest,
          new Source.Cached(cache, train),
          new Source.Cached(cache, validation),
          train.computed() + validation.computed(),
          train.seconds() + validation.seconds());
    }
  }

  /** Strong views, none of which shows the image as it is. */
  private static List<View> validationViews() {
    return View.range(VALIDATION_VIEWS + 1, Augmentation.STRONG).subList(1, VALIDATION_VIEWS + 1);
  }

  private Result train(
      PreparedDataset dataset,
      TrainedModel model,
      String cut,
      Path folder,
      StageManifest manifest,
      Source train,
      Source validation,
      long computed,
      double seconds)
      throws IOException {
    FineTuneSpec spec = options.spec();
    EpochCounter counter = new EpochCounter();
    Recorder recorder = new Recorder();
    Checkpoints checkpoints =
        new Checkpoints(folder.resolve(CHECKPOINT), stage(dataset, model).fingerprint(), context);
    Weights trained;
    Scores before;
    Scores augmentedBefore;
    double examplesPerSecond;
    Optional<TrainedModel.Pruning> pruning;
    try (Run run = new Run(model, cut, train, validation)) {
      before = run.scores(run.start, List.of(View.IDENTITY));
      augmentedBefore = run.scores(run.start, validationViews());
      trained =
          new EpochLoop(
                  TrainingListener.FINE_TUNING,
                  spec.epochs(),
                  spec.patience(),
                  run.firstCandidate(),
                  this::criterion)
              .run(
                  run,
                  Optional.of(checkpoints),
                  context
                      .listener()
                      .and(counter)
                      .and(recorder)
                      .and(new HistoryFile(folder.resolve(HistoryFile.NAME))));
      examplesPerSecond = run.seconds == 0 ? Double.NaN : run.examples / run.seconds;
      pruning = run.pruning(trained);
    }
    TrainedModel tuned =
        describe(dataset, model, trained, counter.done(), recorder.bestEpoch, pruning, train);
    manifest.forget();
    tuned.save(folder);
    return new Result(
        tuned,
        before,
        augmentedBefore,
        recorder.epochs,
        computed,
        computed == 0 ? Double.NaN : computed / seconds,
        examplesPerSecond,
        counter.epochSeconds());
  }

  private double criterion(EpochResult result) {
    return options.spec().criterion() == FineTuneSpec.Criterion.PLAIN
        ? result.validationLoss()
        : result.augmented().orElseThrow(IllegalStateException::new).loss();
  }

  private Stage stage(PreparedDataset dataset, TrainedModel model) {
    return Stage.of(TrainingListener.FINE_TUNING, options)
        .reading("data", dataset.fingerprint())
        .reading("model", model.fingerprint())
        .computedBy(context.engines())
        .writing(TrainedModel.FILES);
  }

  /** The trained classifier, with thresholds chosen on what evaluation will see. */
  private TrainedModel describe(
      PreparedDataset dataset,
      TrainedModel model,
      Weights trained,
      int epochs,
      int bestEpoch,
      Optional<TrainedModel.Pruning> pruning,
      Source train)
      throws IOException {
    Model classifier = new Model(model.model().network(), model.model().weights().plus(trained));
    TrainedModel.Description description =
        model
            .description()
            .madeFrom(model.model().weights().sha256())
            .with(
                new TrainedModel.FineTuning(options.spec(), options.seed(), epochs, bestEpoch + 1));
    if (pruning.isPresent()) {
      description = description.with(pruning.get());
    }
    TrainedModel tuned = new TrainedModel(description, classifier);
    EmbeddingExtractor extractor = new EmbeddingExtractor(tuned.backbone(), context);
    SplitScores scored =
        Scorer.score(
            context.engines(),
            tuned.head(),
            extractor.extract(dataset, Split.VALIDATION, 1).embeddings());
    return new TrainedModel(
        description.with(
            description
                .decision()
                .chosenAgain(
                    options.spec().balanced(),
                    Embeddings.counts(train.images(), description.classes()),
                    scored)),
        classifier);
  }

  /** All layers means all that are trained. */
  private PruningSpec fromTrained(PruningSpec pruning) {
    String from = options.spec().from();
    return pruning.from().equals(PruningSpec.ALL) && !from.equals(Blocks.ALL)
        ? pruning.withFrom(from)
        : pruning;
  }

  /** Keeps what it is told. */
  private static final class Recorder implements TrainingListener {
    private final List<EpochResult> epochs = new ArrayList<>();
    private int bestEpoch;

    @Override
    public void onEpochEnd(EpochResult result) {
      epochs.add(result);
    }

    @Override
    public void onTrainingEnd(int best) {
      bestEpoch = best;
    }
  }

  /** A training with its graph. */
  private final class Run implements EpochLoop.Training, AutoCloseable {
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

    Run(TrainedModel model, String cut, Source train, Source validation) {
      this.train = train;
      this.validation = validation;
      FineTuneSpec spec = options.spec();
      whole = model.model();
      part = whole.after(cut);
      exampleSize = part.network().size(cut);
      objective =
          Objective.of(
              spec.balanced(),
              spec.labelSmoothing(),
              Embeddings.counts(train.images(), model.description().decision().classes()));
      stepsPerEpoch = ((long) train.images().size() + spec.batchSize() - 1) / spec.batchSize();
      steps = stepsPerEpoch * spec.epochs();
      rates = Blocks.weightRates(model.description().architecture(), part.network(), spec);
      pruning = options.pruning().map(FineTuner.this::fromTrained);
      pruner = pruning.map(this::pruner);
      List<String> kept = prunedBefore(model);
      Network logit = part.network().withOutputs(List.of(logit(part.network())));
      graph =
          new TrainingGraph(
              setup(logit, pruner.map(Pruner::weights).orElse(kept)), context.cores());
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
      FineTuneSpec spec = options.spec();
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

    /** AdamW with a learning rate for each block. */
    private ScheduledOptimizer optimizer(Graph owner, Map<String, Operand<TFloat32>> trainable) {
      Map<String, ScheduledOptimizer.Group> groups = new HashMap<>();
      trainable.forEach(
          (name, variable) ->
              groups.put(
                  variable.op().name(),
                  new ScheduledOptimizer.Group(
                      rates.get(name), isKernel(name) ? options.spec().weightDecay() : 0)));
      return ScheduledOptimizer.adamW(owner, BETA_1, BETA_2, EPSILON, groups);
    }

    private static boolean isKernel(String weight) {
      return weight.endsWith("/kernel") || weight.endsWith("/depthwise_kernel");
    }

    /** Of the weights to prune, all must be trained, for long enough. */
    private Pruner pruner(PruningSpec wanted) {
      Pruner prepared = Pruner.of(wanted, whole.network(), steps);
      for (String weight : prepared.weights()) {
        if (!rates.containsKey(weight)) {
          throw new DeepXrayException(
              "Pruning: "
                  + weight
                  + " is to be pruned, but only what comes from "
                  + options.spec().from()
                  + " on is trained; prune from there or fine-tune more.");
        }
        if (rates.get(weight) == 0) {
          throw new DeepXrayException(
              "Pruning: "
                  + weight
                  + " is to be pruned while it is trained, but its learning rate is 0; spare it or"
                  + " train it.");
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

    /**
     * Of a model that is pruned already, the weights that are trained: the others do not change.
     */
    private List<String> prunedBefore(TrainedModel model) {
      if (pruning.isPresent() || model.description().pruning().isEmpty()) {
        return List.of();
      }
      PruningSpec before = model.description().pruning().get().spec();
      return Pruner.of(before, whole.network(), steps).weights().stream()
          .filter(weight -> rates.getOrDefault(weight, 0.0) > 0)
          .toList();
    }

    /** What the last sigmoid or softmax reads. */
    private static String logit(Network network) {
      Layer last = network.layer(network.outputs().get(0));
      if (last instanceof Layer.Activation activation
          && (activation.function() == Layer.Function.SIGMOID
              || activation.function() == Layer.Function.SOFTMAX)) {
        return activation.input();
      }
      throw new IllegalStateException(last + " is no probability");
    }

    /** The first epoch that ends with as many zeros as the last one. */
    int firstCandidate() {
      if (pruner.isEmpty()) {
        return 0;
      }
      double last = -1;
      long reached = 0;
      for (long step = 0; step < steps; step++) {
        if (pruner.get().schedule().updates(step)
            && pruner.get().schedule().sparsity(step) != last) {
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
      FineTuneSpec spec = options.spec();
      long began = System.nanoTime();
      SplittableRandom random = new SplittableRandom(options.seed() * 1_000_003L + epoch);
      double sum = 0;
      long step = epoch * stepsPerEpoch;
      try (Batches batches = new Batches(spec, train, exampleSize, objective, random)) {
        for (Optional<Batch> next = batches.next();
            next.isPresent();
            next = batches.next(), step++) {
          prune(step);
          double loss = graph.step(next.get(), step);
          requireFinite(loss, "loss", epoch);
          sum += loss * next.get().size();
        }
      }
      examples += train.images().size();
      seconds += (System.nanoTime() - began) / 1e9;
      Weights weights = result();
      Scores plain = scores(weights, List.of(View.IDENTITY));
      // The loss was measured before the last step.
      requireFinite(plain.loss(), "validation loss", epoch);
      return new EpochResult(
          epoch,
          sum / train.images().size(),
          plain.loss(),
          plain.auc(),
          Optional.of(scores(weights, validationViews())),
          graph.learningRate(step - 1),
          sparsity(weights));
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
      EpochLoop.requireFinite(value, "from " + options.spec().from() + " on", what, epoch);
    }

    Scores scores(Weights weights, List<View> views) throws IOException {
      SplitScores scored = Scoring.score(context, part(weights), validation, views);
      return new Scores(objective.loss(scored), scored.auc());
    }

    @Override
    public Weights result() {
      Weights tuned = graph.result();
      double share = options.spec().interpolation();
      // Between a dense start and weights that grew up with zeros lies nothing good.
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
    public Weights current() {
      return graph.current();
    }

    @Override
    public Weights slots() {
      return graph.slots();
    }

    @Override
    public void restore(Weights current, Weights slots) {
      graph.restore(current, slots);
    }

    @Override
    public void close() {
      graph.close();
    }
  }
}
