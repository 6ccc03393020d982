package io.github.deepxray.core.internal.io;

import io.github.deepxray.core.DeepXrayException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Exclusive lock of a folder for writing, held by one thread of one process and reentrant. The
 * operating system releases the lock when the process ends for any reason: a leftover {@value
 * #FILE} is no obstacle.
 */
public final class FolderLock {
  /** File that is locked; it contains the id of the process that holds it. */
  public static final String FILE = ".lock";

  // The locked byte is behind all content, so that others can read the content.
  private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;
  private static final Map<Path, FolderLock> HELD = new HashMap<>();

  private final Path folder;
  private final FileChannel channel;
  private final Thread owner = Thread.currentThread();
  private int holds = 1;

  private FolderLock(Path folder, FileChannel channel) {
    this.folder = folder;
    this.channel = channel;
  }

  /** Work under the lock. */
  @FunctionalInterface
  public interface Work<T, E extends Exception> {
    /** Runs the work. */
    T run() throws E;
  }

  /**
   * Runs work while holding the lock of a folder, which is created if missing.
   *
   * @throws DeepXrayException if another thread or process holds it
   * @throws IOException if the folder cannot be written
   * @throws E if the work fails
   */
  public static <T, E extends Exception> T holding(Path folder, Work<T, E> work)
      throws IOException, E {
    boolean there = Files.exists(folder);
    FolderLock lock = take(folder);
    boolean done = false;
    try {
      T result = work.run();
      done = true;
      return result;
    } finally {
      try {
        if (!there && !done && lock.holds == 1) {
          removeIfEmpty(folder);
        }
      } finally {
        lock.giveBack();
      }
    }
  }

  /** Removes an empty folder after work that failed before it wrote anything. */
  private static void removeIfEmpty(Path folder) throws IOException {
    boolean empty;
    try (Stream<Path> files = Files.list(folder)) {
      empty = files.allMatch(file -> file.endsWith(FILE));
    }
    if (empty) {
      Files.deleteIfExists(folder.resolve(FILE));
      Files.deleteIfExists(folder);
    }
  }

  private static FolderLock take(Path folder) throws IOException {
    Files.createDirectories(folder);
    Path real = folder.toRealPath();
    synchronized (HELD) {
      FolderLock held = HELD.get(real);
      if (held == null) {
        held = new FolderLock(real, lock(folder, real.resolve(FILE)));
        HELD.put(real, held);
      } else if (held.owner == Thread.currentThread()) {
        held.holds++;
      } else {
        throw inUse(folder, "this process");
      }
      return held;
    }
  }

  private static FileChannel lock(Path folder, Path file) throws IOException {
    while (true) {
      Optional<Object> before = key(file);
      FileChannel channel = tryLock(folder, file);
      Optional<Object> after = key(file);
      if (after.isPresent() && (before.isEmpty() || before.equals(after))) {
        return channel;
      }
      // The previous holder has removed the file that is locked now.
      channel.close();
      Files.createDirectories(folder);
    }
  }

  /**
   * Identity of a file, to detect a replaced file. The file is not opened: closing it would release
   * all locks.
   */
  private static Optional<Object> key(Path file) throws IOException {
    try {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      return Optional.of(Optional.ofNullable(attributes.fileKey()));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private static FileChannel tryLock(Path folder, Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    boolean locked = false;
    try {
      FileLock lock = channel.tryLock(LOCKED_BYTE, 1, false);
      if (lock == null) {
        ByteBuffer owner = ByteBuffer.allocate(40);
        channel.read(owner, 0);
        String held = StandardCharsets.US_ASCII.decode(owner.flip()).toString().strip();
        throw inUse(folder, held.isEmpty() ? "another process" : held);
      }
      channel.truncate(0);
      String text = "process " + ProcessHandle.current().pid() + "\n";
      channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), 0);
      locked = true;
      return channel;
    } finally {
      if (!locked) {
        channel.close();
      }
    }
  }

  private static DeepXrayException inUse(Path folder, String owner) {
    return new DeepXrayException(
        ("%s is being written by another run (%s); wait until it has ended, or choose another"
                + " folder.")
            .formatted(folder, owner));
  }

  private void giveBack() throws IOException {
    synchronized (HELD) {
      holds--;
      if (holds == 0) {
        HELD.remove(folder);
        channel.close();
      }
    }
  }
}
