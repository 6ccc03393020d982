package io.github.deepxray.optimize.internal.quantize;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.optimize.internal.TensorStatistics;
import io.github.deepxray.optimize.quantize.RangeMethod;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Statistics of every tensor of a float model on representative examples: enough to choose ranges
 * by any {@link RangeMethod} without running the model again.
 *
 * @param network the network's name
 * @param tensors the statistics by the tensors' names, including the network's input
 */
public record Calibration(String network, Map<String, TensorStatistics> tensors) {
  /** Copies the map, sorted by name. */
  public Calibration {
    tensors = Collections.unmodifiableMap(new TreeMap<>(tensors));
  }

  /**
   * Statistics of a tensor.
   *
   * @throws DeepXrayException if the tensor was not calibrated
   */
  public TensorStatistics tensor(String name) {
    TensorStatistics statistics = tensors.get(name);
    if (statistics == null) {
      throw new DeepXrayException(
          ("The calibration of %s has no tensor %s; calibrate the model that is "
                  + "quantized, folded in the same way.")
              .formatted(network, name));
    }
    return statistics;
  }
}
