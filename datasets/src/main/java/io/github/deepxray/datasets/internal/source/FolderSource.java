package io.github.deepxray.datasets.internal.source;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.datasets.source.Junk;
import io.github.deepxray.datasets.source.SourceLimits;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A folder; links in it are refused, not followed. */
record FolderSource(String name, Path root, SourceLimits limits, List<SourceFile> files)
    implements FileSource {
  static FolderSource open(Path root, SourceLimits limits) throws IOException {
    // The folder that the user names may be a link.
    Path real = root.toRealPath();
    Names names =
        new Names(
            root.toString(),
            limits,
            "nothing was read; take it out, or list the images in a CSV file of path,label");
    Visitor visitor = new Visitor(real, names);
    Files.walkFileTree(real, visitor);
    visitor.files.sort(Comparator.comparing(SourceFile::path));
    return new FolderSource(root.toString(), real, limits, List.copyOf(visitor.files));
  }

  /** Collects the files and refuses what could do harm. */
  private static final class Visitor extends SimpleFileVisitor<Path> {
    private final Path root;
    private final Names names;
    private final List<SourceFile> files = new ArrayList<>();
    private int entries;
    private long total;

    Visitor(Path root, Names names) {
      this.root = root;
      this.names = names;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
      if (!folder.equals(root) && Junk.of(path(folder) + "/").isEmpty()) {
        count(path(folder));
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      String path = path(file);
      // Whatever junk is, nobody reads it.
      if (Junk.of(path).isEmpty()) {
        count(path);
        if (attributes.isSymbolicLink()) {
          throw names.refused(path, "is a symbolic link");
        }
        if (!attributes.isRegularFile()) {
          throw names.refused(path, "is neither a file nor a folder");
        }
        total += attributes.size();
        long most = names.limits().maxTotalBytes();
        if (total > most) {
          throw names.refused(path, "brings the folder over the " + most + " bytes allowed");
        }
      }
      files.add(new SourceFile(path, attributes.size()));
      return FileVisitResult.CONTINUE;
    }

    /** Folders of the system such as lost+found are for nobody to read. */
    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
      if (Junk.of(path(file) + "/").isPresent()) {
        return FileVisitResult.CONTINUE;
      }
      throw e;
    }

    private String path(Path file) {
      return root.relativize(file).toString().replace(file.getFileSystem().getSeparator(), "/");
    }

    private void count(String path) {
      names.check(path);
      int most = names.limits().maxEntries();
      if (++entries > most) {
        throw names.refused(path, "is one more than the " + most + " allowed");
      }
    }
  }

  @Override
  public String kind() {
    return "folder";
  }

  @Override
  public byte[] read(SourceFile file) throws IOException {
    file.requireAtMost(limits.maxFileBytes());
    if (file.path().indexOf('\uFFFD') >= 0) {
      throw new DeepXrayException(
          "its name is not in the encoding of this machine, "
              + System.getProperty("sun.jnu.encoding", "which is unknown")
              + "; rename it, or run in the locale that it was named in");
    }
    Path path = root.resolve(file.path());
    if (!Files.isReadable(path)) {
      throw new DeepXrayException("it cannot be read: permission denied, or it is gone");
    }
    return file.read(path);
  }

  @Override
  public void close() {
    // Nothing is held open.
  }
}
