package io.github.deepxray.train;

import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Metric;
import java.util.Collections;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * Result of quantization.
 *
 * @param form quantized form with its file and threshold
 * @param floatLayers layers that the search keeps in floats, in addition to the named ones
 * @param searchFailed whether the search found no set of layers with which the form passes the
 *     gate; the form is then the last one tried
 * @param refitted whether the head was trained again
 * @param validation comparison of the form with the trained model on the validation split
 */
public record QuantizationResult(
    QuantizedForms.Form form,
    Set<String> floatLayers,
    boolean searchFailed,
    boolean refitted,
    Comparison validation) {
  /** Copies the set. */
  public QuantizationResult {
    floatLayers = Collections.unmodifiableSet(new TreeSet<>(floatLayers));
  }

  /** Returns a one-line summary. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s: validation AUC %.4f (%+.4f), accuracy %+.4f, correlation %.4f%s%s%s%s",
        form.artifact(),
        validation.of(Metric.AUC).value(),
        validation.difference(Metric.AUC).value(),
        validation.difference(Metric.ACCURACY).value(),
        validation.correlation(),
        form.threshold().isPresent()
            ? String.format(Locale.ROOT, ", threshold %.4f", form.threshold().getAsDouble())
            : "",
        refitted ? ", head trained anew" : "",
        floatLayers.isEmpty() ? "" : ", in floats: " + String.join(", ", floatLayers),
        searchFailed ? "; no layers to keep in floats found within the limits" : "");
  }
}
