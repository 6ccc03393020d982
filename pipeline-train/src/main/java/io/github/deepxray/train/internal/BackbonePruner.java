package io.github.deepxray.train.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.network.Network;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.optimize.internal.RepresentativeDataset;
import io.github.deepxray.optimize.internal.prune.ChannelPruning;
import io.github.deepxray.optimize.internal.prune.Masks;
import io.github.deepxray.optimize.internal.prune.OneShotPruning;
import io.github.deepxray.optimize.internal.prune.Pruner;
import io.github.deepxray.optimize.prune.PruningSpec;
import io.github.deepxray.train.BackboneModel;
import io.github.deepxray.train.BackbonePruningSpec;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.TrainingResult;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.internal.embedding.EmbeddingExtractor;
import io.github.deepxray.train.internal.embedding.View;
import io.github.deepxray.train.internal.head.HeadPruning;
import io.github.deepxray.train.internal.stage.ClassBalance;
import io.github.deepxray.train.internal.stage.Stage;
import io.github.deepxray.train.internal.stage.StageManifest;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One-shot pruning of a classifier's backbone; the head is trained again on the pruned backbone,
 * and its hidden layers are pruned by the same criterion. Fine-tuning may follow.
 *
 * @param options pruning options
 * @param context execution context
 */
public record BackbonePruner(BackbonePruningSpec options, Context context) {
  /**
   * Prunes the backbone, trains the head, and saves the classifier in a folder. If the context
   * resumes and the folder has the finished result of the same pruning, that result is returned.
   * The description of an earlier fine-tuning is kept.
   *
   * @param dataset data set of the classifier's training
   * @param model the classifier
   * @param folder output folder
   * @throws DeepXrayException if the data set is another one, or a layer to prune does not exist
   * @throws IOException if something cannot be read or written
   */
  public TrainingResult prune(PreparedDataset dataset, TrainedModel model, Path folder)
      throws IOException {
    TrainedModel.Description before = model.description();
    model.requireTrainedOn(dataset, "; train again or give that data set.");
    StageManifest manifest = new StageManifest(folder, stage(dataset, model));
    if (context.resumes() && manifest.outcome(Object.class).isPresent()) {
      context.progress().note(manifest.finishedMessage());
      return new TrainingResult(TrainedModel.load(folder), 0, Double.NaN, 0, Double.NaN);
    }
    manifest.delete();
    String source = before.backboneSource() + ", pruned";
    BackboneModel backbone =
        new BackboneModel(before.architecture(), backbone(dataset, model), source);
    TrainingResult result =
        new Trainer(options.trainer(), context).train(dataset, backbone, folder);
    TrainedModel.Description description =
        result
            .model()
            .description()
            .withBackboneSha256(before.backboneSha256())
            .withFineTuning(before.fineTuning())
            .withParent(Optional.of(model.model().weights().sha256()));
    TrainedModel described = new TrainedModel(description, result.model().model());
    if (options.weights().isPresent()) {
      described = pruneHead(dataset, described, weights(before));
    }
    described.save(folder);
    manifest.write(Map.of());
    return result.with(described);
  }

  private Model backbone(PreparedDataset dataset, TrainedModel model) throws IOException {
    TrainedModel.Description before = model.description();
    RepresentativeDataset examples = new TrainingImages(dataset, options.images(), before.seed());
    Model backbone = model.backbone();
    if (options.channels().isPresent()) {
      backbone =
          new ChannelPruning(
                  options.channels().get(), context.engines(), context.cores(), context.progress())
              .prune(backbone, before.architecture().expansionBlocks(), examples)
              .model();
    }
    if (options.weights().isPresent()) {
      backbone =
          new OneShotPruning(
                  weights(before),
                  OneShotPruning.Compensation.LEAST_SQUARES,
                  context.engines(),
                  context.cores(),
                  context.progress())
              .prune(backbone, examples)
              .model();
    }
    return backbone;
  }

  private PruningSpec weights(TrainedModel.Description model) {
    return options.weights().orElseThrow().resolved(model.architecture());
  }

  /** Prunes the head and chooses calibration and thresholds again. */
  private TrainedModel pruneHead(PreparedDataset dataset, TrainedModel model, PruningSpec spec)
      throws IOException {
    TrainingSpec trainer = options.trainer();
    EmbeddingExtractor extractor = new EmbeddingExtractor(model.backbone(), context);
    Network network = model.uncalibrated().network();
    Embeddings train = extractor.extract(dataset, Split.TRAIN, List.of(View.IDENTITY)).embeddings();
    Model head = new HeadPruning(spec, context).prune(network, model.uncalibratedHead(), train);
    Model pruned = new Model(network, model.model().weights().plus(head.weights()));
    Pruner counter = Pruner.atOnce(spec, network);
    TrainedModel.Description described =
        model
            .description()
            .withPruning(
                Optional.of(
                    new TrainedModel.Pruning(
                        spec, counter.sparsity(Masks.ofZeros(pruned, counter.weights())))));
    DecisionRules.Choice choice =
        DecisionRules.choose(
            new ClassBalance(train.counts(), trainer.head().balanced()),
            Scorer.score(
                context.engines(),
                head,
                extractor
                    .extract(dataset, Split.VALIDATION, View.of(trainer.thresholdViews()))
                    .embeddings()),
            trainer);
    return TrainedModel.of(described, pruned.weights())
        .deciding(choice.calibration(), choice.rule());
  }

  private Stage stage(PreparedDataset dataset, TrainedModel model) {
    return Stage.of("pruning", options)
        .reading("data", dataset.fingerprint())
        .reading("model", model.fingerprint())
        .computedBy(context.engines())
        .writing(TrainedModel.FILES);
  }
}
