package io.github.deepxray.export;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.bundle.Artifact;
import io.github.deepxray.core.bundle.Bundle;
import io.github.deepxray.core.bundle.ImageClassifier;
import io.github.deepxray.core.bundle.Prediction;
import io.github.deepxray.core.engine.InferenceEngine;
import io.github.deepxray.core.engine.ModelFormat;
import io.github.deepxray.core.image.ImageFile;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.tflite.TfLiteMetadata;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Classifies single images with a deployed model: a bundle, a {@code .tflite} file or a SavedModel.
 * TensorFlow's native library is loaded for a SavedModel only.
 *
 * <p>One classifier serves any number of threads, virtual ones among them, as fast as if each had
 * its own: it makes more engines as threads need them, at most as many as the processor has cores,
 * divided by the threads of a call, and those that find all in use are served in the order in which
 * they came. The file is read and checked once.
 */
public final class Classifier implements AutoCloseable {
  private static final int MOST_LABEL_BYTES = 1 << 20;

  private final ImageClassifier classifier;

  private Classifier(ImageClassifier classifier) {
    this.classifier = classifier;
  }

  /**
   * Loads a model.
   *
   * @param model a bundle, a {@code .tflite} file or a SavedModel folder
   * @param artifact which form in a bundle to use
   * @param threshold from which probability on to decide for the second of two classes, 0..1; if
   *     empty, the one chosen on validation for a bundle, 0.5 otherwise; must be empty for more
   *     classes
   * @param threads how many threads one call may use; 1 does most images a second where several
   *     threads classify
   * @throws DeepXrayException if it is none of these, damaged, or no classifier of RGB images with
   *     one output, the threshold is no probability, the library that runs it cannot be loaded, or
   *     a SavedModel has operations that this project does not export
   * @throws IOException if it cannot be read
   */
  public static Classifier load(
      Path model, Artifact artifact, OptionalDouble threshold, int threads) throws IOException {
    return load(model, artifact, threshold, threads, ModelFormat::load);
  }

  /**
   * Loads a model from somebody who is trusted: a SavedModel by itself may have operations that
   * this project does not export, and is a program that can write files.
   *
   * @param model as of {@link #load}
   * @param artifact as of {@link #load}
   * @param threshold as of {@link #load}
   * @param threads as of {@link #load}
   * @throws DeepXrayException as {@link #load}, whatever the operations
   * @throws IOException if it cannot be read
   */
  public static Classifier loadTrusted(
      Path model, Artifact artifact, OptionalDouble threshold, int threads) throws IOException {
    return load(model, artifact, threshold, threads, ModelFormat::loadTrusted);
  }

  private interface Load {
    InferenceEngine load(ModelFormat format, Path model, int threads) throws IOException;
  }

  private static Classifier load(
      Path model, Artifact artifact, OptionalDouble threshold, int threads, Load load)
      throws IOException {
    if (!Files.exists(model)) {
      throw new NoSuchFileException(model.toString(), null, "no such model");
    }
    if (Bundle.isBundle(model)) {
      Bundle bundle = Bundle.open(model);
      bundle.requireIntact(artifact);
      // Read before the engine is there, which a failure would leave open.
      List<String> names = bundle.labels();
      OptionalDouble chosen =
          threshold.isPresent() || names.size() > 2
              ? threshold
              : OptionalDouble.of(bundle.threshold(artifact));
      return new Classifier(
          ImageClassifier.of(artifact.load(bundle, threads), names, chosen, model));
    }
    ModelFormat format;
    if (Files.isRegularFile(model)) {
      format = ModelFormat.TFLITE;
    } else if (Files.isRegularFile(model.resolve("saved_model.pb"))) {
      format = ModelFormat.SAVED_MODEL;
    } else {
      throw new DeepXrayException(
          model
              + " is neither a bundle nor a SavedModel nor a .tflite file; give a folder with "
              + Bundle.CHECKSUMS
              + " or saved_model.pb, or a file.");
    }
    InferenceEngine engine = load.load(format, model, threads);
    try {
      return new Classifier(withoutBundle(engine, format, threshold, model));
    } catch (IOException | RuntimeException | Error e) {
      engine.close();
      throw e;
    }
  }

  private static ImageClassifier withoutBundle(
      InferenceEngine engine, ModelFormat format, OptionalDouble threshold, Path model)
      throws IOException {
    List<String> labels =
        labels(model, format, ImageClassifier.classes(engine.outputShapes().get(0)));
    OptionalDouble chosen =
        labels.size() == 2 ? OptionalDouble.of(threshold.orElse(0.5)) : threshold;
    return ImageClassifier.of(engine, labels, chosen, model);
  }

  /**
   * What the classes are called: as in the file's metadata or the bundle that the file lies in, if
   * there are any, or by number.
   */
  private static List<String> labels(Path model, ModelFormat format, int classes)
      throws IOException {
    List<String> labels = format == ModelFormat.TFLITE ? inMetadata(model) : List.of();
    if (labels.isEmpty()) {
      Path folder = model.toAbsolutePath().normalize();
      // A bundle has its SavedModel below a folder of versions.
      for (int i = 0; i < 2 && labels.isEmpty() && folder.getParent() != null; i++) {
        folder = folder.getParent();
        if (Bundle.isBundle(folder) && Files.isRegularFile(folder.resolve(Bundle.LABELS))) {
          labels = new Bundle(folder).labels();
        }
      }
    }
    return labels.size() == classes && Set.copyOf(labels).size() == classes
        ? labels
        : IntStream.range(0, classes).mapToObj(String::valueOf).toList();
  }

  private static List<String> inMetadata(Path model) {
    // Metadata hold the labels in a ZIP archive at the file's end.
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

  /**
   * From which probability on it decides for the second of two classes; empty if there are more.
   */
  public OptionalDouble threshold() {
    return classifier.threshold();
  }

  /** The class names by label. */
  public List<String> labels() {
    return classifier.labels();
  }

  /**
   * Classifies an image of any size.
   *
   * @throws DeepXrayException if the model gives no probability for it
   * @throws io.github.deepxray.core.concurrent.WorkInterruptedException if the thread is
   *     interrupted while it waits or works
   * @throws IllegalStateException if the classifier is closed
   */
  public Prediction classify(RgbImage image) {
    return classifier.classify(image);
  }

  /**
   * Classifies an image file.
   *
   * @throws DeepXrayException if it is a folder, or cannot be decoded
   * @throws IOException if it cannot be read
   */
  public Prediction classify(Path file) throws IOException {
    return classify(ImageFile.read(file).image());
  }

  /** Waits for the images that are being classified, then frees the native memory. */
  @Override
  public void close() {
    classifier.close();
  }
}
