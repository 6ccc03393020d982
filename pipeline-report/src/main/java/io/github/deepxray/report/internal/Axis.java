package io.github.deepxray.report.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;

/**
 * Axis of a chart.
 *
 * @param name label of the axis, with the unit
 * @param min minimum
 * @param max maximum
 * @param ticks positions of the tick labels
 * @param digits decimals of the tick labels; with {@code percent}, of the percentage
 * @param percent whether tick labels are percentages of shares
 */
record Axis(String name, double min, double max, List<Double> ticks, int digits, boolean percent) {
  private static final double[] STEPS = {1, 2, 5, 10};

  Axis {
    ticks = List.copyOf(ticks);
  }

  /** Returns an axis from 0 to 1. */
  static Axis unit(String name) {
    return new Axis(name, 0, 1, List.of(0.0, 0.2, 0.4, 0.6, 0.8, 1.0), 1, false);
  }

  /**
   * Returns an axis around a range of values, with ticks at both ends and approximately the given
   * number of ticks.
   *
   * @param least minimum of the values
   * @param most maximum of the values
   */
  static Axis around(String name, double least, double most, int labels) {
    double span = most > least ? most - least : Math.max(Math.abs(most), 1e-3);
    double low = most > least ? least : least - span / 2;
    double high = most > least ? most : most + span / 2;
    double power = Math.pow(10, Math.floor(Math.log10(span / labels)));
    double step = 10 * power;
    for (double candidate : STEPS) {
      if (span / (candidate * power) <= labels + 0.5) {
        step = candidate * power;
        break;
      }
    }
    long first = (long) Math.floor(low / step + 1e-9);
    long last = (long) Math.ceil(high / step - 1e-9);
    double distance = step;
    List<Double> ticks = LongStream.rangeClosed(first, last).mapToObj(i -> i * distance).toList();
    int digits = (int) Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
    return new Axis(name, first * step, last * step, ticks, digits, false);
  }

  /** Returns an axis of integers from 1, such as epochs. */
  static Axis numbered(String name, int last) {
    int step = 1;
    for (int i = 0; last / step > 8; i++) {
      step = i % 2 == 0 ? step * 5 : step * 2;
    }
    List<Double> ticks = new ArrayList<>(List.of(1.0));
    for (int tick = step == 1 ? 2 : step; tick <= last; tick += step) {
      ticks.add((double) tick);
    }
    return new Axis(name, 1, Math.max(2, last), ticks, 0, false);
  }

  /** Returns a copy with labels in percent. */
  Axis inPercent() {
    return new Axis(name, min, max, ticks, Math.max(0, digits - 2), true);
  }

  String label(double tick) {
    return percent
        ? String.format(Locale.ROOT, "%." + digits + "f %%", 100 * tick)
        : String.format(Locale.ROOT, "%." + digits + "f", tick).replace("-", "−");
  }

  /**
   * Returns the position of a value, from 0 at the minimum to 1 at the maximum; values outside are
   * clamped.
   */
  double place(double value) {
    return (Math.max(min, Math.min(max, value)) - min) / (max - min);
  }
}
