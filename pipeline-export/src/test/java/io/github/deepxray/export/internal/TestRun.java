package io.github.deepxray.export.internal;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.engine.EngineFactory;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.DatasetOptions;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.export.BundleSpec;
import io.github.deepxray.export.ModelPurpose;
import io.github.deepxray.tflite.internal.TfLiteEngineFactory;
import io.github.deepxray.train.BackboneModel;
import io.github.deepxray.train.InputGuard;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.TrainingSpec;
import io.github.deepxray.train.internal.Evaluator;
import io.github.deepxray.train.internal.Guarding;
import io.github.deepxray.train.internal.Trainer;
import io.github.deepxray.train.stage.Context;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The stages before a bundle, in a folder.
 *
 * @param out the folder
 * @param cache the folder of the embeddings
 */
record TestRun(Path out, Path cache) {
  static final EngineFactory ENGINE = new TfLiteEngineFactory();

  static TestRun in(Path out) {
    return new TestRun(out, out.resolve("cache"));
  }

  Path dataFolder() {
    return out.resolve("data");
  }

  Path trainFolder() {
    return out.resolve("train");
  }

  Path evaluationFolder() {
    return out.resolve("evaluation");
  }

  Path quantizeFolder() {
    return out.resolve("quantize");
  }

  PreparedDataset prepare(Path source, DatasetOptions options) throws IOException {
    return PreparedDataset.prepare(source, dataFolder(), options, 1, Progress.NONE);
  }

  Context context() {
    return Context.of(ENGINE, cache).withCores(1);
  }

  void train(BackboneModel backbone, TrainingSpec options) throws IOException {
    new Trainer(options, context())
        .train(PreparedDataset.open(dataFolder()), backbone, trainFolder());
  }

  void evaluate() throws IOException {
    new Evaluator(context())
        .evaluate(
            PreparedDataset.open(dataFolder()),
            TrainedModel.load(trainFolder()),
            evaluationFolder());
  }

  InputGuard guard() throws IOException {
    return new Guarding(context())
        .guard(
            PreparedDataset.open(dataFolder()),
            TrainedModel.load(trainFolder()),
            out.resolve("guard"));
  }

  Bundle export(ModelPurpose purpose, Map<String, String> config) throws IOException {
    return new BundleWriter(purpose, config, BundleSpec.DEFAULT, context())
        .write(
            TrainedModel.load(trainFolder()),
            guard(),
            PreparedDataset.open(dataFolder()),
            new BundleWriter.Stages(evaluationFolder(), quantizeFolder(), List.of(trainFolder())),
            out.resolve("bundle"));
  }
}
