package io.github.deepxray.optimize.quantize;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.core.io.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
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
          "The calibration of "
              + network
              + " says nothing of tensor "
              + name
              + "; calibrate the model that is quantized, folded in the same way.");
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
    JsonNode root = Json.read(file);
    if (!FORMAT.equals(root.path("format").asText())) {
      throw new DeepXrayException(
          file
              + " is of the format "
              + root.path("format").asText("(none)")
              + ", not "
              + FORMAT
              + "; calibrate again.");
    }
    Map<String, TensorStatistics> tensors = new TreeMap<>();
    for (Map.Entry<String, JsonNode> field : root.path("tensors").properties()) {
      try {
        tensors.put(field.getKey(), statistics(field.getValue()));
      } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
        throw new DeepXrayException(
            file + ", tensor " + field.getKey() + ": " + e.getMessage() + "; calibrate again.", e);
      }
    }
    return new Calibration(root.path("network").asText(), tensors);
  }

  private static TensorStatistics statistics(JsonNode node) {
    JsonNode histogram = node.path("histogram");
    int bins = histogram.path("bins").asInt();
    if (bins < 0 || bins > 1 << 24) {
      throw new IllegalArgumentException(bins + " bins");
    }
    long[] counts = new long[bins];
    JsonNode pairs = histogram.path("counts");
    int bin = 0;
    for (int i = 0; i + 1 < pairs.size(); i += 2) {
      bin += pairs.get(i).asInt();
      counts[bin++] = pairs.get(i + 1).asLong();
    }
    return TensorStatistics.of(
        floats(node.path("minima")),
        floats(node.path("maxima")),
        Histogram.of(histogram.path("width").asDouble(), histogram.path("first").asLong(), counts));
  }

  private static float[] floats(JsonNode array) {
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).floatValue();
    }
    return values;
  }
}
