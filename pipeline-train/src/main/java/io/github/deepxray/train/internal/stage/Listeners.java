package io.github.deepxray.train.internal.stage;

import io.github.deepxray.train.stage.EpochResult;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/**
 * Several listeners of one kind as one, notified in their order.
 *
 * @param <T> the kind
 */
public abstract class Listeners<T extends TrainingListener & Closeable>
    implements TrainingListener, Closeable {
  private final List<T> all;

  /** Notifies these listeners. */
  protected Listeners(List<T> all) {
    this.all = List.copyOf(all);
  }

  /** The listeners, in their order. */
  protected final List<T> all() {
    return all;
  }

  /** Notifies one listener. */
  @FunctionalInterface
  protected interface Event<T> {
    /** Notifies it. */
    void tell(T listener) throws IOException;
  }

  /** Notifies each listener. */
  protected final void each(Event<T> event) throws IOException {
    for (T listener : all) {
      event.tell(listener);
    }
  }

  @Override
  public final void onTrainingBegin(String phase, int firstEpoch, int epochs) {
    all.forEach(listener -> listener.onTrainingBegin(phase, firstEpoch, epochs));
  }

  @Override
  public final void onEpochEnd(EpochResult result) {
    all.forEach(listener -> listener.onEpochEnd(result));
  }

  @Override
  public final void onTrainingEnd(int bestEpoch) {
    all.forEach(listener -> listener.onTrainingEnd(bestEpoch));
  }

  /** Closes all, even if one of them fails. */
  @Override
  public final void close() throws IOException {
    IOException failure = null;
    for (T listener : all) {
      try {
        listener.close();
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
