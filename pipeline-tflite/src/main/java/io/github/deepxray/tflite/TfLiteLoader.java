package io.github.deepxray.tflite;

import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.engine.ModelLoader;
import java.io.IOException;
import java.nio.file.Path;

/** Loads {@code .tflite} files for XNNPACK, wherever one is asked for by its format alone. */
public final class TfLiteLoader implements ModelLoader.TfLite {
  @Override
  public InferenceEngine load(Path model, int threads) throws IOException {
    return TfLiteEngine.load(model, TfLiteEngine.Options.DEFAULT.withThreads(threads));
  }
}
