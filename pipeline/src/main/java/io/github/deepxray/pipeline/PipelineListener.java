package io.github.deepxray.pipeline;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.export.VerificationReport;
import io.github.deepxray.train.FineTuningResult;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.QuantizationResult;
import io.github.deepxray.train.TrainingResult;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/**
 * Listener for the stages of a pipeline, their epochs and results, notified on the thread that runs
 * them. The pipeline does not close it.
 */
public interface PipelineListener extends TrainingListener, Closeable {
  /** Listener that ignores all events. */
  PipelineListener NONE = new PipelineListener() {};

  /** Returns a listener that notifies several listeners in order. */
  static PipelineListener of(List<PipelineListener> listeners) {
    return new PipelineListeners(listeners);
  }

  /** Notified before a stage; the following epochs belong to this stage. */
  default void onStage(PipelineStage stage) throws IOException {}

  /** Notified after the data set is prepared. */
  default void onPrepared(PreparedDataset dataset) throws IOException {}

  /** Notified after the head is trained. */
  default void onTrained(Pipeline pipeline, TrainingResult result) throws IOException {}

  /** Notified after the backbone is pruned and the head is trained again. */
  default void onPruned(Pipeline pipeline, TrainingResult result) throws IOException {}

  /** Notified after the backbone is fine-tuned. */
  default void onFineTuned(Pipeline pipeline, FineTuningResult result) throws IOException {}

  /** Notified after the classifier is evaluated. */
  default void onEvaluated(Pipeline pipeline, ModelMetrics metrics) throws IOException {}

  /** Notified after each quantized form. */
  default void onQuantized(QuantizationResult result) throws IOException {}

  /**
   * Notified after the bundle is written.
   *
   * @param name name of the model
   * @param verification result of the gate
   */
  default void onExported(String name, Bundle bundle, VerificationReport verification)
      throws IOException {}

  /** Notified after success; {@link #close} without this call means a failure. */
  default void onFinished() throws IOException {}

  @Override
  default void close() throws IOException {}
}
