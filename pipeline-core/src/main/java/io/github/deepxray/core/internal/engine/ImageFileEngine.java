package io.github.deepxray.core.internal.engine;

import io.github.deepxray.core.engine.InferenceEngine;
import java.util.List;

/** Engine whose model decodes image files itself. */
public interface ImageFileEngine extends InferenceEngine {
  /**
   * Runs the model on image files.
   *
   * @param images JPEG or PNG files
   * @return as of {@link #run}, without an input guard if the model computes it only for decoded
   *     images
   * @throws io.github.deepxray.core.DeepXrayException if the model does not read image files or a
   *     file cannot be decoded
   */
  float[][] runBytes(List<byte[]> images);
}
