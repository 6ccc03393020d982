package io.github.deepxray.train;

import io.github.deepxray.core.io.AtomicFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** Keeps the results of all epochs in a CSV file, written when training ends. */
public final class HistoryFile implements TrainingListener {
  /** Its usual name. */
  public static final String NAME = "history.csv";

  private final Path file;
  private final StringBuilder rows = new StringBuilder();

  /** Writes to this file. */
  public HistoryFile(Path file) {
    this.file = file;
  }

  @Override
  public void onTrainingBegin(String phase, int firstEpoch, int epochs) {
    rows.setLength(0);
  }

  @Override
  public void onEpochEnd(EpochResult result) {
    if (rows.isEmpty()) {
      rows.append("epoch,loss,validation_loss,validation_auc,")
          .append(result.augmented().isPresent() ? "augmented_loss,augmented_auc," : "")
          .append("learning_rate\n");
    }
    rows.append(result.epoch() + 1)
        .append(',')
        .append(result.loss())
        .append(',')
        .append(result.validationLoss())
        .append(',')
        .append(result.validationAuc())
        .append(',');
    result
        .augmented()
        .ifPresent(
            scores -> rows.append(scores.loss()).append(',').append(scores.auc()).append(','));
    rows.append(result.learningRate()).append('\n');
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
