package io.github.deepxray.train.embedding;

import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.XrayRecord;
import java.util.List;

/**
 * The feature vectors of a split's images in one or several views.
 *
 * @param images the images in the order of the shards
 * @param dimension the length of a vector
 * @param views for each view the vectors of all images, {@code [images, dimension]}
 */
public record Embeddings(List<Image> images, int dimension, List<Matrix> views) {
  /** Copies the lists. */
  public Embeddings {
    images = List.copyOf(images);
    views = List.copyOf(views);
    for (Matrix view : views) {
      if (view.rows() != images.size() || view.columns() != dimension) {
        throw new IllegalArgumentException(
            view + " for " + images.size() + " images of " + dimension + " features");
      }
    }
  }

  /**
   * Which image a vector belongs to.
   *
   * @param filename its path in the archive
   * @param patient whose image it is
   * @param slice the finer class
   * @param positive whether it shows pneumonia
   */
  public record Image(String filename, String patient, Slice slice, boolean positive) {
    /** The image of a record. */
    public static Image of(XrayRecord record) {
      return new Image(
          record.filename(), record.patient(), record.slice(), record.label().index() == 1);
    }
  }

  /** The number of images that show pneumonia. */
  public long positives() {
    return images.stream().filter(Image::positive).count();
  }
}
