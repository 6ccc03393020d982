package io.github.deepxray.classify;

import io.github.deepxray.core.metrics.ReferenceBins;
import io.github.deepxray.core.metrics.StabilityIndex;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Statistics of the predictions of a deployed classifier: counts, means, and the difference of
 * their distributions from those of the validation images. It keeps no image, and its memory does
 * not grow. It is safe for use by many threads.
 */
public final class PredictionMonitor {
  /** Number that is observed for each image. */
  public enum Quantity {
    /** {@link Prediction#probability}. */
    PROBABILITY,
    /** The number of the decided class. */
    DECISION,
    /** The mean grey value of the network's input, 0..255. */
    BRIGHTNESS,
    /** The standard deviation of its grey values. */
    CONTRAST,
    /** The height of the source's image in pixels. */
    HEIGHT,
    /** The width of the source's image in pixels. */
    WIDTH;

    /** Name in metrics and texts. */
    public String key() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Distribution of the quantities in a reference set of images.
   *
   * @param patients the number of its patients; 0 without images
   * @param bins the histogram of each quantity that can be compared
   * @param unfamiliar the share of its images that are unlike the training images, 0..1; empty if
   *     it is not known
   */
  public record Reference(
      int patients, Map<Quantity, ReferenceBins> bins, OptionalDouble unfamiliar) {
    /** Nothing to compare with. */
    public static final Reference NONE = new Reference(0, Map.of());

    /** Copies the map. */
    public Reference {
      bins = Map.copyOf(bins);
    }

    /** Creates the distribution without the share of unfamiliar images. */
    public Reference(int patients, Map<Quantity, ReferenceBins> bins) {
      this(patients, bins, OptionalDouble.empty());
    }

    /** Returns a copy that does not compare a quantity. */
    public Reference without(Quantity quantity) {
      Map<Quantity, ReferenceBins> others = new LinkedHashMap<>(bins);
      others.remove(quantity);
      return new Reference(patients, others, unfamiliar);
    }
  }

  /**
   * Summary of a quantity.
   *
   * @param quantity the quantity
   * @param mean the mean over all images; NaN without images
   * @param compared the number of images that are compared with the reference
   * @param drift their difference from the reference; empty without images or reference
   */
  public record Observed(
      Quantity quantity, double mean, long compared, Optional<StabilityIndex> drift) {}

  /**
   * Images that are unlike the training images.
   *
   * @param unfamiliar their number
   * @param reference their share of the reference's images, 0..1; empty if it is not known
   */
  public record Guarded(long unfamiliar, OptionalDouble reference) {}

  /**
   * Summary of the images.
   *
   * @param labels the number of images by decided class, in the order of the classes
   * @param quantities the quantities in the order of {@link Quantity}
   * @param guard the images that are unlike the training images; empty if the classifier has no
   *     input guard, or there are no images
   */
  public record Summary(
      Map<String, Long> labels, List<Observed> quantities, Optional<Guarded> guard) {
    /** Copies the collections. */
    public Summary {
      labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
      quantities = List.copyOf(quantities);
    }

    /** Number of images. */
    public long images() {
      return labels.values().stream().mapToLong(Long::longValue).sum();
    }
  }

  /** Numbers of a quantity. */
  private static final class Tally {
    private final Optional<ReferenceBins> reference;
    private final long[] counts;

    /** Bins of the last images, the oldest of which is replaced; empty if all are compared. */
    private final short[] window;

    private long images;
    private double sum;

    Tally(Optional<ReferenceBins> reference, int window) {
      this.reference = reference;
      this.counts = new long[reference.map(bins -> bins.images().size()).orElse(1)];
      this.window = new short[window];
    }

    void add(double value) {
      short bin = (short) (int) reference.map(bins -> bins.bin(value)).orElse(0);
      if (window.length > 0) {
        int place = (int) (images % window.length);
        if (images >= window.length) {
          counts[window[place]]--;
        }
        window[place] = bin;
      }
      counts[bin]++;
      images++;
      sum += value;
    }

    Observed observed(Quantity quantity, int patients) {
      long compared = window.length == 0 ? images : Math.min(images, window.length);
      return new Observed(
          quantity,
          sum / images,
          compared,
          images == 0 ? Optional.empty() : reference.map(b -> b.stabilityIndex(patients, counts)));
    }
  }

  private final List<String> labels;
  private final long[] decided;
  private final int patients;
  private final OptionalDouble referenceUnfamiliar;
  private boolean guarded;
  private long unfamiliar;
  private final Map<Quantity, Tally> tallies = new EnumMap<>(Quantity.class);

  private PredictionMonitor(List<String> labels, Reference reference, int window) {
    this.labels = List.copyOf(labels);
    this.decided = new long[labels.size()];
    this.patients = reference.patients;
    this.referenceUnfamiliar = reference.unfamiliar;
    for (Quantity quantity : Quantity.values()) {
      tallies.put(quantity, new Tally(Optional.ofNullable(reference.bins.get(quantity)), window));
    }
  }

  /** Creates a monitor that compares all images with a reference. */
  public static PredictionMonitor ofAll(List<String> labels, Reference reference) {
    return new PredictionMonitor(labels, reference, 0);
  }

  /**
   * Creates a monitor that compares the last images with a reference.
   *
   * @param window the number of these images, at least 1
   */
  public static PredictionMonitor ofLast(int window, List<String> labels, Reference reference) {
    if (window < 1) {
      throw new IllegalArgumentException("a window of " + window + " images");
    }
    return new PredictionMonitor(labels, reference, window);
  }

  /**
   * Counts an image.
   *
   * @param prediction its prediction
   * @param input what is known of its {@link Quantity#BRIGHTNESS}, {@link Quantity#CONTRAST},
   *     {@link Quantity#HEIGHT} and {@link Quantity#WIDTH}; values that are not finite are ignored
   */
  public synchronized void observe(Prediction prediction, Map<Quantity, Double> input) {
    int label = labels.indexOf(prediction.label());
    decided[label]++;
    guarded |= prediction.unfamiliarity().isPresent();
    unfamiliar += prediction.unfamiliar() ? 1 : 0;
    tallies.get(Quantity.PROBABILITY).add(prediction.probability());
    tallies.get(Quantity.DECISION).add(label);
    input.forEach(
        (quantity, value) -> {
          if (Double.isFinite(value)) {
            tallies.get(quantity).add(value);
          }
        });
  }

  /** Returns the summary of the images until now. */
  public synchronized Summary summary() {
    Map<String, Long> counts = new LinkedHashMap<>();
    for (int c = 0; c < decided.length; c++) {
      counts.put(labels.get(c), decided[c]);
    }
    List<Observed> quantities = new ArrayList<>();
    tallies.forEach((quantity, tally) -> quantities.add(tally.observed(quantity, patients)));
    Optional<Guarded> guard =
        guarded ? Optional.of(new Guarded(unfamiliar, referenceUnfamiliar)) : Optional.empty();
    return new Summary(counts, quantities, guard);
  }
}
