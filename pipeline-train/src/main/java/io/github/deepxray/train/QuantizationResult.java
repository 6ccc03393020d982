package io.github.deepxray.train;

import io.github.deepxray.core.metrics.Comparison;
import io.github.deepxray.core.metrics.Metric;
import java.util.Collections;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * What was made.
 *
 * @param form the file and its threshold
 * @param floatLayers the layers that the search keeps in floats besides those named
 * @param searchFailed whether there was a search and no set of layers within its limits brings the
 *     form through the gate; it is then the last one that was tried
 * @param refitted whether the head was trained anew
 * @param validation the form against the trained model on the validation split
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

  /** A line for people. */
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
