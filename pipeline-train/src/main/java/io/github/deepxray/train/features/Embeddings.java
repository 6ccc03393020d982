package io.github.deepxray.train.features;

import io.github.deepxray.core.metrics.SplitScores;
import io.github.deepxray.datasets.DatasetProfile;
import io.github.deepxray.datasets.Label;
import io.github.deepxray.datasets.XrayRecord;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

/**
 * Feature vectors of the images of a split in one or several views.
 *
 * @param images the images in the order of the shards
 * @param classes number of classes of the data set, 2 or more
 * @param dimension the length of a vector
 * @param views vectors of all images for each view, {@code [images, dimension]}
 */
public record Embeddings(List<Image> images, int classes, int dimension, List<Matrix> views) {
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
   * Image of a feature vector.
   *
   * @param filename its path in the archive
   * @param patient its patient
   * @param slice the key of its finer class, or the name of its class, see {@link
   *     DatasetProfile#slice}
   * @param label its class
   */
  public record Image(String filename, String patient, String slice, Label label) {
    /**
     * Returns the image of a record.
     *
     * @param profile profile of the record's data set
     */
    public static Image of(XrayRecord record, DatasetProfile profile) {
      return new Image(
          record.filename(),
          record.patient(),
          profile.slice(record.filename(), record.label()),
          record.label());
    }

    /** Returns the label and identity of the image for metrics. */
    public SplitScores.Truth truth() {
      return new SplitScores.Truth(filename, patient, label.index());
    }
  }

  /** Returns the same images with the views from one number to before another. */
  public Embeddings withViews(int from, int to) {
    return new Embeddings(images, classes, dimension, views.subList(from, to));
  }

  /** The number of images of each class, by label. */
  public List<Long> counts() {
    return counts(images, classes);
  }

  /** The number of images of each class, by label. */
  public static List<Long> counts(Collection<Image> images, int classes) {
    List<Long> counts = new ArrayList<>(Collections.nCopies(classes, 0L));
    images.forEach(
        image -> counts.set(image.label().index(), counts.get(image.label().index()) + 1));
    return counts;
  }
}
