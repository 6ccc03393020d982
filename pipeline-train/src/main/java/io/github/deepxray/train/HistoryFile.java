package io.github.deepxray.train;

import io.github.deepxray.core.io.AtomicFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** Keeps the results of all epochs in a CSV file, written when training ends. */
public final class HistoryFile implements TrainingListener {
  private static final String HEADER = "epoch,loss,validation_loss,validation_auc,learning_rate\n";

  private final Path file;
  private final StringBuilder rows = new StringBuilder(HEADER);

  /** Writes to this file. */
  public HistoryFile(Path file) {
    this.file = file;
  }

  @Override
  public void onEpochEnd(EpochResult result) {
    rows.append(result.epoch() + 1)
        .append(',')
        .append(result.loss())
        .append(',')
        .append(result.validationLoss())
        .append(',')
        .append(result.validationAuc())
        .append(',')
        .append(result.learningRate())
        .append('\n');
  }

  @Override
  public void onTrainingEnd(int bestEpoch) {
    try {
      AtomicFiles.write(file, rows.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
