package io.github.deepxray.datasets.phantom;

import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.internal.io.ReproducibleZip;
import io.github.deepxray.datasets.Slice;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.zip.ZipOutputStream;

/**
 * Writes phantoms with the layout and file names of the Kaggle archive, several images of some
 * patients, and a README that says that they are drawings and not medical data.
 */
public final class PhantomArchive {
  private static final int QUALITY = 95;
  private static final int BATCH = 64;

  private static final String README =
      """
      These pictures are drawings made by arithmetic (deepxray phantoms).
      They show no patient. They are not medical data and nothing about disease can be learnt
      from them. They only serve to try a program whose real input has this layout.
      """;

  private static final String README_FILE = "chest_xray/README.txt";

  private PhantomArchive() {}

  private record File(String path, Slice slice, long patient, int number) {}

  @FunctionalInterface
  private interface Target {
    void write(String path, byte[] bytes) throws IOException;
  }

  /**
   * Writes a folder with {@code chest_xray/train/NORMAL/…} and so on, and replaces earlier
   * phantoms.
   *
   * @throws io.github.deepxray.core.DeepXrayException if the folder has other content
   * @throws IOException if the folder cannot be written
   */
  public static void writeFolder(Path folder, PhantomOptions options) throws IOException {
    AtomicFiles.requireOwn(folder, README_FILE);
    AtomicFiles.writeFolder(
        folder,
        partial ->
            write(
                options,
                (path, bytes) -> {
                  Path file = partial.resolve(path);
                  Files.createDirectories(file.getParent());
                  Files.write(file, bytes);
                }));
  }

  /**
   * Writes a zip archive of the same files, and replaces an existing one.
   *
   * @throws IOException if the archive cannot be written
   */
  public static void writeZip(Path file, PhantomOptions options) throws IOException {
    AtomicFiles.write(
        file,
        out -> {
          ZipOutputStream zip = new ZipOutputStream(out);
          write(options, (path, bytes) -> ReproducibleZip.deflate(zip, path, bytes));
          zip.finish();
        });
  }

  private static void write(PhantomOptions options, Target target) throws IOException {
    target.write(README_FILE, README.getBytes(StandardCharsets.UTF_8));
    List<File> files = files(options);
    for (int from = 0; from < files.size(); from += BATCH) {
      // Drawn by all processors in batches, and written in order.
      List<File> batch = files.subList(from, Math.min(files.size(), from + BATCH));
      List<byte[]> jpegs = batch.parallelStream().map(file -> draw(file, options)).toList();
      for (int i = 0; i < batch.size(); i++) {
        String path = batch.get(i).path();
        target.write("chest_xray/" + path, jpegs.get(i));
        if (options.junk() && path.startsWith("val/")) {
          target.write("chest_xray/chest_xray/" + path, jpegs.get(i));
        }
      }
    }
    if (options.junk()) {
      target.write("chest_xray/.DS_Store", new byte[64]);
      target.write("chest_xray/__MACOSX/._chest_xray", new byte[24]);
      target.write("chest_xray/train/NORMAL/._IM-0001-0001.jpeg", new byte[24]);
    }
  }

  private static byte[] draw(File file, PhantomOptions options) {
    return ImageCodec.encodeJpeg(
        Phantom.draw(file.slice(), options.seed(), file.patient(), file.number(), options.size()),
        QUALITY);
  }

  private static List<File> files(PhantomOptions options) {
    List<File> files = new ArrayList<>();
    Numbers numbers = new Numbers(options);
    numbers.add("train", options.train(), files);
    numbers.add("val", options.val(), files);
    numbers.add("test", options.test(), files);
    return files;
  }

  /** Counters that continue across the splits, so that patient names are unique. */
  private static final class Numbers {
    private final PhantomOptions options;
    private int patient;
    private int image;

    Numbers(PhantomOptions options) {
      this.options = options;
    }

    void add(String split, PhantomOptions.Counts counts, List<File> files) {
      for (int done = 0; done < counts.normal(); ) {
        String series = ++patient % 2 == 0 ? "IM" : "NORMAL2-IM";
        int pictures = Math.min(pictures(options, patient), counts.normal() - done);
        for (int i = 1; i <= pictures; i++) {
          String name = String.format(Locale.ROOT, "%s-%04d-%04d.jpeg", series, patient, i);
          files.add(new File(split + "/NORMAL/" + name, Slice.NORMAL, patient, i));
        }
        done += pictures;
      }
      for (int done = 0; done < counts.pneumonia(); ) {
        Slice slice = ++patient % 3 == 0 ? Slice.VIRAL : Slice.BACTERIAL;
        String kind = slice == Slice.VIRAL ? "virus" : "bacteria";
        int pictures = Math.min(pictures(options, patient), counts.pneumonia() - done);
        for (int i = 1; i <= pictures; i++) {
          String name = "person" + patient + "_" + kind + "_" + ++image + ".jpeg";
          files.add(new File(split + "/PNEUMONIA/" + name, slice, patient, i));
        }
        done += pictures;
      }
    }
  }

  /** Number of images of a patient, 1 to 3, mostly 1. */
  private static int pictures(PhantomOptions options, int patient) {
    SplitMix64 dice = new SplitMix64(options.seed(), patient, -1);
    return dice.happens(0.6) ? 1 : 2 + dice.below(2);
  }
}
