package io.github.deepxray.core.format;

/**
 * One of the models that a format writes into bundles.
 *
 * @param key the name in options and reports, of lower-case letters, digits, {@code _} and {@code
 *     -}; unique among all forms
 * @param path the file or folder in a bundle
 * @param kind the source of the form
 */
public record ModelForm(String key, String path, Kind kind) {
  /** Source of a form. */
  public enum Kind {
    /** The model with folded batch normalization, in 32-bit floats. */
    FLOAT,
    /** The model with 8-bit weights and float activations. */
    DYNAMIC,
    /** A file written by the quantize stage; export copies it and adds metadata. */
    QUANTIZED,
    /**
     * The model with 8-bit weights and an additional heat map output. The gate does not check it.
     */
    EXPLAINING
  }

  /** Checks the name. */
  public ModelForm {
    if (!key.matches("[a-z0-9][a-z0-9_-]*")) {
      throw new IllegalArgumentException("invalid key of a model form: '" + key + "'");
    }
  }
}
