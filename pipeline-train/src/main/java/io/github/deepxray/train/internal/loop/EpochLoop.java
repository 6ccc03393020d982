package io.github.deepxray.train.internal.loop;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.train.stage.EpochResult;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.IOException;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * Training loop over epochs with early stopping and checkpoints.
 *
 * @param phase phase of training, see {@link TrainingListener}
 * @param epochs maximum number of epochs
 * @param patience number of epochs without a lower loss after which training stops and the best
 *     weights are kept; 0 to train all epochs and keep the last weights
 * @param firstCandidate first epoch whose weights may be the result, and from which patience counts
 * @param criterion loss that selects the best epoch
 */
public record EpochLoop(
    String phase,
    int epochs,
    int patience,
    int firstCandidate,
    ToDoubleFunction<EpochResult> criterion) {

  /** Training of one epoch. */
  public interface Training {
    /**
     * Trains for an epoch and evaluates.
     *
     * @param epoch number of the epoch, from 0
     * @throws IOException if something cannot be read
     */
    EpochResult epoch(int epoch) throws IOException;

    /** Graph with the weights and the optimizer slots. */
    TrainingGraph graph();

    /** Evaluated weights. */
    default Weights result() {
      return graph().result();
    }
  }

  /**
   * Trains.
   *
   * @param checkpoints checkpoints to write, and to resume from
   * @param listener notified after each epoch
   * @return weights of the best epoch, or of the last one
   * @throws IOException if a checkpoint or something else cannot be read or written
   * @throws io.github.deepxray.core.internal.concurrent.WorkInterruptedException if the thread is
   *     interrupted; the next training resumes from the last checkpoint
   */
  public Weights run(Training training, Checkpoints checkpoints, TrainingListener listener)
      throws IOException {
    Checkpoints.State state = Checkpoints.State.START;
    Weights best = Weights.empty();
    Optional<Checkpoints.Restored> restored = checkpoints.restore();
    if (restored.isPresent()) {
      state = restored.get().state();
      best = restored.get().best();
      training.graph().restore(restored.get().current(), restored.get().slots());
    }
    listener.onTrainingBegin(phase, state.epochs().size(), epochs);
    state.epochs().forEach(listener::onEpochEnd);
    while (!finished(state)) {
      int epoch = state.epochs().size();
      EpochResult result = training.epoch(epoch);
      state = state.plus(result);
      listener.onEpochEnd(result);
      if (resultingEpoch(state) == epoch) {
        best = training.result();
      }
      if (checkpoints.due(epoch + 1, epochs)) {
        checkpoints.save(state, training.graph().current(), best, training.graph().slots());
      }
    }
    listener.onTrainingEnd(resultingEpoch(state));
    return best;
  }

  /** Returns the epoch whose weights are the result if training stops now. */
  private int resultingEpoch(Checkpoints.State state) {
    int best = patience == 0 ? -1 : state.bestEpoch(firstCandidate, criterion);
    return best < 0 ? state.epochs().size() - 1 : best;
  }

  private boolean finished(Checkpoints.State state) {
    int done = state.epochs().size();
    if (done >= epochs) {
      return true;
    }
    if (patience == 0) {
      return false;
    }
    int best = state.bestEpoch(firstCandidate, criterion);
    return best >= 0 && done - 1 - best >= patience;
  }

  /**
   * Stops a diverged training.
   *
   * @param trained what is trained, for the message
   * @param what name of the value, for the message
   * @param epoch number of the epoch, from 0
   * @throws DeepXrayException if the value is infinite or not a number
   */
  public static void requireFinite(double value, String trained, String what, int epoch) {
    if (!Double.isFinite(value)) {
      throw new DeepXrayException(
          "Training %s diverged in epoch %s: the %s is %s. Lower the learning rate."
              .formatted(trained, epoch + 1, what, value));
    }
  }
}
