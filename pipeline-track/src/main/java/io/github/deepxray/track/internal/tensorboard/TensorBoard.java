package io.github.deepxray.track.internal.tensorboard;

import io.github.deepxray.core.metrics.Decision;
import io.github.deepxray.core.metrics.ScoredExample;
import io.github.deepxray.core.metrics.TargetClasses;
import io.github.deepxray.core.weights.Tensor;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayReader;
import io.github.deepxray.datasets.XrayRecord;
import io.github.deepxray.track.Measurement;
import io.github.deepxray.track.Tracker;
import io.github.deepxray.track.internal.EpochNumbers;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.features.Embeddings;
import io.github.deepxray.train.features.Matrix;
import io.github.deepxray.train.internal.Mistakes;
import io.github.deepxray.train.stage.EpochResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;

/**
 * Tracker that writes TensorBoard event files. Each stage is a TensorBoard run, a folder below the
 * given one:
 *
 * <ul>
 *   <li>{@code train}, {@code prune}, {@code finetune}: the values of each epoch as scalars below
 *       {@code epoch/}, with the epoch from 1 as step; at the end a histogram of each tensor below
 *       {@code weights/}
 *   <li>{@code evaluation}: the metrics of each split as scalars, the precision-recall curves of
 *       its {@link TargetClasses} below {@code precision_recall/}, histograms of its embeddings by
 *       class below {@code embeddings/}, its worst mistakes of each class as images below {@code
 *       mistakes_<split>/}, named by the decided class, and the options as hyper-parameters of a
 *       session whose metrics are these scalars
 * </ul>
 *
 * <p>A stage that runs again replaces its run. Apart from the times in file names and events, the
 * files of the same run are reproducible.
 */
public final class TensorBoard implements Tracker {
  /** Name of the folder in the output folder. */
  public static final String FOLDER = "tensorboard";

  private final Path folder;
  private final Clock clock;
  private Map<String, String> options = Map.of();
  private Optional<EventFile> file = Optional.empty();
  private long step;

  /**
   * Creates a tracker that writes below a folder; no file is created before the first stage.
   *
   * @param clock clock for the times of events
   */
  public TensorBoard(Path folder, Clock clock) {
    this.folder = folder;
    this.clock = clock;
  }

  /**
   * Removes the files of earlier runs.
   *
   * @throws IOException if a file cannot be removed
   */
  public void deleteFiles() throws IOException {
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
      ClassNames classes = measurement.metrics().classes();
      List<ScoredExample> examples = predictions.scores().examples();
      for (int label : TargetClasses.ofCharts(classes.size())) {
        String name = classes.of(new Label(label));
        events()
            .tensor(
                "precision_recall/" + split.key() + " " + name,
                0,
                PrCurve.PLUGIN,
                PrCurve.content(),
                name + " in the " + split.key() + " split.",
                PrCurve.shape(),
                PrCurve.matrix(examples, label));
      }
      mistakes(measurement, split, predictions);
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

  private void mistakes(Measurement measurement, Split split, Predictions predictions)
      throws IOException {
    ModelMetrics metrics = measurement.metrics();
    Decision decision = metrics.decision().decision();
    Mistakes mistakes = Mistakes.of(predictions, decision).shown();
    Map<String, XrayRecord> images = images(measurement, split, mistakes);
    for (Mistakes.OfClass ofClass : mistakes.classes()) {
      String group = "mistakes_" + split.key() + "/" + metrics.classes().of(ofClass.label());
      for (int i = 0; i < ofClass.rows().size(); i++) {
        ScoredExample example = ofClass.rows().get(i).example();
        int decided = decision.decide(example.scores());
        XrayRecord image = images.get(example.id());
        String tag =
            String.format(
                Locale.ROOT,
                "%s %02d %s p=%.4f %s",
                group,
                i + 1,
                metrics.classes().of(new Label(decided)),
                example.score(decided),
                example.id().substring(example.id().lastIndexOf('/') + 1));
        events()
            .image(tag, 0, image.image(), image.height(), image.width(), image.decode().isGrey());
      }
    }
  }

  private static Map<String, XrayRecord> images(
      Measurement measurement, Split split, Mistakes mistakes) throws IOException {
    Set<String> wanted = new HashSet<>();
    mistakes.rows().forEach(row -> wanted.add(row.example().id()));
    Map<String, XrayRecord> images = new HashMap<>();
    try (XrayReader reader = measurement.dataset().read(split)) {
      for (Optional<XrayRecord> next = reader.next(); next.isPresent(); next = reader.next()) {
        if (wanted.contains(next.get().filename())) {
          images.put(next.get().filename(), next.get());
        }
      }
    }
    return images;
  }

  private void embeddings(Split split, Embeddings embeddings) throws IOException {
    Matrix features = embeddings.views().get(0);
    Map<String, List<Integer>> rows =
        IntStream.range(0, features.rows())
            .boxed()
            .collect(
                Collectors.groupingBy(
                    row -> embeddings.images().get(row).slice(),
                    TreeMap::new,
                    Collectors.toList()));
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
