package io.github.deepxray.export;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.classify.GateLimits;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.format.ModelFormat;
import io.github.deepxray.core.format.ModelFormats;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;

/**
 * Options of a bundle and its gate.
 *
 * @param sparse whether kernels that are mostly zeros are stored sparse in {@code .tflite} files
 * @param explain whether the bundle contains a model with heat maps, see {@link Bundle#EXPLAIN}
 * @param keras whether the bundle contains the trained network for Keras, see {@link Bundle#KERAS}
 * @param pictures whether the report shows X-rays; without them, the bundle contains no images
 * @param maxAucDifference maximum difference of the AUC of a quantized artifact from the trained
 *     model's
 * @param maxAccuracyDifference maximum difference of its accuracy
 * @param formats names of the model formats; if empty, the default formats
 */
@RecordBuilder
public record BundleSpec(
    boolean sparse,
    boolean explain,
    boolean keras,
    boolean pictures,
    double maxAucDifference,
    double maxAccuracyDifference,
    List<String> formats)
    implements BundleSpecBuilder.With {
  /** Default options: dense kernels, heat maps and pictures, no Keras file, default limits. */
  public static final BundleSpec DEFAULT =
      new BundleSpec(
          false,
          true,
          false,
          true,
          GateLimits.QUANTIZATION.auc(),
          GateLimits.QUANTIZATION.accuracy(),
          List.of());

  /** Checks the limits and the formats. */
  public BundleSpec {
    formats = List.copyOf(formats);
    formats.forEach(ModelFormats::named);
    if (!(maxAucDifference >= 0 && maxAccuracyDifference >= 0)) {
      throw new DeepXrayException(
          "The limits of the gate must be 0 or more, not "
              + maxAucDifference
              + " and "
              + maxAccuracyDifference
              + ".");
    }
  }

  /** Returns the formats to write, sorted by name. */
  public List<ModelFormat> writes() {
    return ModelFormats.all().stream()
        .filter(format -> formats.isEmpty() ? format.isDefault() : formats.contains(format.name()))
        .toList();
  }

  /** Returns the gate limits of an artifact. */
  public GateLimits limits(Artifact artifact) {
    GateLimits limits = artifact.limits();
    return limits.equals(GateLimits.ROUNDING)
        ? limits
        : limits.with(maxAucDifference, maxAccuracyDifference);
  }
}
