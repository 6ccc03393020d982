package io.github.deepxray.examples.guest;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.format.ModelForm;
import io.github.deepxray.core.format.ModelFormat;
import io.github.deepxray.core.format.ModelFormats;
import io.github.deepxray.core.format.ModelNotes;
import io.github.deepxray.core.network.Model;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** Model format of gzip-compressed {@code .tflite} files, based on the TFLite format. */
public final class GzipFormat implements ModelFormat {
  private static final String ENDING = ".tflite.gz";
  private static final int MOST_BYTES = 1 << 30;

  /** Called by the service loader. */
  public GzipFormat() {}

  @Override
  public String name() {
    return "gzip";
  }

  @Override
  public boolean recognizes(Path model) {
    return Files.isRegularFile(model) && model.toString().endsWith(ENDING);
  }

  @Override
  public List<ModelForm> forms() {
    return List.of(new ModelForm("gzip", "model" + ENDING, ModelForm.Kind.FLOAT));
  }

  @Override
  public void write(Model model, ModelNotes notes, Path target) throws IOException {
    Path unpacked = Files.createTempFile("guest", ".tflite");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(target))) {
      packed().write(model, notes, unpacked);
      Files.copy(unpacked, out);
    } finally {
      Files.delete(unpacked);
    }
  }

  @Override
  public InferenceEngine load(Path model, int threads) throws IOException {
    Path unpacked = Files.createTempFile("guest", ".tflite");
    try (InputStream in = new GZIPInputStream(Files.newInputStream(model))) {
      byte[] bytes = in.readNBytes(MOST_BYTES);
      if (bytes.length == MOST_BYTES) {
        throw new DeepXrayException(
            model + " has more than 1 GiB uncompressed; it is not a model of deepxray.");
      }
      Files.write(unpacked, bytes);
      return packed().load(unpacked, threads);
    } finally {
      Files.delete(unpacked);
    }
  }

  private static ModelFormat packed() {
    return ModelFormats.named("tflite");
  }
}
