package io.github.deepxray.track;

import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Tracker of the experiment data of a run. Stages notify it of epochs as a {@link
 * TrainingListener}; the pipeline calls the other methods in this order: {@link #onOptions}, then
 * for each stage {@link #onStage} and the method of its result, {@link #onFinished} after success,
 * and {@link #close}.
 */
public interface Tracker extends TrainingListener, Closeable {
  /** Stage of head training. */
  String TRAIN = "train";

  /** Stage that prunes the backbone and trains the head again. */
  String PRUNE = "prune";

  /** Stage of fine-tuning. */
  String FINE_TUNE = "finetune";

  /** Stage of evaluation. */
  String EVALUATION = "evaluation";

  /** Notified of the options of the run, by name. */
  default void onOptions(Map<String, String> options) throws IOException {}

  /**
   * Notified before a stage; the following epochs belong to this stage.
   *
   * @param stage name of the stage, such as {@link #TRAIN}
   */
  default void onStage(String stage) throws IOException {}

  /** Notified of the classifier of a finished stage. */
  default void onTrained(TrainedModel model) throws IOException {}

  /** Notified after the evaluation. */
  default void onEvaluated(Measurement measurement) throws IOException {}

  /** Notified after the export of a bundle. */
  default void onBundle(TrackedBundle bundle) throws IOException {}

  /** Notified after success; {@link #close} without this call means a failure. */
  default void onFinished() {}

  @Override
  default void close() throws IOException {}

  /**
   * Bundle of a run.
   *
   * @param folder folder of the bundle
   * @param name name of the model
   * @param blessed whether all artifacts passed the gate
   */
  record TrackedBundle(Path folder, String name, boolean blessed) {}
}
