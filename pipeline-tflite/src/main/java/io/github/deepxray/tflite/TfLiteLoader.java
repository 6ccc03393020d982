package io.github.deepxray.tflite;

import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.engine.ModelLoader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Loads {@code .tflite} files for XNNPACK, wherever one is asked for by its format alone. */
public final class TfLiteLoader implements ModelLoader.TfLite {
  private static final int MOST_LABEL_BYTES = 1 << 20;

  @Override
  public InferenceEngine load(Path model, int threads) throws IOException {
    return TfLiteEngine.load(model, TfLiteEngine.Options.DEFAULT.withThreads(threads));
  }

  /** Those of the metadata, which are a ZIP archive at the end of the file. */
  @Override
  public List<String> labels(Path model) {
    try (ZipFile archive = new ZipFile(model.toFile())) {
      ZipEntry entry = archive.getEntry(TfLiteMetadata.LABELS);
      if (entry != null) {
        byte[] text = archive.getInputStream(entry).readNBytes(MOST_LABEL_BYTES);
        return new String(text, StandardCharsets.UTF_8).lines().toList();
      }
    } catch (IOException e) {
      // It has no metadata.
    }
    return List.of();
  }
}
