package io.github.deepxray.tflite.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.network.ElementType;
import io.github.deepxray.core.network.Model;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Writes models as {@code .tflite} files, in the format of TFLite's schema version 3.
 *
 * <p>The file runs one example a call: its input is {@code [1, ...]} of the network's input shape.
 * Tensors carry the names of the network, and so do the inputs and outputs of the signature {@value
 * #SIGNATURE}. Each layer becomes the TFLite operators of the same arithmetic; fold the model first
 * for speed.
 *
 * <p>What a model's {@link io.github.deepxray.core.network.Quantization} says becomes one of the
 * forms that TensorFlow's converter offers:
 *
 * <ul>
 *   <li>{@code FLOAT}: kernels of 8-bit integers or 16-bit floats are stored as such and
 *       dequantized when the file is loaded (weight-only int8, float16).
 *   <li>{@code DYNAMIC}: convolutions and dense layers compute with kernels of 8-bit integers and
 *       quantize their input on the fly (dynamic range). Kernels of depthwise convolutions are
 *       dequantized when the file is loaded: XNNPACK then runs the whole graph, several times
 *       faster than with TFLite's hybrid depthwise kernels.
 *   <li>{@code INT8} and {@code INT16}: layers compute in integers (full integer quantization, and
 *       16x8), those kept in floats excepted. {@code QUANTIZE} and {@code DEQUANTIZE} stand where
 *       the two meet, one a tensor. XNNPACK has no 16-bit integers; TFLite's own kernels run those.
 * </ul>
 *
 * <p>The same model gives the same bytes.
 */
public final class TfLiteWriter {
  /** The key of the only signature, the one that TensorFlow gives a model's main function. */
  public static final String SIGNATURE = "serving_default";

  private static final String DESCRIPTION = "Written by deepxray.";

  /**
   * How to write a file.
   *
   * @param input what the input is made of
   * @param output what all outputs are made of
   * @param sparse whether kernels with many zeros are stored without them, where that makes the
   *     file smaller. They are made dense again when the file is loaded, so that it computes the
   *     same, as fast as before. Kernels of 8-bit integers are not if they are multiplied by floats
   *     ({@code DYNAMIC}) or those of dense layers: XNNPACK refuses them.
   */
  @RecordBuilder
  public record Options(ElementType input, ElementType output, boolean sparse)
      implements TfLiteWriterOptionsBuilder.With {
    /** Floats in and out, every zero stored. */
    public static final Options DEFAULT =
        new Options(ElementType.FLOAT32, ElementType.FLOAT32, false);
  }

  private TfLiteWriter() {}

  /**
   * The file's bytes, with the default options.
   *
   * @throws DeepXrayException as for {@link #toBytes(Model, Options)}
   */
  public static byte[] toBytes(Model model) {
    return toBytes(model, Options.DEFAULT);
  }

  /**
   * The file's bytes.
   *
   * @throws DeepXrayException if an output is named twice, a kernel is quantized along another
   *     dimension than that of its output channels, the types asked for are not those of the
   *     model's arithmetic, or a layer that is to compute in integers cannot: its kernel is not
   *     quantized, the range of a tensor is not known or does not fit, or it has no such operator
   */
  public static byte[] toBytes(Model model, Options options) {
    return Lowering.lower(model, options).toBytes(DESCRIPTION, SIGNATURE);
  }

  /**
   * Writes the file with the default options, replacing what was there.
   *
   * @throws DeepXrayException as for {@link #toBytes(Model, Options)}
   * @throws IOException if it cannot be written
   */
  public static void write(Model model, Path file) throws IOException {
    write(model, file, Options.DEFAULT);
  }

  /**
   * Writes the file, replacing what was there.
   *
   * @throws DeepXrayException as for {@link #toBytes(Model, Options)}
   * @throws IOException if it cannot be written
   */
  public static void write(Model model, Path file, Options options) throws IOException {
    AtomicFiles.write(file, toBytes(model, options));
  }
}
