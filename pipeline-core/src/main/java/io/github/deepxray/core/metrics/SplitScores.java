package io.github.deepxray.core.metrics;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Classifier scores of the images of a split.
 *
 * @param examples the images in order, all with the same classes
 */
public record SplitScores(List<ScoredExample> examples) {
  /** Copies the list and checks that all images have the same classes. */
  public SplitScores {
    examples = List.copyOf(examples);
    if (examples.stream().map(e -> e.scores().size()).distinct().count() > 1) {
      throw new IllegalArgumentException("the images have different numbers of probabilities");
    }
  }

  /**
   * Image with its true class.
   *
   * @param id the file name
   * @param patient the patient of the image
   * @param label the number of the class
   */
  public record Truth(String id, String patient, int label) {}

  /**
   * Creates the scores from a network's output. A single sigmoid probability of an image becomes
   * two.
   *
   * @param images the images in order
   * @param outputs for each image one probability, of the second of two classes, or one for each
   *     class
   */
  public static SplitScores of(List<Truth> images, float... outputs) {
    int width = images.isEmpty() ? 1 : outputs.length / images.size();
    if (width == 0 || width * images.size() != outputs.length) {
      throw new IllegalArgumentException(
          outputs.length + " probabilities of " + images.size() + " images");
    }
    List<ScoredExample> scored = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      int from = i * width;
      Truth image = images.get(i);
      scored.add(
          new ScoredExample(
              image.id(),
              image.patient(),
              image.label(),
              width == 1
                  ? List.of(1 - (double) outputs[i], (double) outputs[i])
                  : IntStream.range(0, width).mapToObj(c -> (double) outputs[from + c]).toList()));
    }
    return new SplitScores(scored);
  }

  /** Images in order. */
  public List<Truth> images() {
    return examples.stream().map(e -> new Truth(e.id(), e.patient(), e.label())).toList();
  }

  /** Number of patients. */
  public int patients() {
    return (int) examples.stream().map(ScoredExample::patient).distinct().count();
  }

  /** Number of classes; 0 without images. */
  public int classes() {
    return examples.isEmpty() ? 0 : examples.get(0).scores().size();
  }

  /** Number of images of each class, by label. */
  public List<Long> counts() {
    List<Long> counts = new ArrayList<>(Collections.nCopies(classes(), 0L));
    examples.forEach(e -> counts.set(e.label(), counts.get(e.label()) + 1));
    return counts;
  }

  /** Number of images of the rarest class. */
  public long fewest() {
    return counts().stream().mapToLong(Long::longValue).min().orElse(0);
  }

  /** Overall value of {@link Metric#AUC}; NaN unless every class is present. */
  public double auc() {
    return of(Metric.AUC);
  }

  /**
   * Overall value of a metric of probabilities, without interval; NaN where it is undefined.
   *
   * @throws IllegalArgumentException if the metric needs decisions
   */
  public double of(Metric metric) {
    if (metric.input().needsDecision()) {
      throw new IllegalArgumentException(metric + " needs decisions");
    }
    Resample all = new WeightedExamples(examples).once();
    return metric.input().isOfClass()
        ? overTargets(label -> metric.of(all, label))
        : metric.of(all, 0);
  }

  /**
   * Adaptive calibration error: as {@link Metric#CALIBRATION_ERROR}, over 15 bins of equally many
   * images (Nixon et al. 2019, "Measuring Calibration in Deep Learning"), 0..1.
   */
  public double adaptiveCalibrationError() {
    WeightedExamples sorted = new WeightedExamples(examples);
    return overTargets(sorted::adaptiveCalibrationError);
  }

  private double overTargets(IntToDoubleFunction ofClass) {
    return TargetClasses.of(classes()).stream()
        .mapToDouble(ofClass::applyAsDouble)
        .average()
        .orElse(Double.NaN);
  }

  /**
   * Overall value of {@link Metric#AUC} with its 95 % bootstrap interval by patient.
   *
   * @param seed the seed of the bootstrap
   */
  public Interval auc(long seed) {
    WeightedExamples weighted = new WeightedExamples(examples);
    return PatientBootstrap.intervals(
            weighted.patients(),
            weights ->
                new double[] {
                  TargetClasses.of(classes()).stream()
                      .mapToDouble(new Resample(weighted, new int[0], weights)::auc)
                      .average()
                      .orElse(Double.NaN)
                },
            seed)
        .get(0);
  }

  /** Negative log likelihood of each image's class in nats. */
  public List<Double> losses() {
    return examples.stream().map(Resample::negativeLogLikelihood).toList();
  }

  /** Returns the scores at these indices. */
  public SplitScores of(List<Integer> places) {
    return new SplitScores(places.stream().map(examples::get).toList());
  }

  /**
   * Returns the scores of the images of another split, in its order; images that are missing here
   * are left out.
   */
  public SplitScores inOrderOf(SplitScores others) {
    Map<String, ScoredExample> byId = new HashMap<>();
    examples.forEach(e -> byId.put(e.id(), e));
    return new SplitScores(
        others.examples.stream()
            .filter(e -> byId.containsKey(e.id()))
            .map(e -> byId.get(e.id()))
            .toList());
  }
}
