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
 * Notified of the stages of a pipeline, their epochs and their results, on the thread that runs
 * them. Whoever opened a listener closes it.
 */
public interface PipelineListener extends TrainingListener, Closeable {
  /** Ignores everything. */
  PipelineListener NONE = new PipelineListener() {};

  /** Notifies several listeners, in this order. */
  static PipelineListener of(List<PipelineListener> listeners) {
    return new PipelineListeners(listeners);
  }

  /** A stage begins; epochs belong to it from now on. */
  default void onStage(PipelineStage stage) throws IOException {}

  /** The data set is prepared. */
  default void onPrepared(PreparedDataset dataset) throws IOException {}

  /** The head is trained. */
  default void onTrained(Pipeline pipeline, TrainingResult result) throws IOException {}

  /** The backbone is pruned and the head trained again. */
  default void onPruned(Pipeline pipeline, TrainingResult result) throws IOException {}

  /** The backbone is fine-tuned. */
  default void onFineTuned(Pipeline pipeline, FineTuningResult result) throws IOException {}

  /** The classifier is measured. */
  default void onEvaluated(Pipeline pipeline, ModelMetrics metrics) throws IOException {}

  /** A quantized form is made. */
  default void onQuantized(QuantizationResult result) throws IOException {}

  /**
   * The bundle is written.
   *
   * @param name the model's name
   * @param verification what the gate found
   */
  default void onExported(String name, Bundle bundle, VerificationReport verification)
      throws IOException {}

  /** All went well; without this, {@link #close} means that something failed. */
  default void onFinished() throws IOException {}

  @Override
  default void close() throws IOException {}
}
