package io.github.deepxray.cli;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.export.VerificationReport;
import io.github.deepxray.pipeline.Pipeline;
import io.github.deepxray.pipeline.PipelineListener;
import io.github.deepxray.train.FineTuningResult;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.QuantizationResult;
import io.github.deepxray.train.TrainingResult;
import java.io.IOException;

/** Listener that prints the result of each stage. */
record ResultPrinter(CommonOptions common) implements PipelineListener {
  @Override
  public void onPrepared(PreparedDataset dataset) {
    common.print(dataset.table() + "\n");
  }

  @Override
  public void onTrained(Pipeline pipeline, TrainingResult result) throws IOException {
    common.print(Reports.training(result, pipeline.dataset().manifest().profile()) + "\n");
  }

  @Override
  public void onPruned(Pipeline pipeline, TrainingResult result) throws IOException {
    common.print(Reports.pruning(result, pipeline.dataset().manifest().profile()) + "\n");
  }

  @Override
  public void onFineTuned(Pipeline pipeline, FineTuningResult result) {
    common.print(Reports.fineTuning(result) + "\n");
  }

  @Override
  public void onEvaluated(Pipeline pipeline, ModelMetrics metrics) {
    common.print(Reports.metrics(metrics));
  }

  @Override
  public void onQuantized(QuantizationResult result) {
    common.print(result + "\n\n");
  }

  @Override
  public void onExported(String name, Bundle bundle, VerificationReport verification) {
    common.print(Reports.verification(bundle, verification) + Reports.page(bundle));
  }
}
