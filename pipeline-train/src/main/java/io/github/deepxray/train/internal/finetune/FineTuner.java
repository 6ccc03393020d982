package io.github.deepxray.train.internal.finetune;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.FineTuningResult;
import io.github.deepxray.train.FineTuningSpec;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.internal.DecisionRules;
import io.github.deepxray.train.internal.Scorer;
import io.github.deepxray.train.internal.embedding.EmbeddingCache;
import io.github.deepxray.train.internal.embedding.EmbeddingExtractor;
import io.github.deepxray.train.internal.embedding.EmbeddingExtractor.Filled;
import io.github.deepxray.train.internal.embedding.View;
import io.github.deepxray.train.internal.loop.Checkpoints;
import io.github.deepxray.train.internal.loop.EpochLoop;
import io.github.deepxray.train.internal.stage.ClassBalance;
import io.github.deepxray.train.internal.stage.EpochCounter;
import io.github.deepxray.train.internal.stage.HistoryFile;
import io.github.deepxray.train.internal.stage.Stage;
import io.github.deepxray.train.internal.stage.StageManifest;
import io.github.deepxray.train.recipe.Augmentation;
import io.github.deepxray.train.recipe.FineTuningRecipe;
import io.github.deepxray.train.stage.Context;
import io.github.deepxray.train.stage.EpochResult;
import io.github.deepxray.train.stage.EpochResult.Scores;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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
 *
 * @param options how
 * @param context the surroundings to train in; a checkpoint is written after every epoch
 */
public record FineTuner(FineTuningSpec options, Context context) {
  /** Has a checkpoint written after every epoch. */
  public FineTuner {
    context = context.withCheckpointEvery(1);
  }

  /** How many strong views of each validation image are looked at. */
  public static final int VALIDATION_VIEWS = 3;

  private static final String CHECKPOINT = "checkpoint";

  /** What is told again of a training that came to its end. */
  record Outcome(Scores before, Scores augmentedBefore, List<EpochResult> epochs) {
    Outcome {
      epochs = List.copyOf(epochs);
    }

    FineTuningResult result(TrainedModel model) {
      return new FineTuningResult(
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
  public FineTuningResult tune(PreparedDataset dataset, TrainedModel model, Path folder)
      throws IOException {
    model.requireTrainedOn(
        dataset,
        " (images it is validated with may have been learnt from); train the head again or give"
            + " that data set.");
    StageManifest manifest = new StageManifest(folder, stage(dataset, model));
    if (context.resumes()) {
      Optional<Outcome> done = manifest.outcome(Outcome.class);
      if (done.isPresent()) {
        AtomicFiles.deleteRecursively(folder.resolve(CHECKPOINT));
        context.progress().note(manifest.told());
        return done.get().result(TrainedModel.load(folder));
      }
    }
    FineTuningResult result = train(dataset, model, folder, manifest);
    manifest.keep(new Outcome(result.before(), result.augmentedBefore(), result.epochs()));
    AtomicFiles.deleteRecursively(folder.resolve(CHECKPOINT));
    return result;
  }

  private FineTuningResult train(
      PreparedDataset dataset, TrainedModel model, Path folder, StageManifest manifest)
      throws IOException {
    String cut =
        Blocks.cut(
            model.description().architecture(), model.model().network(), options.recipe().from());
    if (cut.equals(model.model().network().input())) {
      int size = model.description().imageSize();
      Source train = Source.Rendered.of(dataset, Split.TRAIN, size);
      Source validation = Source.Rendered.of(dataset, Split.VALIDATION, size);
      return train(dataset, model, new Sources(cut, train, validation, 0, 0), manifest, folder);
    }
    EmbeddingExtractor extractor =
        new EmbeddingExtractor(model.model().cutAt(cut), EmbeddingCache.Precision.FLOAT16, context);
    try (EmbeddingCache cache = extractor.open()) {
      Filled train =
          extractor.fill(
              cache,
              dataset,
              Split.TRAIN,
              View.range(options.recipe().views(), options.recipe().augmentation()));
      List<View> looks = new ArrayList<>(validationViews());
      looks.add(View.IDENTITY);
      Filled validation = extractor.fill(cache, dataset, Split.VALIDATION, looks);
      Sources sources =
          new Sources(
              cut,
              new Source.Cached(cache, train),
              new Source.Cached(cache, validation),
              train.computed() + validation.computed(),
              train.seconds() + validation.seconds());
      return train(dataset, model, sources, manifest, folder);
    }
  }

  /** Strong views, none of which shows the image as it is. */
  static List<View> validationViews() {
    return View.range(VALIDATION_VIEWS + 1, Augmentation.STRONG).subList(1, VALIDATION_VIEWS + 1);
  }

  private FineTuningResult train(
      PreparedDataset dataset,
      TrainedModel model,
      Sources sources,
      StageManifest manifest,
      Path folder)
      throws IOException {
    EpochCounter counter = new EpochCounter();
    Recorder recorder = new Recorder();
    Checkpoints checkpoints =
        new Checkpoints(folder.resolve(CHECKPOINT), stage(dataset, model).fingerprint(), context);
    TrainingListener listener =
        context
            .listener()
            .and(counter)
            .and(recorder)
            .and(new HistoryFile(folder.resolve(HistoryFile.NAME)));
    try (FineTuningRun run = new FineTuningRun(options, context, model, sources)) {
      Scores before = run.plainStart();
      Scores augmentedBefore = run.augmentedStart();
      Weights trained = loop(run).run(run, checkpoints, listener);
      TrainedModel tuned =
          decided(
              dataset,
              described(model, run, trained, counter.done(), recorder.bestEpoch + 1),
              Embeddings.counts(sources.train().images(), model.description().classes()));
      manifest.forget();
      tuned.save(folder);
      return new FineTuningResult(
          tuned,
          before,
          augmentedBefore,
          recorder.epochs,
          sources.computed(),
          sources.perSecond(),
          run.examplesPerSecond(),
          counter.epochSeconds());
    }
  }

  private EpochLoop loop(FineTuningRun run) {
    FineTuningRecipe spec = options.recipe();
    return new EpochLoop(
        TrainingListener.FINE_TUNING,
        spec.epochs(),
        spec.patience(),
        run.firstCandidate(),
        this::criterion);
  }

  private double criterion(EpochResult result) {
    return options.recipe().criterion() == FineTuningRecipe.Criterion.PLAIN
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

  /** The trained classifier, with the thresholds it had. */
  private TrainedModel described(
      TrainedModel model, FineTuningRun run, Weights trained, int epochs, int best) {
    TrainedModel.Description description =
        model
            .description()
            .withParent(Optional.of(model.model().weights().sha256()))
            .withFineTuning(
                Optional.of(
                    new TrainedModel.FineTuning(options.recipe(), options.seed(), epochs, best)));
    return new TrainedModel(
        description.withPruning(run.pruning(trained).or(description::pruning)),
        new Model(model.model().network(), model.model().weights().plus(trained)));
  }

  /** The same with thresholds chosen on what evaluation will see. */
  private TrainedModel decided(PreparedDataset dataset, TrainedModel tuned, List<Long> counts)
      throws IOException {
    EmbeddingExtractor extractor = new EmbeddingExtractor(tuned.backbone(), context);
    SplitScores scored =
        Scorer.score(
            context.engines(),
            tuned.head(),
            extractor.extract(dataset, Split.VALIDATION, 1).embeddings());
    TrainedModel.Description description = tuned.description();
    return new TrainedModel(
        description.withDecision(
            DecisionRules.chosenAgain(
                description.decision(),
                new ClassBalance(counts, options.recipe().balanced()),
                scored)),
        tuned.model());
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
}
