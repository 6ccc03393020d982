package io.github.deepxray.tflite.internal;

import com.google.flatbuffers.FlatBufferBuilder;
import io.github.deepxray.tflite.internal.FlatGraph.Quantization;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.lite.schema.QuantizationParameters;

/**
 * Writes a file's tables of quantization, equal tables and equal vectors once, as the format
 * allows: a file has many zero points of 0, and at 8 bytes each they would be a tenth of it.
 */
final class QuantizationTables {
  private final FlatBufferBuilder builder;
  private final Map<Quantization, Integer> tables = new HashMap<>();
  private final Map<List<Long>, Integer> zeroPoints = new HashMap<>();

  QuantizationTables(FlatBufferBuilder builder) {
    this.builder = builder;
  }

  /** Writes a table, or gives the one that was written. */
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
