package io.github.deepxray.train.internal.loop;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.weights.Safetensors;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.train.stage.Context;
import io.github.deepxray.train.stage.EpochResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * Checkpoints of a training on disk: weights, optimizer slots, best weights and results of the
 * epochs, in one folder that is replaced atomically.
 */
public final class Checkpoints {
  private static final String STATE = "state.json";
  private static final String CURRENT = "current.safetensors";
  private static final String BEST = "best.safetensors";
  private static final String SLOTS = "optimizer.safetensors";

  /** No checkpoints. */
  public static final Checkpoints NONE = new Checkpoints();

  private final Optional<Path> folder;
  private final String fingerprint;
  private final int every;
  private final boolean resumes;

  private Checkpoints() {
    folder = Optional.empty();
    fingerprint = "";
    every = 1;
    resumes = false;
  }

  /**
   * Creates checkpoints in a folder.
   *
   * @param folder folder of the checkpoint
   * @param fingerprint fingerprint of the training; a checkpoint with another fingerprint is not
   *     resumed
   * @param context execution context with the checkpoint interval and whether to resume
   */
  public Checkpoints(Path folder, String fingerprint, Context context) {
    this.folder = Optional.of(folder);
    this.fingerprint = fingerprint;
    every = context.checkpointEvery();
    resumes = context.resumes();
  }

  /**
   * Progress of training.
   *
   * @param epochs results of the finished epochs
   */
  public record State(List<EpochResult> epochs) {
    /** State before the first epoch. */
    public static final State START = new State(List.of());

    /** Copies the list. */
    public State {
      epochs = List.copyOf(epochs);
    }

    /** Returns the state after another epoch. */
    public State plus(EpochResult result) {
      List<EpochResult> all = new ArrayList<>(epochs);
      all.add(result);
      return new State(all);
    }

    /**
     * Returns the first epoch with the lowest loss; -1 if there is none.
     *
     * @param from first epoch to consider
     * @param criterion loss of an epoch
     */
    public int bestEpoch(int from, ToDoubleFunction<EpochResult> criterion) {
      int best = -1;
      for (int e = from; e < epochs.size(); e++) {
        if (best < 0
            || criterion.applyAsDouble(epochs.get(e)) < criterion.applyAsDouble(epochs.get(best))) {
          best = e;
        }
      }
      return best;
    }
  }

  /** JSON form of {@link State}. */
  record Saved(String fingerprint, List<EpochResult> epochs) {
    Saved {
      epochs = List.copyOf(epochs);
    }
  }

  /**
   * Restored checkpoint.
   *
   * @param state progress of training
   * @param current weights after the last epoch
   * @param best best weights so far
   * @param slots optimizer slots and other variables of training
   */
  public record Restored(State state, Weights current, Weights best, Weights slots) {}

  /** Whether a checkpoint is due after a number of epochs. */
  public boolean due(int done, int epochs) {
    return folder.isPresent() && (done % every == 0 || done == epochs);
  }

  /**
   * Replaces the last checkpoint.
   *
   * @throws IOException if the checkpoint cannot be written; the last one is then kept
   */
  public void save(State state, Weights current, Weights best, Weights slots) throws IOException {
    AtomicFiles.writeFolder(
        folder.orElseThrow(),
        partial -> {
          Json.write(partial.resolve(STATE), new Saved(fingerprint, state.epochs()));
          Safetensors.write(partial.resolve(CURRENT), current);
          Safetensors.write(partial.resolve(BEST), best);
          Safetensors.write(partial.resolve(SLOTS), slots);
        });
  }

  /**
   * Reads the last checkpoint of this training, if it exists and training may be resumed.
   *
   * @throws DeepXrayException if it is damaged
   * @throws IOException if it cannot be read
   */
  public Optional<Restored> restore() throws IOException {
    return resumes ? restore(folder.orElseThrow()) : Optional.empty();
  }

  private Optional<Restored> restore(Path folder) throws IOException {
    Path state = folder.resolve(STATE);
    if (!Files.exists(state)) {
      return Optional.empty();
    }
    try {
      Saved saved = Json.read(state, Saved.class, "train again");
      if (!saved.fingerprint().equals(fingerprint)) {
        return Optional.empty();
      }
      return Optional.of(
          new Restored(
              new State(saved.epochs()),
              Safetensors.read(folder.resolve(CURRENT)),
              Safetensors.read(folder.resolve(BEST)),
              Safetensors.read(folder.resolve(SLOTS))));
    } catch (DeepXrayException e) {
      throw new DeepXrayException(
          ("The checkpoint in %s cannot be read (%s); remove that folder or start anew with "
                  + "--no-resume.")
              .formatted(folder, e.getMessage()),
          e);
    }
  }
}
