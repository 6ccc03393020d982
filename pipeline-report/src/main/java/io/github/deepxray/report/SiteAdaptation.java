package io.github.deepxray.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.github.deepxray.classify.Adaptation;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.metrics.CalibrationBin;
import io.github.deepxray.core.metrics.Interval;
import io.github.deepxray.core.metrics.Metric;
import io.github.deepxray.core.metrics.PrevalenceEstimate;
import io.github.deepxray.core.metrics.SampleSize;
import io.github.deepxray.datasets.ClassNames;
import io.github.deepxray.datasets.DatasetManifest;
import io.github.deepxray.report.ExternalValidation.NamedDrift;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Adaptation of a bundle to the images of a site and what it changed. Content of {@code
 * adaptation.json} of the new bundle.
 *
 * @param format {@link #FORMAT}
 * @param model the classifier
 * @param site the images
 * @param adaptation the map of the probabilities
 * @param prevalence the share of the second class before and after
 * @param thresholds the thresholds of each form
 * @param heldOut the effect on patients that nothing was fitted on; empty without labels
 * @param estimate the estimate of the prevalence without labels; empty with labels
 * @param drift the drift of images and probabilities from the bundle's own test split
 */
public record SiteAdaptation(
    String format,
    Model model,
    Site site,
    Adaptation adaptation,
    Prevalence prevalence,
    List<Thresholds> thresholds,
    Optional<HeldOut> heldOut,
    Optional<Estimate> estimate,
    List<NamedDrift> drift) {
  /** The format that this version writes and reads. */
  public static final String FORMAT = "deepxray-adaptation/1";

  /** The name of the file. */
  public static final String FILE = "adaptation.json";

  /** Width of the intervals of sensitivity and specificity from which on the images suffice. */
  public static final double WIDTH = 0.1;

  /** Copies the lists and checks that one of both parts is there. */
  public SiteAdaptation {
    thresholds = List.copyOf(thresholds);
    drift = List.copyOf(drift);
    if (heldOut.isPresent() == estimate.isPresent()) {
      throw new IllegalArgumentException("an adaptation is with labels or without");
    }
  }

  /**
   * Adapted classifier.
   *
   * @param name its name
   * @param weights the hash of the trained weights
   * @param artifact the form that the map was fitted with
   * @param classes the names of its classes, by label
   */
  public record Model(String name, String weights, String artifact, ClassNames classes) {}

  /**
   * Images of the site.
   *
   * @param name the name of the archive, folder or table
   * @param source its kind and the fingerprint of the read files
   * @param images the number of images
   * @param patients the number of patients
   * @param seen the number of images that the classifier was trained or chosen on; empty if the
   *     bundle does not record their hashes
   * @param quarantined the number of files that were not used
   * @param unfamiliar the share of images that the bundle's input guard flags, 0..1; empty without
   *     a guard
   */
  public record Site(
      String name,
      DatasetManifest.Source source,
      int images,
      int patients,
      Optional<Integer> seen,
      int quarantined,
      @JsonInclude(JsonInclude.Include.NON_ABSENT) OptionalDouble unfamiliar) {}

  /**
   * Share of the second class to which the probabilities refer.
   *
   * @param before the share before; empty if the probabilities were not calibrated
   * @param after the share at the site, above 0 and below 1
   */
  public record Prevalence(
      @JsonInclude(JsonInclude.Include.NON_ABSENT) OptionalDouble before, double after) {}

  /**
   * Thresholds of a form, 0..1.
   *
   * @param artifact the name of the form
   * @param before the bundle's threshold before
   * @param after the bundle's threshold now
   * @param own the threshold that makes the same decisions with the probability that the model file
   *     itself gives
   */
  public record Thresholds(String artifact, double before, double after, double own) {}

  /**
   * Estimate of the prevalence without labels.
   *
   * @param site the estimate on the site's images
   * @param ownTest the same estimate on the bundle's own test split, as a check; empty if the
   *     bundle was adapted before, to other images than these
   */
  public record Estimate(PrevalenceEstimate site, Optional<OwnTest> ownTest) {}

  /**
   * Estimate of a prevalence that is known.
   *
   * @param share the share of the second class in the own test split, 0..1
   * @param estimate the estimate from the probabilities
   */
  public record OwnTest(double share, Interval estimate) {
    /** Whether the interval of the estimate contains the share. */
    public boolean right() {
      return estimate.low() <= share && share <= estimate.high();
    }
  }

  /**
   * Metrics on held-out patients, with the decisions before and after.
   *
   * @param targetSensitivity the sensitivity that the threshold was chosen for
   * @param fittedPatients the number of patients with an image of each class in the fit, by label
   * @param images the number of held-out images of each class, by label
   * @param patients the number of held-out patients with an image of each class, by label
   * @param before the metrics before
   * @param after the metrics after
   * @param differences after minus before, with the intervals of a paired bootstrap by patient
   */
  public record HeldOut(
      double targetSensitivity,
      List<Long> fittedPatients,
      List<Long> images,
      List<Long> patients,
      Map<Metric, Interval> before,
      Map<Metric, Interval> after,
      Map<Metric, Interval> differences) {
    /** Copies the collections. */
    public HeldOut {
      fittedPatients = List.copyOf(fittedPatients);
      images = List.copyOf(images);
      patients = List.copyOf(patients);
      before = ordered(before);
      after = ordered(after);
      differences = ordered(differences);
    }

    private static Map<Metric, Interval> ordered(Map<Metric, Interval> of) {
      Map<Metric, Interval> copy = new EnumMap<>(Metric.class);
      copy.putAll(of);
      return Collections.unmodifiableMap(copy);
    }

    /**
     * Value of a metric after the adaptation. A sensitivity or specificity of 0 or 1 has Wilson's
     * interval, because a bootstrap gives it no width.
     */
    public Interval after(Metric metric) {
      return honest(after.getOrDefault(metric, Interval.UNKNOWN), metric);
    }

    /** Value of a metric before the adaptation, as {@link #after(Metric)}. */
    public Interval before(Metric metric) {
      return honest(before.getOrDefault(metric, Interval.UNKNOWN), metric);
    }

    private Interval honest(Interval interval, Metric metric) {
      long trials =
          switch (metric) {
            case SENSITIVITY -> patients.get(1);
            case SPECIFICITY -> patients.get(0);
            default -> 0;
          };
      return trials > 0 && interval.low() == interval.high()
          ? CalibrationBin.wilson(interval.value(), (int) trials)
          : interval;
    }

    /** Difference of a metric. */
    public Interval difference(Metric metric) {
      return differences.getOrDefault(metric, Interval.UNKNOWN);
    }

    /** Whether the log loss is higher after the adaptation. */
    public boolean worse() {
      return difference(Metric.LOG_LOSS).value() > 0;
    }

    /** Patients of each class for intervals of {@link SiteAdaptation#WIDTH}. */
    public SampleSize needed() {
      return SampleSize.ofSensitivity(after(Metric.SENSITIVITY).value(), WIDTH)
          .and(SampleSize.ofSpecificity(after(Metric.SPECIFICITY).value(), WIDTH));
    }

    /** Whether sensitivity and specificity have intervals of {@link SiteAdaptation#WIDTH}. */
    public boolean sufficient() {
      return width(Metric.SENSITIVITY) <= WIDTH && width(Metric.SPECIFICITY) <= WIDTH;
    }

    private double width(Metric metric) {
      return after(metric).high() - after(metric).low();
    }
  }

  /**
   * Reads the file.
   *
   * @throws DeepXrayException if it is damaged
   * @throws IOException if it cannot be read
   */
  public static SiteAdaptation read(Path file) throws IOException {
    return Json.read(file, Map.of(FORMAT, SiteAdaptation.class), "adapt the bundle again");
  }

  /** Remarks on the meaning of the numbers, one or two sentences each, the gravest first. */
  public List<String> remarks() {
    return AdaptationRemarks.of(this);
  }

  /** Metrics, thresholds, drift and remarks as a text table of several lines. */
  public String table() {
    return AdaptationTable.of(this);
  }
}
