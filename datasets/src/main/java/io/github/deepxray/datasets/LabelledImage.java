package io.github.deepxray.datasets;

import java.util.Map;
import java.util.Optional;

/**
 * Labelled image of a source.
 *
 * @param path the path in the source, unique
 * @param split the source's split of the image, if the source has splits
 * @param label the label
 * @param patient the patient; unique to this image if unknown
 * @param slice its finer class, or the name of its class if there are no finer ones
 * @param attributes what a table says about the image besides class, patient and split, by column
 */
public record LabelledImage(
    String path,
    Optional<Split> split,
    Label label,
    String patient,
    String slice,
    Map<String, String> attributes) {
  /** Copies the map. */
  public LabelledImage {
    attributes = Map.copyOf(attributes);
  }
}
