package io.github.deepxray.cli;

import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.ImageFormat;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The images that a command is to read.
 *
 * @param images in the order in which they were named, those of a folder sorted
 * @param unreadable what in a folder cannot be read
 */
record ImageFiles(List<Image> images, List<Path> unreadable) {
  /** Copies the lists. */
  ImageFiles {
    images = List.copyOf(images);
    unreadable = List.copyOf(unreadable);
  }

  /**
   * An image.
   *
   * @param file where it is
   * @param name its name, or its path within the folder that was named
   */
  record Image(Path file, Path name) {}

  /**
   * Searches folders for files whose names end as those of images do; files are taken as they are
   * named.
   *
   * @throws DeepXrayException if there are none
   * @throws IOException if a folder cannot be searched
   */
  static ImageFiles find(List<Path> paths) throws IOException {
    List<Image> images = new ArrayList<>();
    List<Path> unreadable = new ArrayList<>();
    for (Path path : paths) {
      if (Files.isDirectory(path)) {
        List<Image> found = new ArrayList<>();
        Files.walkFileTree(path, new Finder(path, found, unreadable));
        found.sort(Comparator.comparing(Image::file));
        images.addAll(found);
      } else {
        images.add(new Image(path, path.getFileName()));
      }
    }
    if (images.isEmpty()) {
      throw new DeepXrayException(
          "There are no .jpeg, .jpg, .png, .bmp, .tif or .tiff files in "
              + paths.stream().map(Path::toString).collect(Collectors.joining(", "))
              + "; name images or folders that hold some.");
    }
    return new ImageFiles(images, unreadable);
  }

  /** The line that says so. */
  static String cannotBeRead(Path path) {
    return "deepxray: " + path + " cannot be read.";
  }

  /** Collects the images of a folder and what in it cannot be read. */
  private static final class Finder extends SimpleFileVisitor<Path> {
    private final Path folder;
    private final List<Image> images;
    private final List<Path> unreadable;

    private Finder(Path folder, List<Image> images, List<Path> unreadable) {
      this.folder = folder;
      this.images = images;
      this.unreadable = unreadable;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      if (Files.isRegularFile(file) && looksLikeImage(file)) {
        images.add(new Image(file, folder.relativize(file)));
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failure) {
      unreadable.add(file);
      return FileVisitResult.CONTINUE;
    }
  }

  private static boolean looksLikeImage(Path file) {
    String name = file.getFileName().toString();
    return !name.startsWith(".") && ImageFormat.isImageName(name);
  }
}
