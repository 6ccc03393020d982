package io.github.deepxray.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deepxray.classify.Artifact;
import io.github.deepxray.classify.ArtifactReport;
import io.github.deepxray.classify.Bundle;
import io.github.deepxray.core.engine.Engines;
import io.github.deepxray.core.image.Fit;
import io.github.deepxray.core.image.ImageCodec;
import io.github.deepxray.core.image.RgbImage;
import io.github.deepxray.core.internal.io.AtomicFiles;
import io.github.deepxray.core.network.Model;
import io.github.deepxray.core.weights.Weights;
import io.github.deepxray.datasets.PreparedDataset;
import io.github.deepxray.datasets.Slice;
import io.github.deepxray.datasets.Split;
import io.github.deepxray.datasets.XrayReader;
import io.github.deepxray.datasets.phantom.Phantom;
import io.github.deepxray.datasets.phantom.PhantomArchive;
import io.github.deepxray.datasets.phantom.PhantomOptions;
import io.github.deepxray.optimize.internal.Passes;
import io.github.deepxray.testkit.Fixtures;
import io.github.deepxray.tflite.internal.TfLiteWriter;
import io.github.deepxray.train.TrainedModel;
import io.github.deepxray.train.internal.UntrainedBackbone;
import io.github.deepxray.train.stage.Context;
import io.jhdf.HdfFile;
import io.jhdf.WritableHdfFile;
import io.jhdf.api.WritableGroup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Array;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Some phantoms, an untrained backbone in a Keras file, and a run on them, shared by all tests.
 * Each is made when it is first asked for.
 */
final class SmallRun {
  // Tests run in several processes, each with a run of its own, which goes with it.
  private static final Path HOME =
      Path.of("target", "small-run", String.valueOf(ProcessHandle.current().pid()))
          .toAbsolutePath();

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(SmallRun::remove));
  }

  /** The side of the images in pixels. */
  static final int SIZE = Fixtures.SMALL_EFFICIENT_NET.resolution();

  /** The network's name. */
  static final String BACKBONE = Fixtures.SMALL_EFFICIENT_NET.name();

  // Fewer leave channels that hardly vary, which 8-bit weights then tear apart.
  private static final int CALIBRATION_IMAGES = 5;
  private static final List<Slice> SLICES = List.of(Slice.NORMAL, Slice.BACTERIAL, Slice.VIRAL);

  private SmallRun() {}

  private static void remove() {
    try {
      AtomicFiles.deleteRecursively(HOME);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An archive of 84 images. */
  static Path archive() {
    return Made.ARCHIVE;
  }

  /** The arguments of a run. */
  static Object[] arguments(Path out) {
    return new Object[] {
      "run",
      "--data",
      Made.ARCHIVE,
      "--weights",
      Made.WEIGHTS,
      "--out",
      out,
      "--head",
      "logistic",
      "--views",
      1,
      "--epochs",
      40,
      "--checkpoint-every",
      10,
      "--validation-fraction",
      0.25,
      "--records-per-shard",
      16,
      "--backbone",
      BACKBONE,
      "--seed",
      5
    };
  }

  static Path weights() {
    return Made.WEIGHTS;
  }

  /** The folder of a finished run. */
  static Path out() {
    return Run.OUT;
  }

  static Path bundle() {
    return Run.OUT.resolve("bundle");
  }

  /** The trained model with an input guard of random weights. */
  static Model guardedModel() throws IOException {
    return Fixtures.guarded(TrainedModel.load(Run.OUT.resolve("train")).model(), 6);
  }

  /**
   * Writes a copy of the bundle whose form float32 has an input guard.
   *
   * @param limit the unfamiliarity above which an image is unfamiliar
   */
  static Path writeGuarded(Path folder, double limit) throws IOException {
    try (Stream<Path> files = Files.list(bundle())) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.createDirectories(folder);
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    TfLiteWriter.write(
        Passes.forInference().apply(guardedModel()), folder.resolve(Bundle.TFLITE_FLOAT32));
    ArtifactReport own = new Bundle(folder).report(Artifact.FLOAT32);
    ArtifactReport.write(
        folder.resolve(ArtifactReport.FILE),
        Fit.STRETCH,
        List.of(
            new ArtifactReport(
                own.artifact(),
                own.path(),
                own.form(),
                own.threshold(),
                OptionalDouble.of(limit),
                own.size(),
                own.weights(),
                own.limits(),
                own.verdict())));
    Files.writeString(folder.resolve(Bundle.CHECKSUMS), Bundle.checksums(folder));
    return folder;
  }

  /** One of the test images. */
  static Path anImage() throws IOException {
    Path file = HOME.resolve("image.jpeg");
    try (XrayReader reader = PreparedDataset.open(Run.OUT.resolve("data")).read(Split.TEST)) {
      AtomicFiles.write(file, reader.next().orElseThrow().image());
    }
    return file;
  }

  /** A table of dark images of 50 patients of each class, of another site than the run's. */
  static Path site() {
    return Site.TABLE;
  }

  /** The bundle adapted to the site. */
  static Path adapted() {
    return Adapted.BUNDLE;
  }

  private static final class Site {
    private static final int PATIENTS = 100;
    static final Path TABLE = HOME.resolve("site/site.csv");

    static {
      StringBuilder rows = new StringBuilder("path,label,patient\n");
      try {
        for (int i = 0; i < PATIENTS; i++) {
          Slice slice = SLICES.get(i % 2 == 0 ? 0 : 1 + i / 2 % 2);
          RgbImage phantom = Phantom.draw(slice, 77, i, 1, PhantomOptions.DEFAULT.size());
          AtomicFiles.write(
              TABLE.resolveSibling(i + ".png"), ImageCodec.encodePng(darkened(phantom)));
          rows.append("%s.png,%s,p%s\n".formatted(i, i % 2 == 0 ? "NORMAL" : "PNEUMONIA", i));
        }
        AtomicFiles.write(TABLE, rows.toString());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static RgbImage darkened(RgbImage image) {
      float[] values = new float[image.height() * image.width() * 3];
      image.copyTo(values, 0);
      byte[] pixels = new byte[values.length];
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = (byte) (int) (values[i] * 0.9f);
      }
      return RgbImage.of(image.height(), image.width(), pixels);
    }
  }

  private static final class Adapted {
    static final Path BUNDLE = HOME.resolve("adapted");

    static {
      Outcome outcome =
          Outcome.of("adapt", bundle(), "--data", site(), "--out", BUNDLE, "--allow-worse");
      assertThat(outcome.code()).as(outcome.err() + outcome.out()).isZero();
    }
  }

  private static final class Made {
    static final Path ARCHIVE = HOME.resolve("phantoms.zip");
    static final Path WEIGHTS = HOME.resolve("untrained.h5");

    static {
      try {
        AtomicFiles.deleteRecursively(HOME);
        PhantomArchive.writeZip(
            ARCHIVE,
            PhantomOptions.DEFAULT.withTrain(20, 28).withVal(4, 4).withTest(12, 16).withJunk(true));
        writeWeights(WEIGHTS);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static final class Run {
    static final Path OUT = HOME.resolve("out");

    static {
      Outcome outcome = Outcome.of(arguments(OUT));
      assertThat(outcome.code()).as(outcome.err() + outcome.out()).isZero();
    }
  }

  private static void writeWeights(Path file) {
    Weights weights =
        UntrainedBackbone.calibrated(
                Fixtures.SMALL_EFFICIENT_NET,
                SIZE,
                LongStream.range(0, CALIBRATION_IMAGES)
                    .mapToObj(i -> Phantom.draw(SLICES.get((int) i % SLICES.size()), 1, i, 1, SIZE))
                    .toList(),
                0,
                Context.of(Engines.named(Engines.DEFAULT), HOME.resolve("cache")))
            .model()
            .weights();
    Map<String, WritableGroup> groups = new HashMap<>();
    try (WritableHdfFile hdf = HdfFile.write(file)) {
      for (String name : weights.names()) {
        String[] parts = name.split("/", -1);
        groups
            .computeIfAbsent(parts[0], hdf::putGroup)
            .putDataset(parts[1] + ":0", nested(weights.floats(name), weights.get(name).shape()));
      }
    }
  }

  /** A flat array as an array of arrays. */
  private static Object nested(float[] flat, List<Integer> shape) {
    int[] sizes = shape.stream().mapToInt(Integer::intValue).toArray();
    Object array = Array.newInstance(float.class, sizes);
    fill(array, flat, 0);
    return array;
  }

  private static int fill(Object array, float[] flat, int from) {
    int next = from;
    for (int i = 0; i < Array.getLength(array); i++) {
      if (array instanceof float[] row) {
        row[i] = flat[next++];
      } else {
        next = fill(Array.get(array, i), flat, next);
      }
    }
    return next;
  }
}
