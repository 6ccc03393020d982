package io.github.deepxray.report.internal;

/**
 * How far the heat maps of a file are from those of the model it was made from.
 *
 * @param bytes the file's size
 * @param height of a heat map
 * @param width of a heat map
 * @param images how many images of the test split were compared
 * @param meanDifference the mean difference of a value, in shares of the largest of its map
 * @param correlation Pearson's, over all values of all maps, each map divided by its largest value;
 *     if there is none, 1 where neither's values vary and 0 where one's do
 */
public record HeatMapCheck(
    long bytes, int height, int width, int images, double meanDifference, double correlation) {
  /** The mean difference in percent. */
  String percent() {
    return Numbers.decimals(100 * meanDifference, 1);
  }
}
