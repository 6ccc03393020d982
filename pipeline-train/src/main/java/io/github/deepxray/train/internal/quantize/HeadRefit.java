package io.github.deepxray.train.internal.quantize;

import io.github.deepxray.core.network.Model;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.optimize.internal.quantize.Calibration;
import io.github.deepxray.optimize.internal.quantize.IntegerQuantization;
import io.github.deepxray.optimize.internal.quantize.ModelQuantization;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.internal.DecisionRules;
import io.github.deepxray.train.internal.Scorer;
import io.github.deepxray.train.internal.embedding.EmbeddingExtractor;
import io.github.deepxray.train.internal.embedding.View;
import io.github.deepxray.train.internal.head.HeadNetworks;
import io.github.deepxray.train.internal.head.HeadPruning;
import io.github.deepxray.train.internal.head.HeadTrainer;
import io.github.deepxray.train.internal.stage.ClassBalance;
import io.github.deepxray.train.recipe.HeadSpec;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.IOException;
import java.util.Optional;

/** Training of the head on the features of the quantized backbone. */
final class HeadRefit {
  private final QuantizerRun run;
  private final QuantizationSpec spec;
  private final TrainedModel trained;

  HeadRefit(QuantizerRun run, QuantizationSpec spec) {
    this.run = run;
    this.spec = spec;
    trained = run.trained();
  }

  /** Returns the quantized backbone with the refitted head. */
  Model refit(IntegerQuantization pass, Model quantized) throws IOException {
    Model backbone = quantized.cutAt(trained.features());
    Model joint =
        new ModelQuantization(spec).prepare(run.guarded(trained.backbone().then(head(backbone))));
    // The ranges of the backbone are unchanged, and a float head needs none.
    IntegerQuantization ranged = pass;
    if (spec.integerHead()) {
      Calibration ranges = run.calibrate(joint);
      ranged =
          new ModelQuantization(spec)
              .integerQuantization(joint, ranges)
              .withFloatLayers(pass.floatLayers());
    }
    Model requantized = ranged.apply(joint);
    // Keep the backbone on which the head was trained: its biases may have been corrected.
    return new Model(
        requantized.network(),
        requantized.weights().plus(backbone.weights()),
        requantized.quantization());
  }

  private Model head(Model backbone) throws IOException {
    HeadSpec head = trained.description().head();
    EmbeddingExtractor extractor = new EmbeddingExtractor(backbone, run.integers());
    Embeddings train = extractor.extract(run.dataset(), Split.TRAIN, View.of(head)).embeddings();
    Embeddings validation =
        extractor.extract(run.dataset(), Split.VALIDATION, View.validation()).embeddings();
    Model fitted =
        new HeadTrainer(
                head,
                trained.description().seed(),
                run.context().withListener(TrainingListener.NONE))
            .train(train, validation);
    Optional<TrainedModel.Pruning> pruning = trained.description().pruning();
    return calibrated(
        pruning.isEmpty()
            ? fitted
            : new HeadPruning(pruning.get().spec(), run.context())
                .prune(trained.uncalibrated().network(), fitted, train),
        train,
        validation);
  }

  /** Returns the head with calibrated probabilities, if those of the trained classifier are. */
  private Model calibrated(Model head, Embeddings train, Embeddings validation) {
    TrainingSpec targets = TrainingSpec.of(trained.description());
    DecisionRules.Choice choice =
        DecisionRules.choose(
            new ClassBalance(train.counts(), targets.head().balanced()),
            Scorer.score(run.context().engines(), head, validation, targets.thresholdViews()),
            targets);
    return new Model(
        HeadNetworks.inference(
            targets.head(),
            train.dimension(),
            train.classes(),
            choice.calibration().slope(),
            choice.calibration().offset()),
        head.weights());
  }
}
