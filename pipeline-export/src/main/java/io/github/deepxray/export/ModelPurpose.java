package io.github.deepxray.export;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.datasets.DatasetManifest;
import io.github.deepxray.datasets.DatasetOrigin;

/**
 * What a bundle says of its model.
 *
 * @param name the model's name, of letters, digits, {@code .}, {@code _} and {@code -}
 * @param purpose a sentence for the model card that says what the model does
 * @param origin where the images come from
 */
public record ModelPurpose(String name, String purpose, DatasetOrigin origin) {
  /** The name of a model that was given none. */
  public static final String DEFAULT_NAME = "deepxray";

  /** Checks the name. */
  public ModelPurpose {
    requireName(name);
  }

  /** A model for the classes of a data set, trained on its images. */
  public static ModelPurpose of(String name, DatasetManifest dataset) {
    return new ModelPurpose(name, dataset.profile().purpose(), DatasetOrigin.of(dataset.audit()));
  }

  /**
   * A name that is safe in paths and addresses.
   *
   * @throws DeepXrayException if it is not
   */
  public static String requireName(String name) {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
      throw new DeepXrayException(
          "The name '" + name + "' must consist of letters, digits, '.', '_' and '-'.");
    }
    return name;
  }
}
