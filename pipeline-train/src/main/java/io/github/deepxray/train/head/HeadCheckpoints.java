package io.github.deepxray.train.head;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.core.io.Json;
import io.github.deepxray.core.weights.FloatTensor;
import io.github.deepxray.core.weights.Safetensors;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.tensorflow.Tensors;
import io.github.deepxray.train.EpochResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;

/**
 * The state of a head's training on disk: weights, what the optimizer remembers, the best weights
 * so far and the epochs' results, in one folder that is replaced as a whole.
 */
public final class HeadCheckpoints {
  private static final String STATE = "state.json";
  private static final String CURRENT = "current.safetensors";
  private static final String BEST = "best.safetensors";
  private static final String SLOTS = "optimizer.safetensors";

  private final Path folder;
  private final String fingerprint;
  private final int every;
  private final boolean resume;

  /**
   * Keeps checkpoints in a folder.
   *
   * @param folder where
   * @param fingerprint whatever the training depends on; a checkpoint of another one is not resumed
   * @param every after how many epochs to write one
   * @param resume whether to go on from what is there; otherwise training starts anew
   */
  public HeadCheckpoints(Path folder, String fingerprint, int every, boolean resume) {
    requireInterval(every);
    this.folder = folder;
    this.fingerprint = fingerprint;
    this.every = every;
    this.resume = resume;
  }

  /**
   * Checks after how many epochs to write a checkpoint.
   *
   * @throws DeepXrayException if that is less than 1
   */
  public static void requireInterval(int every) {
    if (every < 1) {
      throw new DeepXrayException(
          "A checkpoint can be written every 1, 2 or more epochs, not every " + every + ".");
    }
  }

  /**
   * How far training is.
   *
   * @param epochs the results of the epochs done
   */
  record State(List<EpochResult> epochs) {
    static final State START = new State(List.of());

    State {
      epochs = List.copyOf(epochs);
    }

    State plus(EpochResult result) {
      List<EpochResult> all = new ArrayList<>(epochs);
      all.add(result);
      return new State(all);
    }

    /** The first epoch with the lowest validation loss; -1 before the first. */
    int bestEpoch() {
      int best = -1;
      for (int e = 0; e < epochs.size(); e++) {
        if (best < 0 || epochs.get(e).validationLoss() < epochs.get(best).validationLoss()) {
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

  /** A state with its tensors. */
  record Restored(State state, Weights current, Weights best, Weights slots) {}

  boolean due(int done, int epochs) {
    return done % every == 0 || done == epochs;
  }

  void save(State state, Weights current, Weights best, Weights slots) throws IOException {
    AtomicFiles.writeFolder(
        folder,
        partial -> {
          Json.write(partial.resolve(STATE), new Saved(fingerprint, state.epochs()));
          Safetensors.write(partial.resolve(CURRENT), current);
          Safetensors.write(partial.resolve(BEST), best);
          Safetensors.write(partial.resolve(SLOTS), slots);
        });
  }

  Optional<Restored> restore() throws IOException {
    Path state = folder.resolve(STATE);
    if (!resume || !Files.exists(state)) {
      return Optional.empty();
    }
    try {
      Saved saved = Json.read(state, Saved.class);
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
          "The checkpoint in "
              + folder
              + " cannot be read ("
              + e.getMessage()
              + "); remove that folder or start anew with --no-resume.",
          e);
    }
  }

  /** What an optimizer remembers, read from a session and put back. */
  static final class Slots {
    private final Map<String, Operand<TFloat32>> values = new LinkedHashMap<>();
    private final Map<String, Placeholder<TFloat32>> fed = new LinkedHashMap<>();
    private final List<Op> assigns = new ArrayList<>();

    Slots(Ops tf, Map<String, Variable<?>> slots) {
      slots.forEach(
          (name, variable) -> {
            Operand<TFloat32> value = floats(variable);
            Placeholder<TFloat32> placeholder =
                tf.placeholder(TFloat32.class, Placeholder.shape(value.shape()));
            values.put(name, value);
            fed.put(name, placeholder);
            assigns.add(tf.assign(value, placeholder));
          });
    }

    // The framework keeps its slots by name and forgets their type; those of a head are floats.
    @SuppressWarnings("unchecked")
    private static Operand<TFloat32> floats(Variable<?> variable) {
      return (Operand<TFloat32>) (Operand<?>) variable;
    }

    Weights read(Session session) {
      Session.Runner runner = session.runner();
      values.values().forEach(runner::fetch);
      Weights.Builder weights = Weights.builder();
      try (Result result = runner.run()) {
        int i = 0;
        for (Map.Entry<String, Operand<TFloat32>> slot : values.entrySet()) {
          float[] floats = Tensors.toFloats(result.get(i++));
          Shape shape = slot.getValue().shape();
          List<Integer> dimensions = new ArrayList<>();
          for (long dimension : shape.asArray()) {
            dimensions.add((int) dimension);
          }
          weights.put(slot.getKey(), FloatTensor.of(floats, dimensions));
        }
      }
      return weights.build();
    }

    void assign(Session session, Weights weights) {
      Session.Runner runner = session.runner();
      List<TFloat32> tensors = new ArrayList<>();
      try {
        fed.forEach(
            (name, placeholder) -> {
              TFloat32 tensor = Tensors.of(weights.floats(name), placeholder.shape());
              tensors.add(tensor);
              runner.feed(placeholder, tensor);
            });
        assigns.forEach(runner::addTarget);
        runner.run().close();
      } finally {
        tensors.forEach(TFloat32::close);
      }
    }
  }
}
