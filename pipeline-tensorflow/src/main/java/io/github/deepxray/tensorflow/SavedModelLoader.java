package io.github.deepxray.tensorflow;

import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.engine.ModelLoader;
import java.nio.file.Path;

/** Loads SavedModels, wherever one is asked for by its format alone. */
public final class SavedModelLoader implements ModelLoader.SavedModel {
  @Override
  public InferenceEngine load(Path model, int threads) {
    return SavedModelEngine.load(model, threads);
  }

  @Override
  public InferenceEngine loadTrusted(Path model, int threads) {
    return SavedModelEngine.loadTrusted(model, threads);
  }
}
