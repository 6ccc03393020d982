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

/** Source of a folder; links inside are rejected. */
record FolderSource(String name, Path root, SourceLimits limits, List<SourceFile> files)
    implements FileSource {
  static FolderSource open(Path root, SourceLimits limits) throws IOException {
    // The folder itself may be a link.
    Path real = root.toRealPath();
    NameChecker names =
        new NameChecker(
            root.toString(),
            limits,
            "nothing was read; remove it, or list the images in a CSV file of path,label");
    Visitor visitor = new Visitor(real, names);
    Files.walkFileTree(real, visitor);
    visitor.files.sort(Comparator.comparing(SourceFile::path));
    return new FolderSource(root.toString(), real, limits, List.copyOf(visitor.files));
  }

  /** Collects the files and rejects dangerous ones. */
  private static final class Visitor extends SimpleFileVisitor<Path> {
    private final Path root;
    private final NameChecker names;
    private final List<SourceFile> files = new ArrayList<>();
    private int entries;
    private long total;

    Visitor(Path root, NameChecker names) {
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
      // Junk is never read.
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
          throw names.refused(path, "exceeds the limit of " + most + " bytes of the folder");
        }
      }
      files.add(new SourceFile(path, attributes.size()));
      return FileVisitResult.CONTINUE;
    }

    /** System folders such as lost+found are unreadable and skipped. */
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
        throw names.refused(path, "exceeds the limit of " + most + " entries");
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
              + System.getProperty("sun.jnu.encoding", "unknown")
              + "; rename it, or use the locale in which it was named");
    }
    Path path = root.resolve(file.path());
    if (!Files.isReadable(path)) {
      throw new DeepXrayException("it cannot be read: permission denied, or removed");
    }
    return file.read(path);
  }

  @Override
  public void close() {
    // Nothing is open.
  }
}
