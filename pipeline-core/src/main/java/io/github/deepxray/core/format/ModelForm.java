package io.github.deepxray.core.format;

/**
 * One of the models that a format puts into bundles.
 *
 * @param key its name in options and reports, of lower-case letters, digits, {@code _} and {@code
 *     -}; no two forms have the same
 * @param path the file or folder in a bundle
 * @param kind what it is made from
 */
public record ModelForm(String key, String path, Kind kind) {
  /** What a form is made from. */
  public enum Kind {
    /** The model with batch normalization folded, in 32-bit floats. */
    FLOAT,
    /** The model with 8-bit weights, whose activations are floats. */
    DYNAMIC,
    /** A file that the quantize stage has made; export describes and copies it. */
    QUANTIZED,
    /** The model with 8-bit weights that gives a heat map, too. The gate does not judge it. */
    EXPLAINING
  }

  /** Checks the name. */
  public ModelForm {
    if (!key.matches("[a-z0-9][a-z0-9_-]*")) {
      throw new IllegalArgumentException("a form is not called '" + key + "'");
    }
  }
}
