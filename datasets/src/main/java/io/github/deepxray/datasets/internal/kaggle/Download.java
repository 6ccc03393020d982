package io.github.deepxray.datasets.internal.kaggle;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.Json;
import io.github.deepxray.core.progress.Progress;
import io.github.deepxray.datasets.internal.kaggle.Http.Answer;
import io.github.deepxray.datasets.internal.kaggle.Retries.TransientException;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Download of one file, resumed after interruptions. Received bytes are kept beside the target with
 * the file's headers, so that a later run continues.
 */
final class Download {
  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18}|\\*)");
  private static final Pattern LENGTH = Pattern.compile("\\d{1,18}");
  private static final int MIB = 1 << 20;

  /** Explains an answer other than 200, 206 and 416. */
  @FunctionalInterface
  interface Refusal {
    /**
     * Always throws.
     *
     * @throws TransientException if a retry may succeed
     */
    void explain(Answer answer) throws TransientException;
  }

  /**
   * Headers of the file.
   *
   * @param validator the ETag or date, to resume only the same file
   * @param size the number of bytes
   */
  private record Announced(Optional<String> validator, Optional<Long> size, Checksums checksums) {
    static final Announced NOTHING =
        new Announced(
            Optional.empty(), Optional.empty(), new Checksums(Optional.empty(), Optional.empty()));

    static Announced by(HttpHeaders headers) throws TransientException {
      Optional<String> length = headers.firstValue("Content-Length").map(String::strip);
      if (length.isPresent() && !LENGTH.matcher(length.get()).matches()) {
        throw new TransientException("the server sent a length that is not a number");
      }
      // A weak ETag may belong to different bytes (RFC 9110, section 8.8.1).
      Optional<String> tag = headers.firstValue("ETag").filter(t -> !t.startsWith("W/"));
      return new Announced(
          tag.or(() -> headers.firstValue("Last-Modified")),
          length.map(Long::valueOf),
          Checksums.of(headers));
    }
  }

  private final Http http;
  private final String path;
  private final Path target;
  private final Path partial;
  private final Path notes;
  private final String what;
  private final Refusal refusal;
  private final Retries retries;
  private final Progress progress;
  private Announced announced = Announced.NOTHING;
  private Progress.Task task = Progress.Task.NONE;
  private long shown;

  /**
   * Prepares a download.
   *
   * @param path on the endpoint, with its query
   * @param target the file to write
   * @param what the name of the download, for messages
   */
  Download(
      Http http,
      String path,
      Path target,
      String what,
      Refusal refusal,
      Retries retries,
      Progress progress) {
    this.http = http;
    this.path = path;
    this.target = target;
    this.partial = target.resolveSibling(target.getFileName() + AtomicFiles.SUFFIX);
    this.notes = target.resolveSibling(target.getFileName() + AtomicFiles.SUFFIX + ".json");
    this.what = what;
    this.refusal = refusal;
    this.retries = retries;
    this.progress = progress;
  }

  /**
   * Downloads the file unless the target exists.
   *
   * @throws DeepXrayException if the server refuses, fails too often or sends a damaged file twice
   * @throws IOException if the file cannot be written
   */
  void run() throws IOException {
    if (Files.isRegularFile(target)) {
      return;
    }
    Files.createDirectories(target.toAbsolutePath().getParent());
    try (FileChannel file =
        FileChannel.open(
            partial,
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      lock(file);
      announced = recall();
      fetch(file);
      file.force(true);
    } finally {
      task.close();
    }
    Files.move(
        partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    Files.deleteIfExists(notes);
  }

  private void fetch(FileChannel file) throws IOException {
    for (int damaged = 1; ; damaged++) {
      retries.run("Downloading " + what, file::size, () -> attempt(file));
      Optional<String> fault = announced.checksums().fault(partial);
      if (fault.isEmpty()) {
        return;
      }
      startOver(file);
      if (damaged == 2) {
        throw new DeepXrayException(
            ("%s arrived damaged twice: %s; nothing was kept. Try again later, or from another "
                    + "network.")
                .formatted(what, fault.get()));
      }
    }
  }

  private void lock(FileChannel file) throws IOException {
    // Held until the channel is closed, since two writers would mix one file.
    FileLock lock;
    try {
      lock = file.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      throw new DeepXrayException(
          what + " is being downloaded to " + partial + " by another process; wait for it.");
    }
  }

  private Announced recall() throws IOException {
    if (!Files.isRegularFile(notes)) {
      return Announced.NOTHING;
    }
    try {
      return Json.read(notes, Announced.class, "download again");
    } catch (DeepXrayException e) {
      // Of another version or damaged: the download starts over.
      return Announced.NOTHING;
    }
  }

  private void startOver(FileChannel file) throws IOException {
    Files.deleteIfExists(notes);
    file.truncate(0);
    announced = Announced.NOTHING;
  }

  /** Requests the missing part. */
  private Answer attempt(FileChannel file) throws IOException {
    long have = file.size();
    Map<String, String> headers = new LinkedHashMap<>();
    if (have > 0 && announced.validator().isPresent()) {
      if (announced.size().isEmpty() || have < announced.size().get()) {
        headers.put("Range", "bytes=" + have + "-");
        headers.put("If-Range", announced.validator().get());
      } else if (have == announced.size().get()) {
        return new Answer(200, HttpHeaders.of(Map.of(), (a, b) -> true), false);
      }
    }
    if (headers.isEmpty()) {
      startOver(file);
    }
    Answer answer = http.get(path, headers, new Writer(file));
    if (answer.status() == 416) {
      startOver(file);
      throw new TransientException("the file on the server has another length now");
    } else if (answer.status() != 200 && answer.status() != 206) {
      refusal.explain(answer);
    }
    if (announced.size().isPresent() && file.size() != announced.size().get()) {
      throw new TransientException(
          file.size() + " of " + announced.size().get() + " bytes arrived");
    }
    return answer;
  }

  /** Writes a body at its position. */
  private final class Writer implements Http.Receiver {
    private final FileChannel file;
    private long position;

    Writer(FileChannel file) {
      this.file = file;
    }

    @Override
    public void begin(int status, HttpHeaders headers) throws IOException {
      if (status == 206) {
        goOn(headers);
      } else {
        // Also the answer of a server that cannot resume, or whose file has changed.
        startOver(file);
        announced = Announced.by(headers);
        refuseWhatDoesNotFit();
        Json.write(notes, announced);
        show(true);
      }
      position = file.size();
      show(false);
    }

    private void goOn(HttpHeaders headers) throws IOException {
      Matcher range = CONTENT_RANGE.matcher(headers.firstValue("Content-Range").orElse(""));
      boolean right =
          range.matches()
              && Long.parseLong(range.group(1)) == file.size()
              && (range.group(3).equals("*")
                  || announced.size().isEmpty()
                  || announced.size().get() == Long.parseLong(range.group(3)));
      Optional<String> validator = Announced.by(headers).validator();
      // A server that ignores If-Range would continue with another file.
      if (!right || (validator.isPresent() && !validator.equals(announced.validator()))) {
        startOver(file);
        throw new TransientException("the file on the server has changed");
      }
    }

    private void refuseWhatDoesNotFit() throws IOException {
      long usable = Files.getFileStore(partial).getUsableSpace();
      if (announced.size().isPresent() && announced.size().get() > usable) {
        throw new DeepXrayException(
            ("%s has %s MiB, but only %s MiB are free in %s; make room, or set KAGGLEHUB_CACHE "
                    + "to another folder.")
                .formatted(what, announced.size().get() / MIB, usable / MIB, partial.getParent()));
      }
    }

    @Override
    public void accept(byte[] bytes) throws IOException {
      if (announced.size().isPresent() && position + bytes.length > announced.size().get()) {
        startOver(file);
        throw new TransientException("more bytes arrived than were announced");
      }
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        position += file.write(buffer, position);
      }
      show(false);
    }

    private void show(boolean anew) {
      if (anew || task == Progress.Task.NONE) {
        task.close();
        task =
            progress.start(
                "download (MiB)", announced.size().map(s -> (s + MIB - 1) / MIB).orElse(-1L));
        shown = 0;
      }
      long now =
          announced.size().isPresent() && position == announced.size().get()
              ? (position + MIB - 1) / MIB
              : position / MIB;
      if (now > shown) {
        task.advance(now - shown);
        shown = now;
      }
    }
  }
}
