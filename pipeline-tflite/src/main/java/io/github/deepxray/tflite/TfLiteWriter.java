package io.github.deepxray.tflite;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.io.AtomicFiles;
import io.github.deepxray.core.network.Model;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Writes models as {@code .tflite} files, in the format of TFLite's schema version 3.
 *
 * <p>The file runs one example a call: its input is {@code [1, ...]} of the network's input shape,
 * 32-bit floats. Tensors carry the names of the network, and so do the inputs and outputs of the
 * signature {@value #SIGNATURE}. Each layer becomes the TFLite operators of the same arithmetic;
 * fold the model first for speed. Kernels of 8-bit integers are stored as such: convolutions and
 * dense layers compute with them and quantize their input on the fly (dynamic range quantization),
 * depthwise convolutions dequantize them when the model is loaded.
 *
 * <p>The same model gives the same bytes.
 */
public final class TfLiteWriter {
  /** The key of the only signature, the one that TensorFlow gives a model's main function. */
  public static final String SIGNATURE = "serving_default";

  private static final String DESCRIPTION = "Written by deepxray.";

  private TfLiteWriter() {}

  /**
   * The file's bytes.
   *
   * @throws DeepXrayException if an output is named twice or a kernel is quantized along another
   *     dimension than that of its output channels
   */
  public static byte[] toBytes(Model model) {
    return Lowering.lower(model).toBytes(DESCRIPTION, SIGNATURE);
  }

  /**
   * Writes the file, replacing what was there.
   *
   * @throws DeepXrayException as for {@link #toBytes}
   * @throws IOException if it cannot be written
   */
  public static void write(Model model, Path file) throws IOException {
    AtomicFiles.write(file, toBytes(model));
  }
}
