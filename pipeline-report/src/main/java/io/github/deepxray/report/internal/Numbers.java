package io.github.deepxray.report.internal;

import io.github.deepxray.core.metrics.Interval;
import java.util.Locale;

/** Number formats of the report. */
final class Numbers {
  /** Text of an undefined value. */
  static final String NONE = "–";

  private Numbers() {}

  /** Returns the verdict of the gate. */
  static String verdict(boolean blessed) {
    return blessed ? "✓ blessed" : "✗ refused";
  }

  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  static String decimals(double value, int digits) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%." + digits + "f", value) : NONE;
  }

  /** Returns a number with its sign; minus is U+2212. */
  static String signed(double value, int digits) {
    return Double.isFinite(value)
        ? String.format(Locale.ROOT, "%+." + digits + "f", value).replace('-', '−')
        : NONE;
  }

  /** Returns an interval as in the model card, with an en dash. */
  static String interval(Interval interval) {
    return interval.toString().replace('-', '–');
  }

  static String percent(double share) {
    return Double.isFinite(share) ? String.format(Locale.ROOT, "%.1f %%", 100 * share) : NONE;
  }

  /** Returns a share with its interval in percent. */
  static String percent(Interval share) {
    return Double.isNaN(share.value())
        ? NONE
        : String.format(
            Locale.ROOT,
            "%.1f %% (%.1f–%.1f)",
            100 * share.value(),
            100 * share.low(),
            100 * share.high());
  }

  /** Returns the complement of a share. */
  static Interval rest(Interval share) {
    return new Interval(1 - share.value(), 1 - share.high(), 1 - share.low());
  }

  /** Returns a probability or threshold with four digits, as in the model card. */
  static String probability(double value) {
    return decimals(value, 4);
  }

  static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%.2f", bytes / 1e6);
  }

  /** Returns a short coordinate. */
  static String coordinate(double value) {
    String text = String.format(Locale.ROOT, "%.1f", value);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }
}
