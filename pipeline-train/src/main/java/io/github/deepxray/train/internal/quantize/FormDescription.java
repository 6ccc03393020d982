package io.github.deepxray.train.internal.quantize;

import io.github.deepxray.core.network.ElementType;
import io.github.deepxray.optimize.quantize.QuantizationMode;
import io.github.deepxray.optimize.quantize.QuantizationSpec;
import io.github.deepxray.train.FormsSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Description of a quantized form as text. */
final class FormDescription {
  private FormDescription() {}

  /**
   * Returns the description of a form.
   *
   * @param kept layers that the search keeps in floats
   * @param refitted whether the head was trained again
   */
  static String of(FormsSpec options, QuantizationSpec spec, Set<String> kept, boolean refitted) {
    List<String> details = new ArrayList<>();
    if (spec.mode().calibrated()) {
      details.add("ranges " + spec.ranges().method());
    }
    List<String> floats = new ArrayList<>(spec.keepFloat());
    floats.addAll(kept);
    if (!floats.isEmpty()) {
      details.add("in floats " + String.join(" ", floats));
    }
    if (refitted) {
      details.add("head trained anew");
    }
    if (spec.mode() == QuantizationMode.INT8) {
      integers("reads", options.input(), details);
      integers("writes", options.output(), details);
    }
    String form = spec.mode().description();
    return details.isEmpty() ? form : form + " (" + String.join(", ", details) + ")";
  }

  /** Adds an element type other than float. */
  private static void integers(String verb, ElementType type, List<String> details) {
    if (type != ElementType.FLOAT32) {
      details.add(verb + " " + type.name().toLowerCase(Locale.ROOT));
    }
  }
}
