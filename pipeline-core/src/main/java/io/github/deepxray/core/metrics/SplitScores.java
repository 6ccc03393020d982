package io.github.deepxray.core.metrics;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What a classifier said of the images of a split.
 *
 * @param examples the images in their order, all of the same classes
 */
public record SplitScores(List<ScoredExample> examples) {
  /** Copies the list and checks that all images are of the same classes. */
  public SplitScores {
    examples = List.copyOf(examples);
    if (examples.stream().map(e -> e.scores().size()).distinct().count() > 1) {
      throw new IllegalArgumentException("the images have different numbers of probabilities");
    }
  }

  /**
   * What is known of an image.
   *
   * @param id its file name
   * @param patient whose image it is
   * @param label the number of its class
   */
  public record Truth(String id, String patient, int label) {}

  /**
   * The scores that a network's output holds. One probability an image, of a sigmoid, becomes two.
   *
   * @param images the images in their order
   * @param outputs for each of them one probability, that of the second of two classes, or one for
   *     each class
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

  /** The images in their order. */
  public List<Truth> images() {
    return examples.stream().map(e -> new Truth(e.id(), e.patient(), e.label())).toList();
  }

  /** How many classes there are; 0 if that cannot be told, of no images. */
  public int classes() {
    return examples.isEmpty() ? 0 : examples.get(0).scores().size();
  }

  /** The number of images of each class, by label. */
  public List<Long> counts() {
    List<Long> counts = new ArrayList<>(Collections.nCopies(classes(), 0L));
    examples.forEach(e -> counts.set(e.label(), counts.get(e.label()) + 1));
    return counts;
  }

  /** The number of images of the rarest class. */
  public long fewest() {
    return counts().stream().mapToLong(Long::longValue).min().orElse(0);
  }

  /** The overall value of {@link Metric#AUC}; NaN unless every class is there. */
  public double auc() {
    return TargetClasses.of(classes()).stream()
        .mapToDouble(new WeightedExamples(examples).once()::auc)
        .average()
        .orElse(Double.NaN);
  }

  /** The negative log likelihood of each image's class in nats. */
  public List<Double> losses() {
    return examples.stream().map(Resample::negativeLogLikelihood).toList();
  }

  /** The scores at these places. */
  public SplitScores of(List<Integer> places) {
    return new SplitScores(places.stream().map(examples::get).toList());
  }

  /**
   * These scores of the images that others have too, in their order; images that are missing here
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
