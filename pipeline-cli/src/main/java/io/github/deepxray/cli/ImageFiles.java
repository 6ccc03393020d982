package io.github.deepxray.cli;

import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.DeepXrayException;
import io.github.deepxray.core.image.DecodedImage;
import io.github.deepxray.core.image.ImageFormats;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.image.ImageFile;
import io.github.deepxray.datasets.source.Junk;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/**
 * Image files of a command.
 *
 * @param images images in the order of the arguments, those of a folder sorted
 * @param unreadable unreadable files and folders
 * @param leftOut number of other files in folders, by kind: extension, hidden, links
 */
record ImageFiles(List<Image> images, List<Path> unreadable, Map<String, Integer> leftOut) {
  /** Maximum number of kinds of skipped files in a message. */
  private static final int MOST_KINDS = 10;

  /** Copies the lists. */
  ImageFiles {
    images = List.copyOf(images);
    unreadable = List.copyOf(unreadable);
    leftOut = Collections.unmodifiableMap(new TreeMap<>(leftOut));
  }

  /**
   * Image file.
   *
   * @param file path of the file
   * @param name file name, or path relative to the named folder
   */
  record Image(Path file, Path name) {}

  /**
   * Finds files with an image extension in folders; files named as arguments may have any
   * extension.
   *
   * @throws DeepXrayException if there are no images
   * @throws IOException if a folder cannot be searched
   */
  static ImageFiles find(List<Path> paths) throws IOException {
    List<Image> images = new ArrayList<>();
    List<Path> unreadable = new ArrayList<>();
    Map<String, Integer> leftOut = new TreeMap<>();
    for (Path path : paths) {
      if (Files.isDirectory(path)) {
        List<Image> found = new ArrayList<>();
        Files.walkFileTree(path, new Finder(path, found, unreadable, leftOut));
        found.sort(Comparator.comparing(Image::file));
        images.addAll(found);
      } else {
        images.add(new Image(path, path.getFileName()));
      }
    }
    if (images.isEmpty()) {
      throw new DeepXrayException(
          "There are no image files (.%s) in %s; name images or folders of images."
              .formatted(
                  String.join(", .", ImageFormats.extensions()),
                  paths.stream().map(Path::toString).collect(Collectors.joining(", "))));
    }
    return new ImageFiles(images, unreadable, leftOut);
  }

  /**
   * Checks the order of the arguments.
   *
   * @throws ParameterException if a bundle is among the images
   */
  static void refuseWrongOrder(CommandSpec command, Path model, List<Path> images) {
    Optional<Path> bundle = images.stream().filter(Bundle::isBundle).findFirst();
    if (bundle.isPresent() && !Bundle.isBundle(model)) {
      throw new ParameterException(
          command.commandLine(),
          "%s is a bundle, which comes first: %s %s %s."
              .formatted(bundle.get(), command.qualifiedName(), bundle.get(), model));
    }
  }

  /** Returns a line for each unreadable file, and one for all skipped files. */
  List<String> remarks() {
    List<String> lines = new ArrayList<>();
    unreadable.forEach(path -> lines.add("deepxray: " + path + " cannot be read."));
    if (!leftOut.isEmpty()) {
      lines.add(
          "deepxray: skipped files of the folders that are not images: "
              + leftOut.entrySet().stream()
                  .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
                  .limit(MOST_KINDS)
                  .map(e -> e.getValue() + " " + e.getKey())
                  .collect(Collectors.joining(", "))
              + (leftOut.size() > MOST_KINDS ? ", and other kinds." : "."));
    }
    return lines;
  }

  /** Action on an image. */
  @FunctionalInterface
  interface ImageAction {
    void of(Image image, RgbImage decoded) throws IOException;
  }

  /**
   * Decodes the images one after another and continues after failures.
   *
   * @param err output of failures and warnings
   * @return whether all named files were read without failures
   */
  boolean each(PrintWriter err, ImageAction action) {
    boolean good = unreadable.isEmpty();
    for (Image image : images) {
      try {
        DecodedImage read = ImageFile.read(image.file);
        read.remarks("deepxray: " + image.file).forEach(err::println);
        action.of(image, read.image());
      } catch (DeepXrayException | IOException | OutOfMemoryError e) {
        good = false;
        err.println(Failures.line(image.file, e));
        err.flush();
      }
    }
    err.flush();
    return good;
  }

  /** Visitor that collects the images and unreadable files of a folder. */
  private static final class Finder extends SimpleFileVisitor<Path> {
    private final Path folder;
    private final List<Image> images;
    private final List<Path> unreadable;
    private final Map<String, Integer> leftOut;

    private Finder(
        Path folder, List<Image> images, List<Path> unreadable, Map<String, Integer> leftOut) {
      this.folder = folder;
      this.leftOut = leftOut;
      this.images = images;
      this.unreadable = unreadable;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      Path name = folder.relativize(file);
      Optional<Junk> junk = Junk.of(name.toString().replace(File.separatorChar, '/'));
      if (junk.isPresent()) {
        leftOut.merge(junk.get().key(), 1, Integer::sum);
      } else if (!Files.isRegularFile(file)) {
        leftOut.merge(
            Files.isDirectory(file) ? "linked folders" : "broken links or devices",
            1,
            Integer::sum);
      } else if (ImageFormats.isImageName(name.toString())) {
        images.add(new Image(file, name));
      } else {
        String end = ImageFormats.extension(file.getFileName().toString());
        leftOut.merge(end.isEmpty() ? "without extension" : "." + end, 1, Integer::sum);
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failure) {
      unreadable.add(file);
      return FileVisitResult.CONTINUE;
    }
  }
}
