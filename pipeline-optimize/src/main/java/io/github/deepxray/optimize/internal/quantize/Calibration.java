package io.github.deepxray.optimize.internal.quantize;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.optimize.internal.TensorStatistics;
import io.github.deepxray.optimize.quantize.RangeMethod;
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
}
