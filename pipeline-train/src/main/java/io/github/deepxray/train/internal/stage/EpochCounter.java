package io.github.deepxray.train.internal.stage;

import io.github.deepxray.train.stage.EpochResult;
import io.github.deepxray.train.stage.TrainingListener;

/** Listener that counts epochs and measures the time of those trained in this run. */
public final class EpochCounter implements TrainingListener {
  private int done;
  private int resumed;
  private int timed;
  private double seconds;
  private long last;

  /** Counts from 0. */
  public EpochCounter() {}

  @Override
  public void onTrainingBegin(String phase, int firstEpoch, int epochs) {
    resumed = firstEpoch;
    last = System.nanoTime();
  }

  @Override
  public void onEpochEnd(EpochResult result) {
    long now = System.nanoTime();
    done = result.epoch() + 1;
    if (result.epoch() >= resumed) {
      timed++;
      seconds += (now - last) / 1e9;
    }
    last = now;
  }

  /** Number of finished epochs, including those before a resumption. */
  public int done() {
    return done;
  }

  /** Mean seconds of an epoch of this run; NaN if there was none. */
  public double epochSeconds() {
    return timed == 0 ? Double.NaN : seconds / timed;
  }
}
