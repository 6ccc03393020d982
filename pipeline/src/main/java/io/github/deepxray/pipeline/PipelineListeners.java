package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.export.BundleVerifier;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Trainer;
import io.github.deepxray.train.finetune.FineTuner;
import io.github.deepxray.train.quantize.Quantizer;
import io.github.deepxray.train.stage.EpochResult;
import java.io.IOException;
import java.util.List;

/** Several listeners as one. */
record PipelineListeners(List<PipelineListener> all) implements PipelineListener {
  /** Notifies one listener. */
  @FunctionalInterface
  private interface Event {
    void tell(PipelineListener listener) throws IOException;
  }

  private void each(Event event) throws IOException {
    for (PipelineListener listener : all) {
      event.tell(listener);
    }
  }

  @Override
  public void onTrainingBegin(String phase, int firstEpoch, int epochs) {
    all.forEach(listener -> listener.onTrainingBegin(phase, firstEpoch, epochs));
  }

  @Override
  public void onEpochEnd(EpochResult result) {
    all.forEach(listener -> listener.onEpochEnd(result));
  }

  @Override
  public void onTrainingEnd(int bestEpoch) {
    all.forEach(listener -> listener.onTrainingEnd(bestEpoch));
  }

  @Override
  public void onStage(PipelineStage stage) throws IOException {
    each(listener -> listener.onStage(stage));
  }

  @Override
  public void onPrepared(PreparedDataset dataset) throws IOException {
    each(listener -> listener.onPrepared(dataset));
  }

  @Override
  public void onTrained(Pipeline pipeline, Trainer.Result result) throws IOException {
    each(listener -> listener.onTrained(pipeline, result));
  }

  @Override
  public void onPruned(Pipeline pipeline, Trainer.Result result) throws IOException {
    each(listener -> listener.onPruned(pipeline, result));
  }

  @Override
  public void onFineTuned(Pipeline pipeline, FineTuner.Result result) throws IOException {
    each(listener -> listener.onFineTuned(pipeline, result));
  }

  @Override
  public void onEvaluated(Pipeline pipeline, ModelMetrics metrics) throws IOException {
    each(listener -> listener.onEvaluated(pipeline, metrics));
  }

  @Override
  public void onQuantized(Quantizer.Result result) throws IOException {
    each(listener -> listener.onQuantized(result));
  }

  @Override
  public void onExported(String name, Bundle bundle, BundleVerifier.Report verification)
      throws IOException {
    each(listener -> listener.onExported(name, bundle, verification));
  }

  @Override
  public void onFinished() throws IOException {
    each(PipelineListener::onFinished);
  }

  /** Closes all, even if one of them fails. */
  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (PipelineListener listener : all) {
      try {
        listener.close();
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
