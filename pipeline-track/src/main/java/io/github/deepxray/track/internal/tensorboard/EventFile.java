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
 * The event file of one run in TensorBoard's sense: a TFRecord file of {@code tensorflow.Event}
 * messages. Unlike all other files of this project it grows where it lies, so that TensorBoard
 * shows a training while it goes on; every event is flushed.
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
   * Starts the file of a run and removes what an earlier one left.
   *
   * @param folder the run's folder; its path below TensorBoard's folder is the run's name
   * @param clock tells the time of each event and names the file
   * @throws IOException if it cannot be written
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
   * Removes a run: its event files, and its folder if nothing else is in it.
   *
   * @throws IOException if something cannot be removed
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
   * A point of a curve.
   *
   * @throws IOException if it cannot be written
   */
  void scalar(String tag, long step, double value) throws IOException {
    write(step, Summary.Value.newBuilder().setTag(tag).setSimpleValue((float) value));
  }

  /**
   * How values are distributed.
   *
   * @throws IOException if it cannot be written
   */
  void histogram(String tag, long step, HistogramProto histogram) throws IOException {
    write(step, Summary.Value.newBuilder().setTag(tag).setHisto(histogram));
  }

  /**
   * An image.
   *
   * @param encoded the bytes of a JPEG or PNG file
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
   * Data of a plugin of TensorBoard.
   *
   * @param plugin its name
   * @param content what it keeps with the tag
   * @param description shown beside the chart, in Markdown
   * @param shape of the values
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
