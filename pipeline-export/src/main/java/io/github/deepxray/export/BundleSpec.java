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
 * How a bundle is written and what its gate accepts.
 *
 * @param sparse whether kernels that are mostly zeros are stored without them in {@code .tflite}
 *     files
 * @param explain whether the bundle gets a model that explains, see {@link Bundle#EXPLAIN}
 * @param keras whether the bundle gets the trained network for Keras, see {@link Bundle#KERAS}
 * @param pictures whether the report shows X-rays; without, the bundle holds no image
 * @param maxAucDifference how far the AUC of a quantized artifact may be from the trained model's
 * @param maxAccuracyDifference how far its accuracy may be
 * @param formats the names of the formats that it has models of; if empty, those that are default
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
  /** Dense kernels, with the model that explains and pictures, nothing for Keras, usual limits. */
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

  /** The formats to write, in the order of their names. */
  public List<ModelFormat> writes() {
    return ModelFormats.all().stream()
        .filter(format -> formats.isEmpty() ? format.isDefault() : formats.contains(format.name()))
        .toList();
  }

  /** How far an artifact may be from the trained model. */
  public GateLimits limits(Artifact artifact) {
    GateLimits limits = artifact.limits();
    return limits.equals(GateLimits.ROUNDING)
        ? limits
        : limits.with(maxAucDifference, maxAccuracyDifference);
  }
}
