package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.export.VerificationReport;
import io.github.deepxray.train.FineTuningResult;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.QuantizationResult;
import io.github.deepxray.train.TrainingResult;
import io.github.deepxray.train.internal.stage.Listeners;
import java.io.IOException;
import java.util.List;

/** Listener that notifies several listeners. */
final class PipelineListeners extends Listeners<PipelineListener> implements PipelineListener {
  PipelineListeners(List<PipelineListener> all) {
    super(all);
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
  public void onTrained(Pipeline pipeline, TrainingResult result) throws IOException {
    each(listener -> listener.onTrained(pipeline, result));
  }

  @Override
  public void onPruned(Pipeline pipeline, TrainingResult result) throws IOException {
    each(listener -> listener.onPruned(pipeline, result));
  }

  @Override
  public void onFineTuned(Pipeline pipeline, FineTuningResult result) throws IOException {
    each(listener -> listener.onFineTuned(pipeline, result));
  }

  @Override
  public void onEvaluated(Pipeline pipeline, ModelMetrics metrics) throws IOException {
    each(listener -> listener.onEvaluated(pipeline, metrics));
  }

  @Override
  public void onQuantized(QuantizationResult result) throws IOException {
    each(listener -> listener.onQuantized(result));
  }

  @Override
  public void onExported(String name, Bundle bundle, VerificationReport verification)
      throws IOException {
    each(listener -> listener.onExported(name, bundle, verification));
  }

  @Override
  public void onFinished() throws IOException {
    each(PipelineListener::onFinished);
  }
}
