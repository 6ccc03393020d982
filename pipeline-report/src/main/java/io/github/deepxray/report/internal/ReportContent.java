package io.github.deepxray.report.internal;

import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.core.metrics.ConfusionMatrix;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.DatasetManifest;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.train.ModelMetrics;
import io.github.deepxray.train.Predictions;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.stage.EpochResult;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Everything a report shows.
 *
 * @param name of the model
 * @param purpose what the model does, in a sentence; may be empty
 * @param data what to call the images, in a few words
 * @param source where the images come from, in words
 * @param limits what the model is not good for, a sentence or two each
 * @param backbone where the backbone's weights are from and what happened to them, in words
 * @param training how the classifier came about
 * @param weights the hash of its weights
 * @param metrics of the trained classifier
 * @param predictions of the validation and the test split, by the split's name
 * @param dataset what it was trained and evaluated on
 * @param artifacts the deployable forms
 * @param others what else the bundle holds that is worth opening
 * @param speed how fast the deployable forms are, if that was measured
 * @param histories the epochs of each training, by its name, in the order of training
 * @param samples small copies of some images of each split and class
 * @param mistakes small copies of the images that are decided most wrongly
 * @param shortcuts small copies of the training images at both ends of the strongest shortcuts
 * @param heatMaps how far the heat maps can be trusted, in words, if there are some
 * @param config the effective options
 * @param versions of this library and the native ones
 * @param host the kind of machine that wrote the bundle
 */
public record ReportContent(
    String name,
    String purpose,
    String data,
    String source,
    List<String> limits,
    String backbone,
    TrainedModel.Description training,
    String weights,
    ModelMetrics metrics,
    Map<String, Predictions> predictions,
    DatasetManifest dataset,
    List<ArtifactReport> artifacts,
    List<Other> others,
    Optional<Speed> speed,
    Map<String, List<EpochResult>> histories,
    List<Picture> samples,
    List<Picture> mistakes,
    List<Picture> shortcuts,
    Optional<String> heatMaps,
    Map<String, String> config,
    Map<String, String> versions,
    Map<String, String> host) {
  /** Copies and sorts. */
  public ReportContent {
    limits = List.copyOf(limits);
    predictions = Map.copyOf(predictions);
    artifacts = List.copyOf(artifacts);
    others = List.copyOf(others);
    histories = Collections.unmodifiableMap(new LinkedHashMap<>(histories));
    samples = List.copyOf(samples);
    mistakes = List.copyOf(mistakes);
    shortcuts = List.copyOf(shortcuts);
    config = Collections.unmodifiableMap(new TreeMap<>(config));
    versions = Collections.unmodifiableMap(new TreeMap<>(versions));
    host = Collections.unmodifiableMap(new TreeMap<>(host));
  }

  /**
   * How fast the artifacts are.
   *
   * @param machine the kind of machine it was measured on
   * @param milliseconds for one image on one thread, by the artifact's name
   */
  public record Speed(String machine, Map<String, Double> milliseconds) {
    /** Copies the map. */
    public Speed {
      milliseconds = Map.copyOf(milliseconds);
    }
  }

  /**
   * A file of the bundle that is no deployable form.
   *
   * @param path in the bundle
   * @param bytes its size
   * @param what what it is good for, in words
   * @param page whether a browser shows it
   */
  public record Other(String path, long bytes, String what, boolean page) {}

  /** How to speak of the classes. */
  ClassVocabulary words() {
    return new ClassVocabulary(dataset.profile());
  }

  /** The predictions of a split. */
  Predictions predictions(Split split) {
    return predictions.get(split.key());
  }

  /** What the classifier says of the images of a split. */
  SplitScores scores(Split split) {
    return predictions(split).scores();
  }

  /** The evaluation of a split. */
  Evaluation evaluation(Split split) {
    return metrics.of(split);
  }

  /** The overall value of a metric, with the decision that counts. */
  Interval value(Split split, Metric metric) {
    return metrics.of(split, metric);
  }

  /** The value of a metric of a class, with the decision that counts. */
  Interval value(Split split, Metric metric, Label label) {
    return evaluation(split).of(metric, metrics.decision().name(), label.index());
  }

  /** The decisions that count on a split. */
  ConfusionMatrix confusion(Split split) {
    return evaluation(split).decisions().get(metrics.decision().name()).confusion();
  }
}
