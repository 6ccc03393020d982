package io.github.deepxray.train.internal.stage;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.text.internal.Csv;
import io.github.deepxray.train.stage.EpochResult;
import io.github.deepxray.train.stage.TrainingListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Listener that writes the results of all epochs to a CSV file when training ends. */
public final class HistoryFile implements TrainingListener {
  /** Default name of the file. */
  public static final String NAME = "history.csv";

  private static final String EPOCH = "epoch";
  private static final String LOSS = "loss";
  private static final String VALIDATION_LOSS = "validation_loss";
  private static final String VALIDATION_AUC = "validation_auc";
  private static final String FRAMED_LOSS = "framed_loss";
  private static final String FRAMED_AUC = "framed_auc";
  private static final String LEARNING_RATE = "learning_rate";
  private static final String SPARSITY = "sparsity";

  private final Path file;
  private final StringBuilder rows = new StringBuilder();

  /** Creates a listener that writes to a file. */
  public HistoryFile(Path file) {
    this.file = file;
  }

  @Override
  public void onTrainingBegin(String phase, int firstEpoch, int epochs) {
    rows.setLength(0);
  }

  @Override
  public void onEpochEnd(EpochResult result) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put(EPOCH, result.epoch() + 1);
    row.put(LOSS, result.loss());
    row.put(VALIDATION_LOSS, result.validationLoss());
    row.put(VALIDATION_AUC, result.validationAuc());
    result
        .framed()
        .ifPresent(
            scores -> {
              row.put(FRAMED_LOSS, scores.loss());
              row.put(FRAMED_AUC, scores.auc());
            });
    row.put(LEARNING_RATE, result.learningRate());
    result.sparsity().ifPresent(sparsity -> row.put(SPARSITY, sparsity));
    if (rows.isEmpty()) {
      rows.append(String.join(",", row.keySet())).append('\n');
    }
    rows.append(row.values().stream().map(String::valueOf).collect(Collectors.joining(",")))
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

  /**
   * Reads a history file.
   *
   * @throws DeepXrayException if its format is wrong; the message names the line
   * @throws IOException if it cannot be read
   */
  public static List<EpochResult> read(Path file) throws IOException {
    List<EpochResult> epochs = new ArrayList<>();
    List<String> required = List.of(EPOCH, LOSS, VALIDATION_LOSS, VALIDATION_AUC, LEARNING_RATE);
    for (Map<String, String> row : Csv.rows(file, required)) {
      Row numbers = new Row(file + ", line " + (epochs.size() + 2), row);
      epochs.add(
          new EpochResult(
              numbers.whole(EPOCH) - 1,
              numbers.get(LOSS),
              numbers.get(VALIDATION_LOSS),
              numbers.get(VALIDATION_AUC),
              numbers
                  .find(FRAMED_LOSS)
                  .map(loss -> new EpochResult.Scores(loss, numbers.get(FRAMED_AUC))),
              numbers.get(LEARNING_RATE),
              numbers.find(SPARSITY)));
    }
    return epochs;
  }

  /** Values of a line. */
  private record Row(String where, Map<String, String> values) {
    double get(String column) {
      String text = values.getOrDefault(column, "");
      try {
        return Double.parseDouble(text);
      } catch (NumberFormatException e) {
        throw new DeepXrayException(where + ": " + column + " must be a number.", e);
      }
    }

    int whole(String column) {
      double number = get(column);
      if (number != (int) number) {
        throw new DeepXrayException(where + ": " + column + " must be a whole number.");
      }
      return (int) number;
    }

    Optional<Double> find(String column) {
      return values.containsKey(column) ? Optional.of(get(column)) : Optional.empty();
    }
  }
}
