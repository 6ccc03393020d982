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
 * <p>The file runs one example per call: its input is {@code [1, ...]} of the network's input
 * shape. Tensors, inputs and outputs of the signature {@value #SIGNATURE} have the names of the
 * network. Each layer becomes TFLite operators of the same arithmetic; fold the model first for
 * speed.
 *
 * <p>The model's {@link io.github.deepxray.core.network.Quantization} selects one of the forms of
 * TensorFlow's converter:
 *
 * <ul>
 *   <li>{@code FLOAT}: kernels of 8-bit integers or 16-bit floats are stored as such and
 *       dequantized when the file is loaded (weight-only int8, float16).
 *   <li>{@code DYNAMIC}: convolutions and dense layers compute with kernels of 8-bit integers and
 *       quantize their input at run time (dynamic range). Kernels of depthwise convolutions are
 *       dequantized when the file is loaded: XNNPACK then runs the whole graph, several times
 *       faster than with TFLite's hybrid depthwise kernels.
 *   <li>{@code INT8} and {@code INT16}: layers compute in integers (full integer quantization, and
 *       16x8), except float layers. {@code QUANTIZE} and {@code DEQUANTIZE} convert between them,
 *       once per tensor. XNNPACK has no 16-bit integers; TFLite's own kernels run those.
 * </ul>
 *
 * <p>Equal models give equal bytes.
 */
public final class TfLiteWriter {
  /** Key of the only signature, as in TensorFlow's models. */
  public static final String SIGNATURE = "serving_default";

  private static final String DESCRIPTION = "Written by deepxray.";

  /**
   * Options of writing a file.
   *
   * @param input the element type of the input
   * @param output the element type of all outputs
   * @param sparse whether kernels with many zeros are stored in sparse form, if that makes the file
   *     smaller. They are made dense when the file is loaded; results and speed are the same. 8-bit
   *     kernels that are multiplied by floats ({@code DYNAMIC}) and those of dense layers stay
   *     dense: XNNPACK rejects them.
   */
  @RecordBuilder
  public record Options(ElementType input, ElementType output, boolean sparse)
      implements TfLiteWriterOptionsBuilder.With {
    /** Float inputs and outputs, dense kernels. */
    public static final Options DEFAULT =
        new Options(ElementType.FLOAT32, ElementType.FLOAT32, false);
  }

  private TfLiteWriter() {}

  /**
   * Returns the bytes of the file, with the default options.
   *
   * @throws DeepXrayException as for {@link #toBytes(Model, Options)}
   */
  public static byte[] toBytes(Model model) {
    return toBytes(model, Options.DEFAULT);
  }

  /**
   * Returns the bytes of the file.
   *
   * @throws DeepXrayException if an output is repeated, a kernel is quantized along another
   *     dimension than that of its output channels, the requested types are not those of the
   *     model's arithmetic, or an integer layer is not possible: its kernel is not quantized, the
   *     range of a tensor is unknown or does not fit, or there is no such operator
   */
  public static byte[] toBytes(Model model, Options options) {
    return Lowering.lower(model, options).toBytes(DESCRIPTION, SIGNATURE);
  }

  /**
   * Writes the file with the default options, replacing an existing one.
   *
   * @throws DeepXrayException as for {@link #toBytes(Model, Options)}
   * @throws IOException if the file cannot be written
   */
  public static void write(Model model, Path file) throws IOException {
    write(model, file, Options.DEFAULT);
  }

  /**
   * Writes the file, replacing an existing one.
   *
   * @throws DeepXrayException as for {@link #toBytes(Model, Options)}
   * @throws IOException if the file cannot be written
   */
  public static void write(Model model, Path file, Options options) throws IOException {
    AtomicFiles.write(file, toBytes(model, options));
  }
}
