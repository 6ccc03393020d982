package io.github.deepxray.datasets;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.datasets.internal.tfrecord.TfRecordReader;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Reads the X-rays of TFRecord files one by one. Besides this project's shards, it supports any
 * file of examples with {@code image} and {@code label}, plain or gzipped.
 */
public final class XrayReader implements Closeable {
  private final Deque<Path> ahead;
  private Optional<TfRecordReader> current = Optional.empty();

  private XrayReader(List<Path> files) {
    this.ahead = new ArrayDeque<>(files);
  }

  /** Opens a reader of these files in this order. */
  public static XrayReader open(List<Path> files) {
    return new XrayReader(files);
  }

  /**
   * Reads the next X-ray; empty after the last.
   *
   * @throws DeepXrayException if a record is damaged or no X-ray; the message names file and record
   * @throws IOException if a file cannot be read
   */
  public Optional<XrayRecord> next() throws IOException {
    while (true) {
      if (current.isEmpty()) {
        if (ahead.isEmpty()) {
          return Optional.empty();
        }
        current = Optional.of(TfRecordReader.open(ahead.pop()));
      }
      TfRecordReader reader = current.get();
      Optional<byte[]> example = reader.next();
      if (example.isPresent()) {
        try {
          return Optional.of(
              XrayRecord.parse(example.get(), reader.file().getFileName() + "#" + reader.record()));
        } catch (DeepXrayException | ArithmeticException e) {
          DeepXrayException broken = reader.broken(e.getMessage());
          broken.initCause(e);
          throw broken;
        }
      }
      close();
    }
  }

  /** Closes the open file; the next read begins with the file after it. */
  @Override
  public void close() throws IOException {
    if (current.isPresent()) {
      TfRecordReader reader = current.get();
      current = Optional.empty();
      reader.close();
    }
  }
}
