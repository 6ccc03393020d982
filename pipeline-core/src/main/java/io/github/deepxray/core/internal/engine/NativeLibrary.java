package io.github.deepxray.core.internal.engine;

import io.github.deepxray.core.DeepXrayException;
import java.io.File;
import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Native library that JavaCPP unpacks into a folder and loads on first use. A failure to load is
 * thrown again at every call.
 */
public final class NativeLibrary {
  /** System property of the folder into which libraries are unpacked. */
  public static final String FOLDER = "org.bytedeco.javacpp.cachedir";

  private final String name;
  private final Runnable load;
  private final Folder folder;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by lock.
  private boolean loaded;
  private String failure = "";
  private Throwable cause;

  /** Finds the folder into which libraries are unpacked. */
  @FunctionalInterface
  public interface Folder {
    /**
     * Returns a writable folder.
     *
     * @throws IOException if there is none
     */
    File find() throws IOException;
  }

  /**
   * Describes a library without loading it.
   *
   * @param name the display name
   * @param load loads the library, or does nothing if it is loaded
   * @param folder the folder to unpack into
   */
  public NativeLibrary(String name, Runnable load, Folder folder) {
    this.name = name;
    this.load = load;
    this.folder = folder;
  }

  /**
   * Loads the library unless it is loaded.
   *
   * @throws DeepXrayException if the library cannot be unpacked or loaded
   */
  public void require() {
    lock.lock();
    try {
      if (!loaded && failure.isEmpty()) {
        load();
      }
      if (!loaded) {
        throw new DeepXrayException(failure, cause);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Loads the library unless it is loaded, and runs work.
   *
   * @param what the subject of the work in messages, such as a file
   * @throws DeepXrayException if the library cannot be loaded, or the work exceeds the memory limit
   *     of JavaCPP, which affects only this work
   */
  public <T> T call(String what, Supplier<T> work) {
    try {
      require();
      return work.get();
    } catch (OutOfMemoryError e) {
      throw new DeepXrayException(
          ("%s cannot be run: it needs more memory than allowed (%s); raise -Xmx or"
                  + " -Dorg.bytedeco.javacpp.maxPhysicalBytes.")
              .formatted(what, oneLine(e)),
          e);
    }
  }

  private void load() {
    try {
      load.run();
      loaded = true;
    } catch (LinkageError | RuntimeException e) {
      cause = e;
      failure = describe(e);
    }
  }

  private String describe(Throwable e) {
    Throwable reason = e;
    while (reason.getCause() != null) {
      reason = reason.getCause();
    }
    if (reason instanceof UnsatisfiedLinkError && reason.getMessage().contains("library.path")) {
      return ("%s has no native library for %s %s on the class path; add the artifact whose"
              + " classifier names this platform.")
          .formatted(name, System.getProperty("os.name"), System.getProperty("os.arch"));
    }
    String where;
    try {
      File unpacked = folder.find();
      where = "from " + unpacked + " (" + (unpacked.getUsableSpace() >> 20) + " MB free)";
    } catch (IOException none) {
      where =
          "because neither %s nor the home folder nor the temporary folder can be written"
              .formatted(System.getProperty(FOLDER, "-D" + FOLDER));
    }
    return ("%s's native library cannot be loaded %s: %s; name a folder that has room, can be"
            + " written and may hold programs with -D%s=<folder>.")
        .formatted(name, where, oneLine(reason), FOLDER);
  }

  private static String oneLine(Throwable e) {
    return String.valueOf(e.getMessage()).replaceAll("\\s*\\R\\s*", " ").strip();
  }
}
