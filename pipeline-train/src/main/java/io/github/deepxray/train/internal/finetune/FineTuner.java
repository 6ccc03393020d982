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
import io.github.deepxray.train.TrainingSpec;
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
 * Fine-tuning of the last layers of a classifier's backbone, or of all layers, together with its
 * head.
 *
 * <p>The layers before the first trained block run once, folded, in the engine; their activations
 * are cached on disk as 16-bit floats, so that an epoch computes only the trained layers. Batch
 * normalization keeps its moving statistics; its scale and offset are trained. Pruned weights stay
 * zero.
 *
 * <p>All random numbers depend only on the seed and the epoch or step. Training that is interrupted
 * and resumed from its checkpoint therefore ends with the same bits as uninterrupted training on
 * the same machine.
 *
 * @param options fine-tuning options
 * @param context execution context; a checkpoint is written after every epoch
 */
public record FineTuner(FineTuningSpec options, Context context) {
  /** Sets the checkpoint interval to 1 epoch. */
  public FineTuner {
    context = context.withCheckpointEvery(1);
  }

  private static final String CHECKPOINT = "checkpoint";

  /** Stored outcome of a finished fine-tuning. */
  record Outcome(Scores before, Scores framedBefore, List<EpochResult> epochs) {
    Outcome {
      epochs = List.copyOf(epochs);
    }

    FineTuningResult result(TrainedModel model) {
      return new FineTuningResult(
          model, before, framedBefore, epochs, 0, Double.NaN, Double.NaN, Double.NaN);
    }
  }

  /**
   * Fine-tunes the classifier, chooses the thresholds again, and saves the classifier, its history
   * ({@code history.csv}) and checkpoints in a folder. If the context resumes and the folder has
   * the finished result of the same fine-tuning, that result is returned.
   *
   * @param dataset data set on which the head was trained
   * @param model classifier to start from
   * @param folder output folder
   * @throws DeepXrayException if the data set is another one, the block does not exist, or weights
   *     are to be pruned that are not trained or after training has ended
   * @throws IOException if something cannot be read or written
   */
  public FineTuningResult tune(PreparedDataset dataset, TrainedModel model, Path folder)
      throws IOException {
    model.requireTrainedOn(
        dataset,
        " (its validation images may have been training images); train the head again "
            + "or give that data set.");
    StageManifest manifest = new StageManifest(folder, stage(dataset, model));
    if (context.resumes()) {
      Optional<Outcome> done = manifest.outcome(Outcome.class);
      if (done.isPresent()) {
        AtomicFiles.deleteRecursively(folder.resolve(CHECKPOINT));
        context.progress().note(manifest.finishedMessage());
        return done.get().result(TrainedModel.load(folder));
      }
    }
    FineTuningResult result = train(dataset, model, folder, manifest);
    manifest.write(new Outcome(result.before(), result.framedBefore(), result.epochs()));
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
      Filled validation = extractor.fill(cache, dataset, Split.VALIDATION, View.validation());
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
      Scores framedBefore = run.framedStart();
      Weights trained = loop(run).run(run, checkpoints, listener);
      TrainedModel tuned =
          decided(
              dataset,
              described(model, run, trained, counter.done(), recorder.bestEpoch + 1),
              Embeddings.counts(sources.train().images(), model.description().classes()));
      manifest.delete();
      tuned.save(folder);
      return new FineTuningResult(
          tuned,
          before,
          framedBefore,
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
    return result.loss(options.recipe().criterion());
  }

  private Stage stage(PreparedDataset dataset, TrainedModel model) {
    return Stage.of(TrainingListener.FINE_TUNING, options)
        .reading("data", dataset.fingerprint())
        .reading("model", model.fingerprint())
        .computedBy(context.engines())
        .writing(TrainedModel.FILES);
  }

  /** Returns the fine-tuned classifier with the thresholds of the original. */
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

  /**
   * Returns the classifier with calibration and thresholds chosen on the validation split, as
   * evaluation scores it.
   */
  private TrainedModel decided(PreparedDataset dataset, TrainedModel tuned, List<Long> counts)
      throws IOException {
    TrainedModel.Description description = tuned.description();
    List<View> views = View.of(TrainingSpec.of(description).thresholdViews());
    EmbeddingExtractor extractor = new EmbeddingExtractor(tuned.backbone(), context);
    SplitScores scored =
        Scorer.score(
            context.engines(),
            tuned.uncalibratedHead(),
            extractor.extract(dataset, Split.VALIDATION, views).embeddings());
    DecisionRules.Choice choice =
        DecisionRules.rechoose(
            description, new ClassBalance(counts, options.recipe().balanced()), scored);
    return tuned.deciding(choice.calibration(), choice.rule());
  }

  /** Listener that records the results of epochs. */
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
