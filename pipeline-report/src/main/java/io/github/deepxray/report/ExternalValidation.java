package io.github.deepxray.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.CalibrationBin;
import io.github.deepxray.core.metrics.Drift;
import io.github.deepxray.core.metrics.Evaluation;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.datasets.DatasetAudit.Quarantined;
import io.github.deepxray.datasets.DatasetManifest;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.Split;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * External validation: a bundle's classifier, with its threshold, evaluated on images of another
 * source. Content of {@code external.json}.
 *
 * @param format {@link #FORMAT}
 * @param model the evaluated classifier
 * @param data the images
 * @param evaluation the metrics, with the decision {@link #DECISION}
 * @param reference the bundle's own test split, and the differences from it
 * @param reliability the bins of the reliability diagram of each class with curves, by class name
 * @param slices the metrics of the images with each value of the chosen columns
 * @param drift the drift of the scores and of the images from the bundle's own test split
 * @param guard the images that are unlike the training images; empty if the classifier has no input
 *     guard
 */
public record ExternalValidation(
    String format,
    Model model,
    Data data,
    Evaluation evaluation,
    Reference reference,
    Map<String, List<CalibrationBin>> reliability,
    List<SliceMetrics> slices,
    List<NamedDrift> drift,
    @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<Guard> guard) {
  /** The format that this version writes and reads. */
  public static final String FORMAT = "deepxray-external/1";

  /** The name of the file. */
  public static final String FILE = "external.json";

  /** The name of the bundle's decision in {@link #evaluation}. */
  public static final String DECISION = "bundle";

  /** Copies the collections and checks that all parts are of the same classes. */
  public ExternalValidation {
    Map<String, List<CalibrationBin>> bins = new LinkedHashMap<>();
    reliability.forEach((name, of) -> bins.put(name, List.copyOf(of)));
    reliability = Collections.unmodifiableMap(bins);
    slices = List.copyOf(slices);
    drift = List.copyOf(drift);
    int classes = model.profile.classes().size();
    requireClasses(evaluation, data.patients, classes);
    slices.forEach(slice -> requireClasses(slice.evaluation, slice.patients, classes));
    guard
        .flatMap(Guard::familiar)
        .ifPresent(familiar -> requireClasses(familiar.evaluation, familiar.patients, classes));
    if (reference.images.size() != classes || reference.patients.size() != classes) {
      throw new IllegalArgumentException("the reference is not of " + classes + " classes");
    }
  }

  private static void requireClasses(Evaluation evaluation, List<Long> patients, int classes) {
    if (evaluation.images().size() != classes
        || patients.size() != classes
        || !evaluation.decisions().containsKey(DECISION)) {
      throw new IllegalArgumentException(
          "an evaluation is not of " + classes + " classes and the decision " + DECISION);
    }
  }

  /**
   * Evaluated classifier.
   *
   * @param name its name
   * @param weights the hash of the trained weights
   * @param artifact the evaluated form
   * @param profile the description of its data set, with its classes
   */
  public record Model(String name, String weights, String artifact, DatasetProfile profile) {}

  /**
   * Evaluated images.
   *
   * @param name the name of the archive, folder or table
   * @param source its kind and the fingerprint of the evaluated files
   * @param split the chosen split of the source; empty for all images
   * @param patients the number of patients with an image of each class, by label
   * @param seen the number of images that the classifier was trained or chosen on; empty if the
   *     bundle does not record their hashes
   * @param identical the number of images that repeat another, pixel by pixel
   * @param quarantined the files that were not evaluated
   */
  public record Data(
      String name,
      DatasetManifest.Source source,
      Optional<Split> split,
      List<Long> patients,
      Optional<Integer> seen,
      int identical,
      List<Quarantined> quarantined) {
    /** Copies the lists. */
    public Data {
      patients = List.copyOf(patients);
      quarantined = List.copyOf(quarantined);
    }
  }

  /**
   * Test split of the bundle.
   *
   * @param images the number of images of each class, by label
   * @param patients the number of patients with an image of each class, by label
   * @param metrics the overall metrics of the trained model with its default decision
   * @param differences the differences of the overall metrics, external minus own, with the
   *     intervals of an unpaired bootstrap by patient
   */
  public record Reference(
      List<Long> images,
      List<Long> patients,
      Map<Metric, Interval> metrics,
      Map<Metric, Interval> differences) {
    /** Copies the collections. */
    public Reference {
      images = List.copyOf(images);
      patients = List.copyOf(patients);
      metrics = ordered(metrics);
      differences = ordered(differences);
    }

    private static Map<Metric, Interval> ordered(Map<Metric, Interval> of) {
      Map<Metric, Interval> copy = new EnumMap<>(Metric.class);
      copy.putAll(of);
      return Collections.unmodifiableMap(copy);
    }

    /** Value of a metric; unknown if it was not measured. */
    public Interval of(Metric metric) {
      return metrics.getOrDefault(metric, Interval.UNKNOWN);
    }

    /** Difference of a metric; unknown if it was not measured. */
    public Interval difference(Metric metric) {
      return differences.getOrDefault(metric, Interval.UNKNOWN);
    }
  }

  /**
   * Metrics of the images with one value of a column.
   *
   * @param column the name of the column
   * @param value the value; may be empty
   * @param patients the number of patients with an image of each class, by label
   * @param evaluation the metrics
   */
  public record SliceMetrics(
      String column, String value, List<Long> patients, Evaluation evaluation) {
    /** Copies the list. */
    public SliceMetrics {
      patients = List.copyOf(patients);
    }

    /** Column and value, such as {@code sex = F}. */
    public String name() {
      return column + " = " + (value.isEmpty() ? "(empty)" : value);
    }

    /** Value of a metric with an honest interval, see {@link ExternalValidation#of}. */
    public Interval of(Metric metric) {
      return honest(evaluation, metric, patients);
    }
  }

  /**
   * Images that the input guard finds unlike the training images.
   *
   * @param limit the unfamiliarity above which an image is unfamiliar, 0..1
   * @param unfamiliar the number of unfamiliar images
   * @param share their share of all images, with the 95 % interval by patient
   * @param own their share of the bundle's own validation images, 0..1; empty if it is not known
   * @param familiar the metrics without them; empty if there are none, or no other image
   */
  public record Guard(
      double limit,
      long unfamiliar,
      Interval share,
      @JsonInclude(JsonInclude.Include.NON_ABSENT) OptionalDouble own,
      @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<Familiar> familiar) {}

  /**
   * Metrics of the images that are like the training images.
   *
   * @param patients the number of patients with an image of each class, by label
   * @param evaluation the metrics
   */
  public record Familiar(List<Long> patients, Evaluation evaluation) {
    /** Copies the list. */
    public Familiar {
      patients = List.copyOf(patients);
    }

    /** Value of a metric with an honest interval, see {@link ExternalValidation#of}. */
    public Interval of(Metric metric) {
      return honest(evaluation, metric, patients);
    }
  }

  /**
   * Drift of a number.
   *
   * @param name the number, such as {@code brightness}
   * @param drift its drift
   */
  public record NamedDrift(String name, Drift drift) {}

  /**
   * Reads the file.
   *
   * @throws DeepXrayException if it is damaged
   * @throws IOException if it cannot be read
   */
  public static ExternalValidation read(Path file) throws IOException {
    return Json.read(file, Map.of(FORMAT, ExternalValidation.class), "evaluate again");
  }

  /**
   * Overall value of a metric.
   *
   * <p>The bootstrap interval of a share of 0 or 1 has no width, because no resample has another
   * share. For two classes, Wilson's interval with the number of patients replaces it: of all
   * patients for the accuracy, of those of a class for sensitivity and specificity, of the smaller
   * class for the AUC, which is a share of pairs.
   */
  public Interval of(Metric metric) {
    return honest(evaluation, metric, data.patients);
  }

  private static Interval honest(Evaluation evaluation, Metric metric, List<Long> patients) {
    Interval interval = evaluation.of(metric, DECISION);
    double trials =
        switch (metric) {
          case AUC -> Math.min(patients.get(0), patients.get(1));
          case ACCURACY -> evaluation.patients();
          case SENSITIVITY -> patients.get(1);
          case SPECIFICITY -> patients.get(0);
          default -> 0;
        };
    return patients.size() == 2 && trials > 0 && interval.low() == interval.high()
        ? CalibrationBin.wilson(interval.value(), (int) trials)
        : interval;
  }

  /**
   * Slice with the lowest value of a metric, the first of equals; empty if fewer than two slices
   * have a value.
   */
  public Optional<SliceMetrics> worst(Metric metric) {
    List<SliceMetrics> defined =
        slices.stream().filter(slice -> !Double.isNaN(slice.of(metric).value())).toList();
    return defined.size() < 2
        ? Optional.empty()
        : defined.stream().min(Comparator.comparingDouble(slice -> slice.of(metric).value()));
  }

  /** Share of images of a class. */
  static double share(List<Long> images, int label) {
    return (double) images.get(label) / images.stream().mapToLong(Long::longValue).sum();
  }

  /** Remarks on the meaning of the numbers, one or two sentences each, the gravest first. */
  public List<String> remarks() {
    return ExternalRemarks.of(this);
  }

  /** Metrics, slices and drift as a text table of several lines. */
  public String table() {
    return ExternalTable.of(this);
  }
}
