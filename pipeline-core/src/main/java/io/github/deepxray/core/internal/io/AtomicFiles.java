package io.github.deepxray.core.internal.io;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.internal.concurrent.WorkInterruptedException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Writes files and folders to a temporary name and renames them, so that readers never see a
 * partial one, even after a kill.
 *
 * <p>Leftovers of a killed process end in {@value #SUFFIX}; the next write replaces them.
 */
public final class AtomicFiles {
  /** Suffix of a file or folder that is being written. */
  public static final String SUFFIX = ".partial";

  private static final Pattern NO_ROOM =
      Pattern.compile("no space left|quota exceeded|not enough space", Pattern.CASE_INSENSITIVE);

  private AtomicFiles() {}

  /** Writes the content of a file. */
  @FunctionalInterface
  public interface Content {
    /** Writes to the stream, which the caller closes. */
    void writeTo(OutputStream out) throws IOException;
  }

  /** Fills a folder. */
  @FunctionalInterface
  public interface FolderContent {
    /** Writes into the folder. */
    void writeTo(Path folder) throws IOException;
  }

  /**
   * Writes a file and replaces an existing one; missing parent folders are created.
   *
   * @throws IOException if the file cannot be written; the target is then unchanged
   */
  public static void write(Path file, Content content) throws IOException {
    Path target = file.toAbsolutePath();
    Files.createDirectories(target.getParent());
    Path partial = target.resolveSibling(target.getFileName() + SUFFIX);
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(partial), 1 << 16)) {
      content.writeTo(out);
    } catch (IOException e) {
      Files.deleteIfExists(partial);
      throw placed(e, target);
    } catch (RuntimeException e) {
      Files.deleteIfExists(partial);
      throw e;
    }
    try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE)) {
      channel.force(true);
    } catch (ClosedByInterruptException e) {
      Files.deleteIfExists(partial);
      throw new WorkInterruptedException(e);
    }
    move(partial, target);
  }

  /** Adds the path and an advice to an exception about missing disk space. */
  private static IOException placed(IOException e, Path target) {
    if (e instanceof FileSystemException
        || !NO_ROOM.matcher(String.valueOf(e.getMessage())).find()) {
      return e;
    }
    IOException placed =
        new FileSystemException(
            target.toString(), null, e.getMessage() + "; make room there or choose another place");
    placed.initCause(e);
    return placed;
  }

  /**
   * Writes a file of these bytes.
   *
   * @throws IOException if the file cannot be written; the target is then unchanged
   */
  public static void write(Path file, byte[] bytes) throws IOException {
    write(file, out -> out.write(bytes));
  }

  /**
   * Writes a file of this text in UTF-8.
   *
   * @throws IOException if the file cannot be written; the target is then unchanged
   */
  public static void write(Path file, String text) throws IOException {
    write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Fills a temporary folder, then replaces the target with it; the old content is removed.
   *
   * @throws IOException if the folder cannot be written; the target is then unchanged
   */
  public static void writeFolder(Path folder, FolderContent content) throws IOException {
    Path target = folder.toAbsolutePath();
    Files.createDirectories(target.getParent());
    Path partial = target.resolveSibling(target.getFileName() + SUFFIX);
    Path old = target.resolveSibling(target.getFileName() + ".old" + SUFFIX);
    if (!Files.exists(target) && Files.exists(old)) {
      // After a kill between the two renames below, the old folder is still the valid one.
      move(old, target);
    }
    deleteRecursively(partial);
    deleteRecursively(old);
    Files.createDirectories(partial);
    try {
      content.writeTo(partial);
    } catch (IOException e) {
      deleteRecursively(partial);
      throw placed(e, target);
    } catch (RuntimeException e) {
      deleteRecursively(partial);
      throw e;
    }
    if (Files.exists(target)) {
      move(target, old);
    }
    try {
      move(partial, target);
    } catch (IOException e) {
      if (Files.exists(old)) {
        move(old, target);
      }
      throw e;
    }
    deleteRecursively(old);
  }

  /**
   * Refuses a folder with other content, which {@link #writeFolder} would remove.
   *
   * @param folder the folder to be written
   * @param marker the name of a file that every folder of this kind contains
   * @throws DeepXrayException if the folder is not empty and has no marker
   * @throws IOException if the folder cannot be read
   */
  public static void requireOwn(Path folder, String marker) throws IOException {
    if (!Files.exists(folder) || Files.exists(folder.resolve(marker))) {
      return;
    }
    if (!Files.isDirectory(folder)) {
      throw new DeepXrayException(folder + " is a file; name another folder.");
    }
    try (Stream<Path> content = Files.list(folder)) {
      if (content.findAny().isPresent()) {
        throw new DeepXrayException(
            "%s holds other files and would be replaced; move them away or name another folder."
                .formatted(folder));
      }
    }
  }

  /**
   * Removes a file, or a folder with all content, if it exists. Symbolic links are removed, not
   * followed.
   *
   * @throws IOException if something cannot be removed
   */
  public static void deleteRecursively(Path path) throws IOException {
    try (Stream<Path> all = Files.walk(path)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    } catch (NoSuchFileException e) {
      // Already gone.
      return;
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
