package io.github.deepxray.datasets;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.DatasetAudit.Quarantined;
import io.github.deepxray.datasets.SourceLayout.SourceImage;
import io.github.deepxray.datasets.internal.source.FileSource;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Labelled images of a source in any layout that {@link PreparedDataset#prepare} reads, for
 * evaluation: they are neither split nor stored.
 */
public final class LabelledImages implements Closeable {
  private final FileSource source;
  private final SourceLayout layout;
  private final SourceReader reader;
  private final Map<LabelledImage, SourceImage> images = new LinkedHashMap<>();

  private LabelledImages(FileSource source, SourceLayout layout, DatasetOptions options) {
    this.source = source;
    this.layout = layout;
    this.reader = new SourceReader(source, options.limits().images());
    layout.images().forEach(image -> images.put(labelled(image), image));
  }

  private LabelledImage labelled(SourceImage image) {
    return new LabelledImage(
        image.path(),
        layout.drawTest() ? Optional.empty() : Optional.of(image.split()),
        image.label(),
        image.patient(),
        layout.profile().slice(image.path(), image.label()),
        source.attributes(image.file()));
  }

  /**
   * Opens a source whose classes are those of a classifier.
   *
   * @param place an archive, a folder, a CSV file or TFRecords; TFRecords have labels without names
   * @param classes the classes of the classifier
   * @param options layout and limits; other options have no effect
   * @throws DeepXrayException if the source is missing, has other classes or an unclear layout
   * @throws IOException if the source cannot be read
   */
  public static LabelledImages open(Path place, ClassNames classes, DatasetOptions options)
      throws IOException {
    FileSource source = SourceReader.open(place, options.limits());
    try {
      return new LabelledImages(
          source, SourceLayout.of(source, options.withClasses(classes)), options);
    } catch (OtherClassesException e) {
      source.close();
      throw new DeepXrayException(
          ("%s has the class%s %s, but the model tells %s apart; give images of these classes,"
                  + " under the same names.")
              .formatted(
                  place,
                  e.found().size() == 1 ? "" : "es",
                  e.found().isEmpty() ? "(none)" : String.join(", ", e.found()),
                  String.join(", ", classes.list())),
          e);
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  /**
   * Opens a source whose images have no classes, or classes that do not count: their label is 0.
   * All images of an archive or folder are taken, whatever their folders. A CSV file needs only a
   * column of paths; a column of patients is used.
   *
   * @param place an archive, a folder, a CSV file or TFRecords
   * @param classes the classes of the classifier
   * @param options the limits; other options have no effect
   * @throws DeepXrayException if the source is missing or no source of images
   * @throws IOException if the source cannot be read
   */
  public static LabelledImages openUnlabelled(
      Path place, ClassNames classes, DatasetOptions options) throws IOException {
    FileSource source = SourceReader.openUnlabelled(place, options.limits());
    return new LabelledImages(source, SourceLayout.unlabelled(source, classes), options);
  }

  /** Kind of source: {@code zip}, {@code folder}, {@code csv} or {@code tfrecord}. */
  public String kind() {
    return source.kind();
  }

  /** Images by path. */
  public List<LabelledImage> images() {
    return List.copyOf(images.keySet());
  }

  /** Describes layout, classes, patients and excluded files in several lines. */
  public List<String> table() {
    return layout.table(source.name());
  }

  /** Computes a value from a decoded image; called by several threads. */
  @FunctionalInterface
  public interface Analysis<T> {
    /** Returns the value. */
    T of(LabelledImage image, RgbImage decoded) throws IOException;
  }

  /**
   * Image with its value.
   *
   * @param sha256 {@link RgbImage#sha256} of the decoded image
   * @param value the value
   */
  public record Analyzed<T>(LabelledImage image, String sha256, T value) {}

  /**
   * Result of reading images.
   *
   * @param images the readable images by path
   * @param quarantined files that are unreadable, misplaced, misnamed or of two classes, by path
   * @param source kind and fingerprint of the read files
   */
  public record Reading<T>(
      List<Analyzed<T>> images, List<Quarantined> quarantined, DatasetManifest.Source source) {
    /** Copies the lists. */
    public Reading {
      images = List.copyOf(images);
      quarantined = List.copyOf(quarantined);
    }
  }

  /**
   * Decodes images and computes a value of each. Images that occur in two classes are quarantined,
   * because their labels cannot be trusted.
   *
   * @param chosen some of {@link #images}
   * @param threads the number of images decoded in parallel; the result does not depend on it
   * @param progress notified of finished images
   * @throws IOException if the source cannot be read
   */
  public <T> Reading<T> read(
      List<LabelledImage> chosen, int threads, Progress progress, Analysis<T> analysis)
      throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    List<Analyzed<T>> read = new ArrayList<>();
    List<Quarantined> quarantined = new ArrayList<>(layout.quarantined());
    try (Progress.Task task = progress.start("images", chosen.size())) {
      OrderedWork.run(
          chosen,
          threads,
          image -> analyze(image, analysis),
          result -> {
            hashes.put(result.sourceImage().path(), result.hash());
            result.fault().ifPresent(quarantined::add);
            result.value().ifPresent(read::add);
            task.advance(1);
          });
    } catch (ClosedByInterruptException e) {
      throw new WorkInterruptedException(e);
    }
    PatientSplit.withOneLabel(read.stream().map(LabelledImages::hashed).toList(), quarantined);
    quarantined.sort(Comparator.comparing(Quarantined::file));
    Set<String> excluded = quarantined.stream().map(Quarantined::file).collect(Collectors.toSet());
    read.removeIf(one -> excluded.contains(one.image().path()));
    return new Reading<>(read, quarantined, layout.source(source.kind(), hashes));
  }

  private <T> SourceReader.Result<Analyzed<T>> analyze(LabelledImage image, Analysis<T> analysis)
      throws IOException {
    return reader.read(
        images.get(image),
        opened -> {
          RgbImage decoded = opened.decoded().image();
          return new Analyzed<>(image, decoded.sha256(), analysis.of(image, decoded));
        });
  }

  private static PatientSplit.Image hashed(Analyzed<?> one) {
    LabelledImage image = one.image();
    return new PatientSplit.Image(
        image.path(), Split.TEST, image.label(), 0, image.patient(), one.sha256());
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}
