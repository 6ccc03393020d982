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
import io.github.deepxray.train.InputGuard;
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
 * Content of a report.
 *
 * @param name name of the model
 * @param purpose sentence about the task of the model; may be empty
 * @param data short name of the images
 * @param source origin of the images, as text
 * @param limits limits of the model, one or two sentences each
 * @param backbone origin of the backbone's weights, their pruning and fine-tuning, as text
 * @param training description of the training
 * @param weights hash of the trained weights
 * @param metrics metrics of the trained classifier
 * @param guard description of the input guard, {@link InputGuard#NONE}'s without a guard
 * @param predictions predictions on the validation and the test split, by the split's name
 * @param dataset data set of training and evaluation
 * @param artifacts reports of the artifacts
 * @param others other files of the bundle to list
 * @param speed speed of the artifacts, if measured
 * @param histories epochs of each training, by its name, in the order of training
 * @param samples thumbnails of images of each split and class
 * @param mistakes thumbnails of the worst mistakes
 * @param shortcuts thumbnails of training images at both ends of the strongest shortcuts
 * @param heatMaps text about the precision of the heat maps, if there are any
 * @param config effective options
 * @param versions versions of this library and the native libraries
 * @param host kind of machine that wrote the bundle
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
    InputGuard.Description guard,
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
   * Speed of the artifacts.
   *
   * @param machine kind of machine of the measurement
   * @param milliseconds latency of one image on one thread, by artifact name
   */
  public record Speed(String machine, Map<String, Double> milliseconds) {
    /** Copies the map. */
    public Speed {
      milliseconds = Map.copyOf(milliseconds);
    }
  }

  /**
   * Other file of the bundle.
   *
   * @param path path in the bundle
   * @param bytes size of the file
   * @param what purpose of the file, as text
   * @param page whether browsers can show it
   */
  public record Other(String path, long bytes, String what, boolean page) {}

  /** Returns the words for the classes. */
  ClassVocabulary words() {
    return new ClassVocabulary(dataset.profile());
  }

  /** Returns the predictions of a split. */
  Predictions predictions(Split split) {
    return predictions.get(split.key());
  }

  /** Returns the scores of the images of a split. */
  SplitScores scores(Split split) {
    return predictions(split).scores();
  }

  /** Returns the evaluation of a split. */
  Evaluation evaluation(Split split) {
    return metrics.of(split);
  }

  /** Returns the overall value of a metric, with the default decision. */
  Interval value(Split split, Metric metric) {
    return metrics.of(split, metric);
  }

  /** Returns the overall value of a metric on the framed validation images. */
  Interval framed(Metric metric) {
    return metrics.framed().of(metric, metrics.decision().name());
  }

  /** Returns the value of a metric of a class, with the default decision. */
  Interval value(Split split, Metric metric, Label label) {
    return evaluation(split).of(metric, metrics.decision().name(), label.index());
  }

  /** Returns the confusion matrix of the default decision on a split. */
  ConfusionMatrix confusion(Split split) {
    return evaluation(split).decisions().get(metrics.decision().name()).confusion();
  }
}
