package io.github.deepxray.export;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.datasets.DatasetManifest;
import io.github.deepxray.datasets.DatasetOrigin;

/**
 * Name and purpose of a bundle's model.
 *
 * @param name name of the model: letters, digits, {@code .}, {@code _} and {@code -}
 * @param purpose sentence for the model card about the task of the model
 * @param origin origin of the images
 */
public record ModelPurpose(String name, String purpose, DatasetOrigin origin) {
  /** Default name of a model. */
  public static final String DEFAULT_NAME = "deepxray";

  /** Checks the name. */
  public ModelPurpose {
    requireName(name);
  }

  /** Returns the purpose of a model for the classes of a data set. */
  public static ModelPurpose of(String name, DatasetManifest dataset) {
    return new ModelPurpose(name, dataset.profile().purpose(), DatasetOrigin.of(dataset.audit()));
  }

  /**
   * Checks that a name is safe in paths and URLs.
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
