package io.github.deepxray.train.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.BackboneModel;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.TrainingResult;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.internal.embedding.EmbeddingExtractor;
import io.github.deepxray.train.internal.embedding.EmbeddingExtractor.Extraction;
import io.github.deepxray.train.internal.embedding.View;
import io.github.deepxray.train.internal.head.HeadTrainer;
import io.github.deepxray.train.internal.loop.Checkpoints;
import io.github.deepxray.train.internal.stage.ClassBalance;
import io.github.deepxray.train.internal.stage.EpochCounter;
import io.github.deepxray.train.internal.stage.HistoryFile;
import io.github.deepxray.train.internal.stage.Stage;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Training of a classifier on a prepared data set: embeddings, head, thresholds.
 *
 * @param options training options
 * @param context execution context
 */
public record Trainer(TrainingSpec options, Context context) {
  private static final String CHECKPOINT = "checkpoint";

  /**
   * Trains the classifier and saves it with its history ({@code history.csv}) and checkpoints in a
   * folder.
   *
   * @param dataset data set with images of the backbone's size
   * @param backbone backbone that computes the features
   * @param folder output folder
   * @throws DeepXrayException if the data set does not fit the backbone
   * @throws IOException if something cannot be read or written
   */
  public TrainingResult train(PreparedDataset dataset, BackboneModel backbone, Path folder)
      throws IOException {
    requireSize(dataset, backbone);
    EmbeddingExtractor extractor = new EmbeddingExtractor(backbone.model(), context);
    Extraction train = extractor.extract(dataset, Split.TRAIN, View.of(options.head()));
    Extraction validation = extractor.extract(dataset, Split.VALIDATION, View.validation());
    EpochCounter counter = new EpochCounter();
    HeadTrainer trainer = trainer(folder, counter, stage(dataset, backbone).fingerprint());
    long start = System.nanoTime();
    Model head = trainer.train(train.embeddings(), validation.embeddings());
    double headSeconds = (System.nanoTime() - start) / 1e9;
    DecisionRules.Choice choice = choose(head, train.embeddings(), validation.embeddings());
    TrainedModel.Description description =
        new TrainedModel.Description(
            TrainedModel.FORMAT,
            backbone.backbone().name(),
            backbone.imageSize(),
            backbone.source(),
            backbone.model().weights().sha256(),
            options.head(),
            options.seed(),
            engine(),
            dataset.fingerprint(),
            positiveShare(train.embeddings()),
            counter.done(),
            choice.rule(),
            Optional.empty(),
            Optional.empty(),
            backbone.expansionChannels(),
            Optional.empty(),
            dataset.manifest().fit(),
            choice.calibration(),
            options.guard());
    TrainedModel model = TrainedModel.of(description, backbone.model().then(head).weights());
    model.save(folder);
    AtomicFiles.deleteRecursively(folder.resolve(CHECKPOINT));
    long vectors = train.computed() + validation.computed();
    return new TrainingResult(
        model,
        vectors,
        vectors == 0 ? Double.NaN : vectors / (train.seconds() + validation.seconds()),
        headSeconds,
        counter.epochSeconds());
  }

  private HeadTrainer trainer(Path folder, EpochCounter counter, String fingerprint) {
    HistoryFile history = new HistoryFile(folder.resolve(HistoryFile.NAME));
    Context heard = context.withListener(context.listener().and(counter).and(history));
    return new HeadTrainer(options.head(), options.seed(), heard)
        .withCheckpoints(new Checkpoints(folder.resolve(CHECKPOINT), fingerprint, context));
  }

  private static void requireSize(PreparedDataset dataset, BackboneModel backbone) {
    int is = dataset.manifest().options().imageSize();
    int read = backbone.imageSize();
    if (is != read) {
      throw new DeepXrayException(
          ("The images in %s are %s pixels wide, but %s reads %s; prepare the data again with"
                  + " --image-size %s, or train with --image-size %s.")
              .formatted(dataset.folder(), is, backbone.backbone().name(), read, read, is));
    }
  }

  private DecisionRules.Choice choose(Model head, Embeddings train, Embeddings validation) {
    return DecisionRules.choose(
        new ClassBalance(train.counts(), options.head().balanced()),
        Scorer.score(context.engines(), head, validation, options.thresholdViews()),
        options);
  }

  private Stage stage(PreparedDataset dataset, BackboneModel backbone) {
    return Stage.of("training", options)
        .reading("data", dataset.fingerprint())
        .reading("backbone", backbone.model().fingerprint())
        .computedBy(context.engines());
  }

  private String engine() {
    return context.engines().name() + " " + context.engines().version();
  }

  /** Returns the share of the second of two classes. */
  private static Optional<Double> positiveShare(Embeddings train) {
    return train.classes() == 2
        ? Optional.of((double) train.counts().get(1) / train.images().size())
        : Optional.empty();
  }
}
