package io.github.deepxray.core.metrics;

import io.github.deepxray.core.DeepXrayException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** What a classifier said of the images of a split. */
public sealed interface SplitScores {
  /**
   * What is known of an image.
   *
   * @param id its file name
   * @param patient whose image it is
   * @param label the number of its class
   */
  record Truth(String id, String patient, int label) {}

  /** Of each image the probability of the second of two classes. */
  record TwoClass(List<ScoredExample> examples) implements SplitScores {
    /** Copies the list. */
    public TwoClass {
      examples = List.copyOf(examples);
    }

    @Override
    public List<Truth> images() {
      return examples.stream()
          .map(e -> new Truth(e.id(), e.patient(), e.positive() ? 1 : 0))
          .toList();
    }

    @Override
    public int classes() {
      return 2;
    }

    @Override
    public double auc() {
      return Metrics.auc(examples);
    }

    @Override
    public List<Double> losses() {
      return examples.stream().map(Metrics::negativeLogLikelihood).toList();
    }

    @Override
    public TwoClass of(List<Integer> places) {
      return new TwoClass(places.stream().map(examples::get).toList());
    }
  }

  /** Of each image the probability of each of more classes. */
  record Multiclass(List<ClassifiedExample> examples) implements SplitScores {
    /** Copies the list. */
    public Multiclass {
      examples = List.copyOf(examples);
    }

    @Override
    public List<Truth> images() {
      return examples.stream().map(e -> new Truth(e.id(), e.patient(), e.label())).toList();
    }

    @Override
    public int classes() {
      return examples.isEmpty() ? 0 : examples.get(0).probabilities().size();
    }

    @Override
    public double auc() {
      return new OneVsRest(examples).macroAuc();
    }

    @Override
    public List<Double> losses() {
      return examples.stream()
          .map(e -> Metrics.negativeLog(e.probabilities().get(e.label())))
          .toList();
    }

    @Override
    public Multiclass of(List<Integer> places) {
      return new Multiclass(places.stream().map(examples::get).toList());
    }
  }

  /**
   * The scores that a network's output holds.
   *
   * @param images the images in their order
   * @param outputs for each of them one probability, that of the second of two classes, or one for
   *     each class
   */
  static SplitScores of(List<Truth> images, float... outputs) {
    int width = images.isEmpty() ? 1 : outputs.length / images.size();
    if (width == 0 || width * images.size() != outputs.length) {
      throw new IllegalArgumentException(
          outputs.length + " probabilities of " + images.size() + " images");
    }
    if (width == 1) {
      List<ScoredExample> scored = new ArrayList<>();
      for (int i = 0; i < outputs.length; i++) {
        Truth image = images.get(i);
        scored.add(new ScoredExample(image.id(), image.patient(), image.label() == 1, outputs[i]));
      }
      return new TwoClass(scored);
    }
    List<ClassifiedExample> scored = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      int from = i * width;
      Truth image = images.get(i);
      scored.add(
          new ClassifiedExample(
              image.id(),
              image.patient(),
              image.label(),
              IntStream.range(0, width).mapToObj(c -> (double) outputs[from + c]).toList()));
    }
    return new Multiclass(scored);
  }

  /** The images in their order. */
  List<Truth> images();

  /** How many classes there are; 0 if that cannot be told, of no images. */
  int classes();

  /**
   * The area under the ROC curve; of more than two classes its mean over the classes, each against
   * all others. NaN unless every class is there.
   */
  double auc();

  /** The negative log likelihood of each image in nats. */
  List<Double> losses();

  /** The scores at these places. */
  SplitScores of(List<Integer> places);

  /** The number of images of the rarest class. */
  default long fewest() {
    long[] images = new long[Math.max(1, classes())];
    images().forEach(image -> images[image.label()]++);
    return Arrays.stream(images).min().orElse(0);
  }

  /**
   * These scores of the images that others have too, in their order; images that are missing here
   * are left out.
   */
  default SplitScores inOrderOf(SplitScores others) {
    Map<String, Integer> places = new HashMap<>();
    List<Truth> images = images();
    for (int i = 0; i < images.size(); i++) {
      places.put(images.get(i).id(), i);
    }
    return of(
        others.images().stream()
            .filter(image -> places.containsKey(image.id()))
            .map(image -> places.get(image.id()))
            .toList());
  }

  /**
   * The scores of a classifier of two classes.
   *
   * @throws DeepXrayException if there are more
   */
  default List<ScoredExample> twoClass() {
    if (this instanceof TwoClass two) {
      return two.examples();
    }
    throw new DeepXrayException(
        "There are " + classes() + " classes; this is only for classifiers of two.");
  }
}
