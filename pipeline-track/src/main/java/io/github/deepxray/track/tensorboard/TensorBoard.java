package io.github.deepxray.track.tensorboard;

import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.track.EpochNumbers;
import io.github.deepxray.track.Measurement;
import io.github.deepxray.track.Tracker;
import io.github.deepxray.train.EpochResult;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.embedding.Embeddings;
import io.github.deepxray.train.embedding.Matrix;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;

/**
 * Writes event files for TensorBoard. Each stage is a run of its own, a folder below the given one:
 *
 * <ul>
 *   <li>{@code train}, {@code prune}, {@code finetune}: the numbers of each epoch as scalars below
 *       {@code epoch/}, the step being the epoch from 1; at the end a histogram of each tensor
 *       below {@code weights/}
 *   <li>{@code evaluation}: the metrics of each split as scalars, its precision-recall curve,
 *       histograms of its embeddings by class below {@code embeddings/}, its worst mistakes as
 *       images below {@code missed_<split>/} and {@code false_alarms_<split>/}, and the options as
 *       hyper-parameters of a session whose metrics are these scalars
 * </ul>
 *
 * <p>A stage that runs again replaces its own run. A file's name and events hold the clock's time;
 * everything else in them is the same for the same run.
 */
public final class TensorBoard implements Tracker {
  /** The name of the folder beside those of the stages. */
  public static final String FOLDER = "tensorboard";

  private static final int MOST_MISTAKES = 12;

  private final Path folder;
  private final Clock clock;
  private Map<String, String> options = Map.of();
  private Optional<EventFile> file = Optional.empty();
  private long step;

  /**
   * Writes below a folder; nothing is created before the first stage.
   *
   * @param clock what time the events get
   */
  public TensorBoard(Path folder, Clock clock) {
    this.folder = folder;
    this.clock = clock;
  }

  /**
   * Removes what earlier stages left: it would not belong to another training.
   *
   * @throws IOException if a file cannot be removed
   */
  public void forget() throws IOException {
    for (String stage : List.of(TRAIN, PRUNE, FINE_TUNE, EVALUATION)) {
      EventFile.remove(folder.resolve(stage));
    }
  }

  @Override
  public void onOptions(Map<String, String> all) {
    options = Map.copyOf(all);
  }

  @Override
  public void onStage(String stage) throws IOException {
    close();
    file = Optional.of(EventFile.create(folder.resolve(stage), clock));
    step = 0;
  }

  @Override
  public void onEpochEnd(EpochResult result) {
    step = result.epoch() + 1L;
    try {
      for (Map.Entry<String, Double> number : EpochNumbers.of(result).entrySet()) {
        events().scalar("epoch/" + number.getKey(), step, number.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void onTrained(TrainedModel model) throws IOException {
    Map<String, Tensor> weights = new TreeMap<>(model.model().weights().asMap());
    for (Map.Entry<String, Tensor> tensor : weights.entrySet()) {
      events()
          .histogram(
              "weights/" + tensor.getKey(), step, Histograms.of(tensor.getValue().toFloats()));
    }
  }

  @Override
  public void onEvaluated(Measurement measurement) throws IOException {
    hyperParameters(HyperParameters.START);
    for (Split split : measurement.splits()) {
      for (Map.Entry<String, Double> number : measurement.numbers(split).entrySet()) {
        events().scalar(number.getKey(), 0, number.getValue());
      }
      Predictions predictions = measurement.predictions().get(split);
      if (predictions == null) {
        // Of more than two classes there is no curve of the positive one.
        continue;
      }
      List<ScoredExample> examples = predictions.examples();
      events()
          .tensor(
              "pneumonia/" + split.key(),
              0,
              PrCurve.PLUGIN,
              PrCurve.content(),
              "Pneumonia in the " + split.key() + " split.",
              PrCurve.shape(),
              PrCurve.matrix(examples));
      mistakes(measurement, split, examples);
    }
    for (Map.Entry<Split, Embeddings> entry : measurement.embeddings().entrySet()) {
      embeddings(entry.getKey(), entry.getValue());
    }
    hyperParameters(HyperParameters.END);
  }

  private void hyperParameters(String tag) throws IOException {
    events()
        .tensor(
            tag,
            0,
            HyperParameters.PLUGIN,
            tag.equals(HyperParameters.START)
                ? HyperParameters.start(options, clock.instant())
                : HyperParameters.end(clock.instant()),
            "",
            List.of(0),
            TensorProto.newBuilder().setDtype(DataType.DT_FLOAT));
  }

  private void mistakes(Measurement measurement, Split split, List<ScoredExample> examples)
      throws IOException {
    double threshold = measurement.metrics().threshold().orElseThrow();
    Mistakes mistakes =
        Mistakes.find(measurement.dataset(), split, examples, threshold, MOST_MISTAKES);
    images("missed_" + split.key(), mistakes.missed());
    images("false_alarms_" + split.key(), mistakes.falseAlarms());
  }

  private void images(String group, List<Mistakes.Mistake> mistakes) throws IOException {
    for (int i = 0; i < mistakes.size(); i++) {
      Mistakes.Mistake mistake = mistakes.get(i);
      String file = mistake.example().id();
      events()
          .image(
              String.format(
                  Locale.ROOT,
                  "%s/%02d p=%.4f %s",
                  group,
                  i + 1,
                  mistake.example().probability(),
                  file.substring(file.lastIndexOf('/') + 1)),
              0,
              mistake.image().image(),
              mistake.image().height(),
              mistake.image().width(),
              mistake.image().decode().isGrey());
    }
  }

  private void embeddings(Split split, Embeddings embeddings) throws IOException {
    Matrix features = embeddings.views().get(0);
    Map<String, List<Integer>> rows = new TreeMap<>();
    for (String slice :
        embeddings.images().stream().map(Embeddings.Image::slice).distinct().toList()) {
      rows.put(
          slice,
          IntStream.range(0, features.rows())
              .filter(row -> embeddings.images().get(row).slice().equals(slice))
              .boxed()
              .toList());
    }
    for (Map.Entry<String, List<Integer>> slice : rows.entrySet()) {
      float[] values = new float[slice.getValue().size() * features.columns()];
      int offset = 0;
      for (int row : slice.getValue()) {
        features.copyRow(row, values, offset);
        offset += features.columns();
      }
      events()
          .histogram("embeddings/" + split.key() + "_" + slice.getKey(), 0, Histograms.of(values));
    }
  }

  private EventFile events() {
    return file.orElseThrow(() -> new IllegalStateException("no stage has begun"));
  }

  @Override
  public void close() throws IOException {
    if (file.isPresent()) {
      file.get().close();
      file = Optional.empty();
    }
  }
}
