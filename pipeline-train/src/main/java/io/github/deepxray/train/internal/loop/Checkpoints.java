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
 * The state of a training on disk: weights, what the optimizer remembers, the best weights so far
 * and the epochs' results, in one folder that is replaced as a whole.
 */
public final class Checkpoints {
  private static final String STATE = "state.json";
  private static final String CURRENT = "current.safetensors";
  private static final String BEST = "best.safetensors";
  private static final String SLOTS = "optimizer.safetensors";

  /** Keeps nothing. */
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
   * Keeps checkpoints in a folder.
   *
   * @param folder where
   * @param fingerprint whatever the training depends on; a checkpoint of another one is not resumed
   * @param context says how often to write one, and whether to go on from what is there
   */
  public Checkpoints(Path folder, String fingerprint, Context context) {
    this.folder = Optional.of(folder);
    this.fingerprint = fingerprint;
    every = context.checkpointEvery();
    resumes = context.resumes();
  }

  /**
   * How far training is.
   *
   * @param epochs the results of the epochs done
   */
  public record State(List<EpochResult> epochs) {
    /** Before the first epoch. */
    public static final State START = new State(List.of());

    /** Copies the list. */
    public State {
      epochs = List.copyOf(epochs);
    }

    /** One epoch later. */
    public State plus(EpochResult result) {
      List<EpochResult> all = new ArrayList<>(epochs);
      all.add(result);
      return new State(all);
    }

    /**
     * The first epoch with the lowest loss; -1 if none counts yet.
     *
     * @param from the first epoch that counts
     * @param criterion the loss that counts
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

  /** The file form of {@link State}. */
  record Saved(String fingerprint, List<EpochResult> epochs) {
    Saved {
      epochs = List.copyOf(epochs);
    }
  }

  /**
   * A state with its tensors.
   *
   * @param state how far training is
   * @param current the weights after the last epoch
   * @param best the weights to end with if no epoch is better than those done
   * @param slots whatever else training remembers
   */
  public record Restored(State state, Weights current, Weights best, Weights slots) {}

  /** Whether to write a checkpoint after so many of so many epochs. */
  public boolean due(int done, int epochs) {
    return folder.isPresent() && (done % every == 0 || done == epochs);
  }

  /**
   * Writes a checkpoint, which is due, in the place of the last one.
   *
   * @throws IOException if it cannot be written; the last one is then still there
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
   * Reads the last checkpoint of this training, if there is one and training may be resumed.
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
