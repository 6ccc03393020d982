package io.github.deepxray.tensorflow.internal;

import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.format.ModelForm;
import io.github.deepxray.core.format.ModelFormat;
import io.github.deepxray.core.format.ModelNotes;
import io.github.deepxray.core.network.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** TensorFlow's SavedModel format: a folder with a graph that also decodes image files. */
public final class SavedModelFormat implements ModelFormat {
  @Override
  public String name() {
    return "saved_model";
  }

  @Override
  public boolean recognizes(Path model) {
    return Files.isRegularFile(model.resolve(SavedModelWriter.FILE));
  }

  @Override
  public InferenceEngine load(Path model, int threads) {
    return SavedModelEngine.load(model, threads);
  }

  @Override
  public InferenceEngine loadTrusted(Path model, int threads) {
    return SavedModelEngine.loadTrusted(model, threads);
  }

  /** True: TensorFlow's operations share a pool of threads. */
  @Override
  public boolean usesAllCores() {
    return true;
  }

  /** One form in a version folder, as TensorFlow Serving expects. */
  @Override
  public List<ModelForm> forms() {
    return List.of(new ModelForm("saved_model", "saved_model/1", ModelForm.Kind.FLOAT));
  }

  @Override
  public boolean isDefault() {
    return true;
  }

  /** Also writes warm-up requests for TensorFlow Serving. */
  @Override
  public void write(Model model, ModelNotes notes, Path target) throws IOException {
    SavedModelWriter.write(target, model, notes.fit());
    ServingWarmup.write(target, notes.name(), model.network());
  }
}
