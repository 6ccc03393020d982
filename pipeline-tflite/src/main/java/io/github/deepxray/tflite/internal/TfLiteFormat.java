package io.github.deepxray.tflite.internal;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.format.ModelForm;
import io.github.deepxray.core.format.ModelForm.Kind;
import io.github.deepxray.core.format.ModelFormat;
import io.github.deepxray.core.format.ModelNotes;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.internal.Version;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.network.Model;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** TensorFlow Lite's flatbuffer format: one file, which XNNPACK runs. */
public final class TfLiteFormat implements ModelFormat {
  private static final int MOST_BYTES = 1 << 20;

  /** File identifier, after the offset of the root. */
  private static final byte[] IDENTIFIER = "TFL3".getBytes(StandardCharsets.US_ASCII);

  @Override
  public String name() {
    return "tflite";
  }

  /** Checks the extension, or the file identifier. */
  @Override
  public boolean recognizes(Path model) {
    if (!Files.isRegularFile(model) || model.toString().endsWith(".tflite")) {
      return Files.isRegularFile(model);
    }
    try (InputStream in = Files.newInputStream(model)) {
      byte[] start = in.readNBytes(2 * IDENTIFIER.length);
      return start.length == 2 * IDENTIFIER.length
          && Arrays.equals(
              start, IDENTIFIER.length, start.length, IDENTIFIER, 0, IDENTIFIER.length);
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public List<ModelForm> forms() {
    return List.of(
        form("float32", Kind.FLOAT),
        form("float16", Kind.QUANTIZED),
        form("int8-weights", Kind.QUANTIZED),
        form("dynamic", Kind.DYNAMIC),
        form("int8", Kind.QUANTIZED),
        form("int16x8", Kind.QUANTIZED),
        form("explain", Kind.EXPLAINING));
  }

  private static ModelForm form(String key, Kind kind) {
    return new ModelForm(key, "model-" + key + ".tflite", kind);
  }

  @Override
  public boolean isDefault() {
    return true;
  }

  @Override
  public void write(Model model, ModelNotes notes, Path target) throws IOException {
    byte[] bytes =
        TfLiteWriter.toBytes(model, TfLiteWriter.Options.DEFAULT.withSparse(notes.sparse()));
    AtomicFiles.write(target, metadata(notes).addTo(bytes));
  }

  @Override
  public void copy(Path quantized, ModelNotes notes, Path target) throws IOException {
    AtomicFiles.write(target, metadata(notes).addTo(Files.readAllBytes(quantized)));
  }

  private static TfLiteMetadata metadata(ModelNotes notes) {
    ModelNotes.Output scores = notes.outputs().get(0);
    return new TfLiteMetadata(
        notes.name(),
        notes.description(),
        Version.current(),
        "deepxray",
        "Apache-2.0",
        TfLiteMetadata.Input.pixels(notes.image(), notes.fit()),
        new TfLiteMetadata.Output(scores.name(), scores.description(), notes.classes()),
        notes.outputs().stream()
            .skip(1)
            .map(other -> new TfLiteMetadata.Feature(other.name(), other.description()))
            .toList());
  }

  @Override
  public InferenceEngine load(Path model, int threads) throws IOException {
    return TfLiteEngine.load(model, TfLiteEngine.Options.DEFAULT.withThreads(threads));
  }

  /** Reads the labels of the metadata. */
  @Override
  public List<String> labels(Path model) {
    return lines(model, TfLiteMetadata.LABELS);
  }

  /** Reads the fit of the metadata. */
  @Override
  public Optional<Fit> fit(Path model) {
    List<String> lines = lines(model, TfLiteMetadata.FIT);
    if (lines.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        Arrays.stream(Fit.values())
            .filter(fit -> lines.equals(List.of(fit.key())))
            .findFirst()
            .orElseThrow(
                () ->
                    new DeepXrayException(
                        model
                            + ": its "
                            + TfLiteMetadata.FIT
                            + " is none of stretch, crop and pad; export the model again.")));
  }

  /** Reads a file of the metadata, which are a ZIP archive at the end; empty if it is missing. */
  private static List<String> lines(Path model, String file) {
    try (ZipFile archive = new ZipFile(model.toFile())) {
      ZipEntry entry = archive.getEntry(file);
      if (entry != null) {
        byte[] text = archive.getInputStream(entry).readNBytes(MOST_BYTES);
        return new String(text, StandardCharsets.UTF_8).lines().toList();
      }
    } catch (IOException e) {
      // No metadata.
    }
    return List.of();
  }
}
