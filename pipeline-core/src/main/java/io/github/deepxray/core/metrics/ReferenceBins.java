package io.github.deepxray.core.metrics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Histogram of a number in a reference set of images, with which later images are compared.
 *
 * @param edges the limits between the bins, ascending; a value at a limit is in the bin below
 * @param images the number of images of the reference in each bin, one more than there are limits
 */
public record ReferenceBins(List<Double> edges, List<Integer> images) {
  private static final int BINS = 10;

  /** Copies the lists and checks them. */
  public ReferenceBins {
    edges = List.copyOf(edges);
    images = List.copyOf(images);
    for (int i = 0; i < edges.size(); i++) {
      if (!(edges.get(i) > (i == 0 ? Double.NEGATIVE_INFINITY : edges.get(i - 1)))) {
        throw new IllegalArgumentException("the limits do not ascend: " + edges);
      }
    }
    if (images.size() != edges.size() + 1
        || images.stream().anyMatch(count -> count < 0)
        || images.stream().allMatch(count -> count == 0)) {
      throw new IllegalArgumentException(edges.size() + " limits of bins with images " + images);
    }
  }

  /**
   * Counts values in bins that are limited by their deciles. If a tenth of the images or more have
   * the lowest or the highest value, a bin below or above it is for values outside the range.
   *
   * @param values one for each image, at least one
   */
  public static ReferenceBins of(List<Double> values) {
    double[] ascending = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    double[] deciles = deciles(ascending);
    DoubleStream below =
        deciles[0] == ascending[0]
            ? DoubleStream.of(Math.nextDown(deciles[0]))
            : DoubleStream.empty();
    return of(DoubleStream.concat(below, Arrays.stream(deciles)).toArray(), ascending);
  }

  /**
   * Counts the images of each class, a bin for each.
   *
   * @param labels the number of a class for each image, at least one
   * @param classes the number of classes
   */
  public static ReferenceBins ofLabels(List<Integer> labels, int classes) {
    return of(
        IntStream.range(0, classes - 1).asDoubleStream().toArray(),
        labels.stream().mapToDouble(Integer::doubleValue).toArray());
  }

  private static ReferenceBins of(double[] edges, double[] values) {
    return new ReferenceBins(
        DoubleStream.of(edges).boxed().toList(),
        Arrays.stream(counts(edges, values)).mapToObj(Math::toIntExact).toList());
  }

  /** Returns the deciles of ascending values, without repeated ones. */
  static double[] deciles(double[] ascending) {
    return IntStream.range(1, BINS)
        .mapToDouble(k -> ascending[(int) Math.ceil((double) k * ascending.length / BINS) - 1])
        .distinct()
        .toArray();
  }

  /** Returns the number of values in each bin. */
  static long[] counts(double[] edges, double[] values) {
    long[] counts = new long[edges.length + 1];
    for (double value : values) {
      counts[bin(Arrays.binarySearch(edges, value))]++;
    }
    return counts;
  }

  /** Returns the number of a bin by the result of a binary search for a value in the limits. */
  private static int bin(int found) {
    return found >= 0 ? found : -found - 1;
  }

  /** Returns the number of the bin of a value. */
  public int bin(double value) {
    return bin(Collections.binarySearch(edges, value));
  }

  /**
   * Returns the histogram of the mapped values; bins whose limits become equal are merged.
   *
   * @param ascending the mapping, which keeps the order of values
   */
  public ReferenceBins map(DoubleUnaryOperator ascending) {
    List<Double> mapped = new ArrayList<>();
    List<Integer> counts = new ArrayList<>();
    for (int i = 0; i < edges.size(); i++) {
      double edge = ascending.applyAsDouble(edges.get(i));
      int last = mapped.size() - 1;
      if (last >= 0 && edge <= mapped.get(last)) {
        counts.set(last, counts.get(last) + images.get(i));
      } else {
        mapped.add(edge);
        counts.add(images.get(i));
      }
    }
    counts.add(images.get(edges.size()));
    return new ReferenceBins(mapped, counts);
  }

  /**
   * Compares other images with the reference.
   *
   * @param patients the number of patients of the reference, its independent observations
   * @param sample the number of the other images in each bin, at least one in all; each counts as
   *     independent
   */
  public StabilityIndex stabilityIndex(int patients, long... sample) {
    if (sample.length != images.size() || Arrays.stream(sample).sum() < 1) {
      throw new IllegalArgumentException(Arrays.toString(sample) + " for bins " + images);
    }
    return StabilityIndex.of(
        images.stream().mapToLong(Integer::longValue).toArray(),
        sample,
        1.0 / patients + 1.0 / Arrays.stream(sample).sum());
  }
}
