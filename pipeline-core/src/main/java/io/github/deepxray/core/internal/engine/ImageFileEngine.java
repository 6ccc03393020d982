package io.github.deepxray.core.internal.engine;

import io.github.deepxray.core.engine.InferenceEngine;
import java.util.List;

/** An engine whose model decodes image files itself. */
public interface ImageFileEngine extends InferenceEngine {
  /**
   * Runs the model.
   *
   * @param images JPEG or PNG files
   * @return as of {@link #run}
   * @throws io.github.deepxray.core.DeepXrayException if the model reads no image files or one
   *     cannot be decoded
   */
  float[][] runBytes(List<byte[]> images);
}
