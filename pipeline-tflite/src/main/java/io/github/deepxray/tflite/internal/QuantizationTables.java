package io.github.deepxray.tflite.internal;

import com.google.flatbuffers.FlatBufferBuilder;
import io.github.deepxray.tflite.internal.FlatGraph.Quantization;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.lite.schema.QuantizationParameters;

/**
 * Writes a file's quantization tables; equal tables and vectors are shared, as the format allows: a
 * file has many zero points of 0, which at 8 bytes each would be a tenth of it.
 */
final class QuantizationTables {
  private final FlatBufferBuilder builder;
  private final Map<Quantization, Integer> tables = new HashMap<>();
  private final Map<List<Long>, Integer> zeroPoints = new HashMap<>();

  QuantizationTables(FlatBufferBuilder builder) {
    this.builder = builder;
  }

  /** Writes a table, or returns the equal one written before. */
  int write(Quantization quantization) {
    return tables.computeIfAbsent(quantization, this::table);
  }

  private int table(Quantization quantization) {
    float[] scales = new float[quantization.scales().size()];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = quantization.scales().get(i);
    }
    int scaleVector = QuantizationParameters.createScaleVector(builder, scales);
    int zeroPointVector = zeroPoints.computeIfAbsent(quantization.zeroPoints(), this::vector);
    return QuantizationParameters.createQuantizationParameters(
        builder, 0, 0, scaleVector, zeroPointVector, (byte) 0, 0, quantization.dimension());
  }

  private int vector(List<Long> values) {
    return QuantizationParameters.createZeroPointVector(
        builder, values.stream().mapToLong(Long::longValue).toArray());
  }
}
