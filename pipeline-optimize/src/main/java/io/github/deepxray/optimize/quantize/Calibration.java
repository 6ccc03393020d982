package io.github.deepxray.optimize.quantize;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What was seen of every tensor of a model of floats on representative examples: enough to choose
 * ranges by any {@link RangeMethod} without running the model again.
 *
 * @param network the network's name
 * @param tensors statistics by the tensors' names, the network's input among them
 */
public record Calibration(String network, Map<String, TensorStatistics> tensors) {
  private static final String FORMAT = "deepxray-calibration/1";

  /** More than any network has. */
  private static final int MOST_TENSORS = 1 << 12;

  /** Rounding may make a bin more of those that {@link Calibrator} asks for. */
  private static final int MOST_BINS = 2 * Calibrator.BINS;

  /** So many values that their sums do not overflow. */
  private static final long MOST_VALUES = 1L << 52;

  /** Copies and sorts by name. */
  public Calibration {
    tensors = Collections.unmodifiableMap(new TreeMap<>(tensors));
  }

  /**
   * What was seen of a tensor.
   *
   * @throws DeepXrayException if it was not calibrated
   */
  public TensorStatistics tensor(String name) {
    TensorStatistics statistics = tensors.get(name);
    if (statistics == null) {
      throw new DeepXrayException(
          ("The calibration of %s says nothing of tensor %s; calibrate the model that is "
                  + "quantized, folded in the same way.")
              .formatted(network, name));
    }
    return statistics;
  }

  /**
   * Writes the calibration as JSON on one line; histograms as alternating counts of empty bins and
   * of values.
   *
   * @throws IOException if the file cannot be written
   */
  public void write(Path file) throws IOException {
    ObjectNode root = Json.object();
    root.put("format", FORMAT);
    root.put("network", network);
    ObjectNode all = root.putObject("tensors");
    tensors.forEach(
        (name, statistics) -> {
          ObjectNode node = all.putObject(name);
          ArrayNode minima = node.putArray("minima");
          ArrayNode maxima = node.putArray("maxima");
          for (int i = 0; i < statistics.examples(); i++) {
            minima.add(statistics.exampleMin(i));
            maxima.add(statistics.exampleMax(i));
          }
          Histogram histogram = statistics.histogram();
          ObjectNode bins = node.putObject("histogram");
          bins.put("width", histogram.width());
          bins.put("first", histogram.first());
          bins.put("bins", histogram.bins());
          ArrayNode counts = bins.putArray("counts");
          int empty = 0;
          for (int i = 0; i < histogram.bins(); i++) {
            if (histogram.count(i) == 0) {
              empty++;
            } else {
              counts.add(empty).add(histogram.count(i));
              empty = 0;
            }
          }
        });
    AtomicFiles.write(file, Json.compact(root) + "\n");
  }

  /**
   * Reads a calibration that was written.
   *
   * @throws DeepXrayException if it is damaged or of another format
   * @throws IOException if the file cannot be read
   */
  public static Calibration read(Path file) throws IOException {
    Saved saved = Json.read(file, Map.of(FORMAT, Saved.class), "calibrate again");
    Map<String, TensorStatistics> tensors = new TreeMap<>();
    saved.tensors.forEach((name, statistics) -> tensors.put(name, statistics.restored()));
    return new Calibration(saved.network, tensors);
  }

  /** The content of the file. */
  record Saved(String format, String network, Map<String, Statistics> tensors) {
    Saved {
      if (tensors.size() > MOST_TENSORS) {
        throw new IllegalArgumentException(tensors.size() + " tensors are too many");
      }
    }
  }

  /** What was seen of a tensor, as it is in the file. */
  record Statistics(List<Float> minima, List<Float> maxima, Bins histogram) {
    Statistics {
      if (minima.isEmpty() || minima.size() != maxima.size()) {
        throw new IllegalArgumentException(
            minima.size() + " minima and " + maxima.size() + " maxima do not fit together");
      }
      for (int i = 0; i < minima.size(); i++) {
        if (!Float.isFinite(minima.get(i))
            || !Float.isFinite(maxima.get(i))
            || minima.get(i) > maxima.get(i)) {
          throw new IllegalArgumentException(
              "there are no values from " + minima.get(i) + " to " + maxima.get(i));
        }
      }
    }

    TensorStatistics restored() {
      return TensorStatistics.of(floats(minima), floats(maxima), histogram.restored());
    }
  }

  /** A histogram as it is in the file: how many bins are empty, what the next one holds, ... */
  record Bins(double width, long first, int bins, List<Long> counts) {
    Bins {
      if (!(width > 0) || Double.isInfinite(width) || bins < 1 || bins > MOST_BINS) {
        throw new IllegalArgumentException(bins + " bins of width " + width + " cannot be");
      }
      long[] sums = {counts.size() / 2, 0};
      for (int i = 0; i < counts.size(); i++) {
        long count = counts.get(i);
        // Each before it is added: the sum could overflow.
        if (count < 0 || count > MOST_VALUES || sums[i % 2] + count > MOST_VALUES) {
          throw new IllegalArgumentException("there is no count of " + count);
        }
        sums[i % 2] += count;
      }
      if (counts.size() % 2 != 0 || sums[0] > bins || Math.abs((double) first) > MOST_VALUES) {
        throw new IllegalArgumentException("its counts are not those of " + bins + " bins");
      }
    }

    Histogram restored() {
      long[] all = new long[bins];
      int bin = 0;
      for (int i = 0; i < counts.size(); i += 2) {
        bin += counts.get(i).intValue();
        all[bin++] = counts.get(i + 1);
      }
      return Histogram.of(width, first, all);
    }
  }

  private static float[] floats(List<Float> list) {
    float[] values = new float[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.get(i);
    }
    return values;
  }
}
