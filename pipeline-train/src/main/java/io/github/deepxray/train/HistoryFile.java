package io.github.deepxray.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.core.io.Csv;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

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

  /** A line without augmented views. */
  private record Line(
      int epoch,
      double loss,
      @JsonProperty("validation_loss") double validationLoss,
      @JsonProperty("validation_auc") double validationAuc,
      @JsonProperty("learning_rate") double learningRate) {}

  /** A line with them. */
  private record AugmentedLine(
      int epoch,
      double loss,
      @JsonProperty("validation_loss") double validationLoss,
      @JsonProperty("validation_auc") double validationAuc,
      @JsonProperty("augmented_loss") double augmentedLoss,
      @JsonProperty("augmented_auc") double augmentedAuc,
      @JsonProperty("learning_rate") double learningRate) {}

  /**
   * Reads such a file.
   *
   * @throws io.github.deepxray.core.DeepXrayException if it is none; the message names the line
   * @throws IOException if it cannot be read
   */
  public static List<EpochResult> read(Path file) throws IOException {
    return Csv.hasHeader(file, AugmentedLine.class)
        ? Csv.read(file, AugmentedLine.class).stream()
            .map(
                l ->
                    new EpochResult(
                        l.epoch - 1,
                        l.loss,
                        l.validationLoss,
                        l.validationAuc,
                        Optional.of(new EpochResult.Scores(l.augmentedLoss, l.augmentedAuc)),
                        l.learningRate))
            .toList()
        : Csv.read(file, Line.class).stream()
            .map(
                l ->
                    new EpochResult(
                        l.epoch - 1,
                        l.loss,
                        l.validationLoss,
                        l.validationAuc,
                        Optional.empty(),
                        l.learningRate))
            .toList();
  }
}
