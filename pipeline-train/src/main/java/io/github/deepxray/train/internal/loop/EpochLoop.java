package io.github.deepxray.train.internal.loop;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.train.stage.EpochResult;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.IOException;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * Epoch after epoch until there were enough or patience is at an end, with checkpoints.
 *
 * @param phase what is trained, see {@link TrainingListener}
 * @param epochs the most epochs
 * @param patience after how many epochs without a lower loss training ends, with the weights of the
 *     best epoch; 0 for never, with the weights of the last
 * @param firstCandidate the first epoch whose weights may be the result, and from which on patience
 *     counts
 * @param criterion the loss that tells which epoch is the best
 */
public record EpochLoop(
    String phase,
    int epochs,
    int patience,
    int firstCandidate,
    ToDoubleFunction<EpochResult> criterion) {

  /** What is trained. */
  public interface Training {
    /**
     * Trains for an epoch and evaluates.
     *
     * @param epoch from 0
     * @throws IOException if something cannot be read
     */
    EpochResult epoch(int epoch) throws IOException;

    /** The graph that holds the weights and whatever else training remembers. */
    TrainingGraph graph();

    /** The weights that were evaluated. */
    default Weights result() {
      return graph().result();
    }
  }

  /**
   * Trains.
   *
   * @param checkpoints keep the state, and say where to go on
   * @param listener told of every epoch
   * @return the weights that were evaluated after the best epoch, or the last
   * @throws IOException if a checkpoint or something else cannot be read or written
   * @throws io.github.deepxray.core.internal.concurrent.WorkInterruptedException if the thread is
   *     interrupted; the next training goes on from the last checkpoint
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

  /** The epoch whose weights are the result if training ends now. */
  private int resultingEpoch(Checkpoints.State state) {
    int best = patience == 0 ? -1 : state.bestEpoch(firstCandidate, criterion);
    return best < 0 ? state.epochs().size() - 1 : best;
  }

  private boolean finished(Checkpoints.State state) {
    int done = state.epochs().size();
    if (done >= epochs) {
      return true;
    }
    int best = state.bestEpoch(firstCandidate, criterion);
    return patience > 0 && best >= 0 && done - 1 - best >= patience;
  }

  /**
   * Ends a training that went astray.
   *
   * @param trained what is trained, in words
   * @param what what the value is
   * @param epoch from 0
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
