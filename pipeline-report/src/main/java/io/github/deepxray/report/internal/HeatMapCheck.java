package io.github.deepxray.report.internal;

/**
 * Differences of the heat maps of a file from those of the original model.
 *
 * @param bytes size of the file
 * @param height height of a heat map
 * @param width width of a heat map
 * @param images number of compared images of the test split
 * @param meanDifference mean absolute difference of a value, as a share of the maximum of its map
 * @param correlation Pearson correlation over all values of all maps, each map divided by its
 *     maximum; if undefined, 1 if both are constant and 0 if one is
 */
public record HeatMapCheck(
    long bytes, int height, int width, int images, double meanDifference, double correlation) {
  /** Returns the mean difference in percent. */
  String percent() {
    return Numbers.decimals(100 * meanDifference, 1);
  }
}
