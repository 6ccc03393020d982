package io.github.deepxray.track;

import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Keeps what happens in a run. The stages tell it of their epochs as a {@link TrainingListener};
 * whoever runs the stages tells it everything else, in this order: {@link #onOptions}, then for
 * each stage {@link #onStage} and its result, {@link #onFinished} if all went well, and {@link
 * #close}.
 */
public interface Tracker extends TrainingListener, Closeable {
  /** The stage that trains the head. */
  String TRAIN = "train";

  /** The stage that prunes the backbone and trains the head again. */
  String PRUNE = "prune";

  /** The stage that trains the backbone. */
  String FINE_TUNE = "finetune";

  /** The stage that measures. */
  String EVALUATION = "evaluation";

  /** The options that made whatever follows, by name. */
  default void onOptions(Map<String, String> options) throws IOException {}

  /**
   * A stage begins; epochs belong to it from now on.
   *
   * @param stage its name, such as {@link #TRAIN}
   */
  default void onStage(String stage) throws IOException {}

  /** The stage ended with this classifier. */
  default void onTrained(TrainedModel model) throws IOException {}

  /** The classifier was measured. */
  default void onEvaluated(Measurement measurement) throws IOException {}

  /** There is a bundle. */
  default void onBundle(TrackedBundle bundle) throws IOException {}

  /** All went well; without this, {@link #close} means that something failed. */
  default void onFinished() {}

  @Override
  default void close() throws IOException {}

  /**
   * The bundle that a run came to.
   *
   * @param folder where it is
   * @param name what the model is called
   * @param blessed whether the gate let every artifact through
   */
  record TrackedBundle(Path folder, String name, boolean blessed) {}
}
