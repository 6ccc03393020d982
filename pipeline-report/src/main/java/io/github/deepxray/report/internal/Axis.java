package io.github.deepxray.report.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;

/**
 * An axis of a chart.
 *
 * @param name what it shows, with the unit
 * @param min where it begins
 * @param max where it ends
 * @param ticks where it is labelled
 * @param digits of the labels after the point; with {@code percent}, of the percentage
 * @param percent whether labels are percentages of shares
 */
record Axis(String name, double min, double max, List<Double> ticks, int digits, boolean percent) {
  private static final double[] STEPS = {1, 2, 5, 10};

  Axis {
    ticks = List.copyOf(ticks);
  }

  /** From 0 to 1. */
  static Axis unit(String name) {
    return new Axis(name, 0, 1, List.of(0.0, 0.2, 0.4, 0.6, 0.8, 1.0), 1, false);
  }

  /**
   * One that holds all values between, ends at labelled places and has about so many labels.
   *
   * @param least the least value
   * @param most the greatest value
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

  /** Of whole numbers from 1, such as epochs. */
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

  /** The same, labelled in percent. */
  Axis inPercent() {
    return new Axis(name, min, max, ticks, Math.max(0, digits - 2), true);
  }

  String label(double tick) {
    return percent
        ? String.format(Locale.ROOT, "%." + digits + "f %%", 100 * tick)
        : String.format(Locale.ROOT, "%." + digits + "f", tick).replace("-", "−");
  }

  /**
   * Where a value lies, 0 at the axis' beginning and 1 at its end; what lies outside is moved in.
   */
  double place(double value) {
    return (Math.max(min, Math.min(max, value)) - min) / (max - min);
  }
}
