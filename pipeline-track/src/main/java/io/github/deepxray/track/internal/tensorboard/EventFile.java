package io.github.deepxray.track.internal.tensorboard;

import com.google.protobuf.ByteString;
import io.github.deepxray.core.internal.io.TfRecordWriter;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.HistogramProto;
import org.tensorflow.proto.Summary;
import org.tensorflow.proto.SummaryMetadata;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Event file of a TensorBoard run: a TFRecord file of {@code tensorflow.Event} messages. Unlike
 * other files of this project, it is written in place, and each event is flushed, so that
 * TensorBoard shows a training in progress.
 */
final class EventFile implements Closeable {
  private static final String PREFIX = "events.out.tfevents.";
  private static final String VERSION = "brain.Event:2";

  private final OutputStream out;
  private final TfRecordWriter records;
  private final Clock clock;

  private EventFile(OutputStream out, Clock clock) {
    this.out = out;
    this.records = new TfRecordWriter(out);
    this.clock = clock;
  }

  /**
   * Creates the file of a run and removes files of earlier runs.
   *
   * @param folder folder of the run; its path below TensorBoard's folder is the run's name
   * @param clock clock for the times of events and the name of the file
   * @throws IOException if the file cannot be written
   */
  static EventFile create(Path folder, Clock clock) throws IOException {
    Files.createDirectories(folder);
    removeFiles(folder);
    String name = String.format(Locale.ROOT, "%s%010d.deepxray", PREFIX, clock.millis() / 1000);
    EventFile file =
        new EventFile(new BufferedOutputStream(Files.newOutputStream(folder.resolve(name))), clock);
    file.write(file.event(0).setFileVersion(VERSION));
    return file;
  }

  private static void removeFiles(Path folder) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, PREFIX + "*")) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
  }

  /**
   * Removes the event files of a run, and its folder if it is empty then.
   *
   * @throws IOException if a file cannot be removed
   */
  static void remove(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    removeFiles(folder);
    boolean empty;
    try (Stream<Path> others = Files.list(folder)) {
      empty = others.findAny().isEmpty();
    }
    if (empty) {
      Files.delete(folder);
    }
  }

  private Event.Builder event(long step) {
    Instant now = clock.instant();
    return Event.newBuilder().setWallTime(now.getEpochSecond() + now.getNano() / 1e9).setStep(step);
  }

  private void write(Event.Builder event) throws IOException {
    records.write(event.build().toByteArray());
    out.flush();
  }

  private void write(long step, Summary.Value.Builder value) throws IOException {
    write(event(step).setSummary(Summary.newBuilder().addValue(value)));
  }

  /**
   * Writes a scalar.
   *
   * @throws IOException if it cannot be written
   */
  void scalar(String tag, long step, double value) throws IOException {
    write(step, Summary.Value.newBuilder().setTag(tag).setSimpleValue((float) value));
  }

  /**
   * Writes a histogram.
   *
   * @throws IOException if it cannot be written
   */
  void histogram(String tag, long step, HistogramProto histogram) throws IOException {
    write(step, Summary.Value.newBuilder().setTag(tag).setHisto(histogram));
  }

  /**
   * Writes an image.
   *
   * @param encoded bytes of a JPEG or PNG file
   * @throws IOException if it cannot be written
   */
  void image(String tag, long step, byte[] encoded, int height, int width, boolean grey)
      throws IOException {
    write(
        step,
        Summary.Value.newBuilder()
            .setTag(tag)
            .setImage(
                Summary.Image.newBuilder()
                    .setHeight(height)
                    .setWidth(width)
                    .setColorspace(grey ? 1 : 3)
                    .setEncodedImageString(ByteString.copyFrom(encoded))));
  }

  /**
   * Writes data of a TensorBoard plugin.
   *
   * @param plugin name of the plugin
   * @param content content of the plugin for the tag
   * @param description description next to the chart, in Markdown
   * @param shape shape of the values
   * @throws IOException if it cannot be written
   */
  void tensor(
      String tag,
      long step,
      String plugin,
      ByteString content,
      String description,
      List<Integer> shape,
      TensorProto.Builder values)
      throws IOException {
    TensorShapeProto.Builder dimensions = TensorShapeProto.newBuilder();
    for (int size : shape) {
      dimensions.addDim(TensorShapeProto.Dim.newBuilder().setSize(size));
    }
    write(
        step,
        Summary.Value.newBuilder()
            .setTag(tag)
            .setMetadata(
                SummaryMetadata.newBuilder()
                    .setPluginData(
                        SummaryMetadata.PluginData.newBuilder()
                            .setPluginName(plugin)
                            .setContent(content))
                    .setSummaryDescription(description))
            .setTensor(values.setTensorShape(dimensions)));
  }

  @Override
  public void close() throws IOException {
    records.close();
  }
}
