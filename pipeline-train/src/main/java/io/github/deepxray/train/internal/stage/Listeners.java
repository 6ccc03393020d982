package io.github.deepxray.train.internal.stage;

import io.github.deepxray.train.stage.EpochResult;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/**
 * Listener that notifies several listeners in order.
 *
 * @param <T> type of the listeners
 */
public abstract class Listeners<T extends TrainingListener & Closeable>
    implements TrainingListener, Closeable {
  private final List<T> all;

  /** Creates a listener that notifies other listeners. */
  protected Listeners(List<T> all) {
    this.all = List.copyOf(all);
  }

  /** Listeners, in order. */
  protected final List<T> all() {
    return all;
  }

  /** Notification of one listener. */
  @FunctionalInterface
  protected interface Event<T> {
    /** Notifies the listener. */
    void deliver(T listener) throws IOException;
  }

  /** Notifies each listener. */
  protected final void each(Event<T> event) throws IOException {
    for (T listener : all) {
      event.deliver(listener);
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
